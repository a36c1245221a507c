// Results as one types, and filters that apply at once. The server renders the same part of the page as it does on a
// submit; here it is only put in place. The address is always one that gives the same page by itself.

const PAUSE = 250;
const SAID_AFTER = 800;
const PAUSED_AFTER = 2000;

export function liveSearch(page) {
  const form = document.getElementById("search-form");
  const input = form.elements.q;
  const status = document.getElementById("search_status");
  let asking = new AbortController();
  let timer = 0;
  let saying = 0;
  let ending = 0;
  // While somebody types on, the address changes in place: one step back leaves the whole word. Who looks at the results
  // for a while has asked a question, to which the way back must lead.
  let typing = false;

  const results = () => document.getElementById("results");
  const isSearch = (url) => url.origin === location.origin && url.pathname === new URL(form.action).pathname;

  function asked() {
    const url = new URL(form.action);
    url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    return url;
  }

  // `remember` is "push", "replace", "typed" or null; `insist`: leave for the page itself where the part cannot be had.
  async function show(url, { remember, insist = true, focus = null }) {
    clearTimeout(timer);
    clearTimeout(ending);
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const part = new URL(url);
    part.searchParams.set("part", "results");
    results().setAttribute("aria-busy", "true");
    let html;
    try {
      const response = await fetch(part, { signal });
      if (!response.ok) throw new Error(response.statusText);
      html = await response.text();
    } catch {
      if (signal.aborted) return;
      results().removeAttribute("aria-busy");
      if (insist) location.assign(url);
      return;
    }
    if (signal.aborted) return;
    place(html, focus);
    const { url: canonical, title } = results().dataset;
    document.title = title;
    if (remember && canonical !== location.pathname + location.search) step(remember, canonical);
    ending = setTimeout(() => { typing = false; }, PAUSED_AFTER);
    announce();
  }

  // The first address of a run of typing is a step of its own, once it has come: one that was overtaken left none.
  function step(remember, url) {
    const inPlace = remember === "replace" || (remember === "typed" && typing);
    history[inPlace ? "replaceState" : "pushState"](null, "", url);
    if (remember === "typed") typing = true;
  }

  function place(html, focus) {
    const old = results();
    const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("results");
    const focused = old.contains(document.activeElement) ? document.activeElement.id : null;
    for (const details of old.querySelectorAll("details[id]")) {
      const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
      if (same) same.open = details.open;
    }
    old.replaceWith(document.adoptNode(fresh));
    const target = focus ?? focused;
    if (target !== null) take(document.getElementById(target) ?? document.getElementById("results_title"));
    document.dispatchEvent(new CustomEvent("results"));
  }

  function take(element) {
    element.focus({ preventScroll: true });
    const { top, bottom } = element.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) element.scrollIntoView({ block: "start" });
  }

  function announce() {
    clearTimeout(saying);
    saying = setTimeout(() => {
      if (status.textContent !== results().dataset.status) status.textContent = results().dataset.status;
    }, SAID_AFTER);
  }

  function settled(url, focus) {
    typing = false;
    return show(url, { remember: "push", focus });
  }

  input.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    clearTimeout(ending);
    timer = setTimeout(() => show(asked(), { remember: "typed", insist: false }), PAUSE);
  });
  input.addEventListener("blur", () => { typing = false; });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const remember = typing ? "replace" : "push";
    typing = false;
    // On a phone the keyboard covers the results while the field has the focus.
    show(asked(), { remember, focus: matchMedia("(pointer: coarse)").matches ? "results_title" : null });
  });

  page.addEventListener("change", (event) => {
    if (event.target.form === form && event.target !== input) settled(asked(), null);
  });

  page.addEventListener("click", (event) => {
    const link = event.target.closest("#results a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href);
    if (!isSearch(url)) return;
    event.preventDefault();
    if (url.searchParams.has("q") || link.dataset.keepsText !== undefined) input.value = url.searchParams.get("q") ?? "";
    settled(url, link.id || "results_title");
  });

  addEventListener("popstate", () => {
    typing = false;
    input.value = new URLSearchParams(location.search).get("q") ?? "";
    show(new URL(location.href), { remember: null });
  });
}
