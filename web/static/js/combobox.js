// Suggestions below a search field: the pattern "editable combobox with list autocomplete" of the ARIA Authoring
// Practices Guide, with manual selection. The focus stays in the field; aria-activedescendant says what is chosen.

const PAUSE = 120;

export function combobox(input, number) {
  const list = document.createElement("ul");
  list.id = `suggestions_${number}`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.dataset.suggestLabel);
  input.after(list);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-haspopup": "listbox",
  })) input.setAttribute(name, value);

  let suggestions = [];
  let answered = ""; // what `suggestions` were given for
  let active = -1;
  let reaching = false; // a pointer has moved over the open list
  let timer = 0;
  let asking = new AbortController();

  const isOpen = () => !list.hidden;
  const isCurrent = () => suggestions.length && answered === input.value.trim();

  function close() {
    clearTimeout(timer);
    hide();
  }

  function hide() {
    asking.abort();
    reaching = false;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(-1);
  }

  function open() {
    if (!suggestions.length) return close();
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function activate(index) {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = index;
    const option = list.children[active];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  // One step beyond either end is the field itself.
  const step = (by) => activate(((active + 1 + by + suggestions.length + 1) % (suggestions.length + 1)) - 1);

  function choose(suggestion) {
    close();
    if (suggestion.kind !== "question") return location.assign(suggestion.url);
    input.value = suggestion.label;
    input.form.requestSubmit();
  }

  async function ask() {
    asking.abort();
    asking = new AbortController();
    const typed = input.value.trim();
    if (!typed) return close();
    try {
      const response = await fetch(`${input.dataset.suggest}?${new URLSearchParams({ q: typed })}`, {
        signal: asking.signal,
      });
      if (!response.ok) return close();
      suggestions = (await response.json()).suggestions;
      answered = typed;
    } catch {
      return; // overtaken by what was typed next, or no network: the field still searches
    }
    if (document.activeElement !== input) return;
    list.replaceChildren(...suggestions.map((suggestion, index) => option(suggestion, `${list.id}_${index}`)));
    activate(-1);
    open();
  }

  const keys = {
    ArrowDown: (event) => {
      if (isOpen()) step(event.altKey ? 0 : 1);
      else if (isCurrent()) { open(); if (!event.altKey) activate(0); }
      else ask();
      return true;
    },
    ArrowUp: (event) => {
      if (event.altKey) close();
      else if (isOpen()) step(-1);
      else if (isCurrent()) { open(); activate(suggestions.length - 1); }
      return true;
    },
    Enter: () => {
      if (isOpen() && active >= 0) { choose(suggestions[active]); return true; }
      close();
      return false;
    },
    Escape: () => {
      if (!isOpen()) return false; // the field empties itself
      close();
      return true;
    },
    Tab: () => { close(); return false; },
    Home: () => { activate(-1); return false; },
    End: () => { activate(-1); return false; },
    ArrowLeft: () => { activate(-1); return false; },
    ArrowRight: () => { activate(-1); return false; },
  };

  input.addEventListener("keydown", (event) => {
    if (!event.isComposing && !event.ctrlKey && !event.metaKey && keys[event.key]?.(event)) event.preventDefault();
  });
  input.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("blur", close);
  // Results that come as one types are to be seen, and the list lies over them. Whoever is in the list already stays;
  // typing on and ArrowDown open it again.
  document.addEventListener("results", () => { if (active < 0 && !reaching) hide(); });
  list.addEventListener("pointermove", () => { reaching = isOpen(); });
  input.form.addEventListener("submit", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const index = [...list.children].indexOf(event.target.closest("[role=option]"));
    if (index >= 0) choose(suggestions[index]);
  });
}

function option(suggestion, id) {
  const item = document.createElement("li");
  item.id = id;
  item.className = "suggestion";
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const name = document.createElement("span");
  name.className = "suggestion-name";
  if (suggestion.language) name.lang = suggestion.language;
  name.append(...marked(suggestion.label, suggestion.spans));
  if (suggestion.matched) name.append(` (${suggestion.matched})`);
  const kind = document.createElement("span");
  kind.className = "suggestion-kind";
  kind.textContent = suggestion.kind_name;
  item.append(name, " ", kind);
  return item;
}

// Offsets count code points, as everywhere on the server; strings of JavaScript count UTF-16 units.
function* marked(text, spans) {
  const points = [...text];
  let done = 0;
  for (const [start, end] of spans) {
    yield points.slice(done, start).join("");
    const mark = document.createElement("mark");
    mark.textContent = points.slice(start, end).join("");
    yield mark;
    done = end;
  }
  yield points.slice(done).join("");
}
