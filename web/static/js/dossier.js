// The dossier: practices that somebody collects. It is kept in this browser and nowhere else, and it is shared as an
// address that names them; the server only ever shows what an address says.

const KEY = "dossier";
const MOST = 50;

export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string").slice(0, MOST) : [];
  } catch {
    return []; // storage is forbidden, or holds what is not ours
  }
}

function write(ids) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...new Set(ids)].slice(0, MOST)));
  } catch {
    // Nothing can be kept here: addresses still work.
  }
  show();
}

const change = (id, wanted) => write(wanted ? [...read(), id] : read().filter((kept) => kept !== id));

function address(page, ids) {
  const url = new URL(page, location.href);
  url.search = new URLSearchParams(ids.map((id) => ["id", id]));
  return url;
}

// In the words of the page.
const collected = (number) => document.querySelector("a[data-said]").dataset.said.replace("{}", number);

// Everything on the page that tells what is collected.
function show() {
  const ids = read();
  for (const box of document.querySelectorAll("input[data-pick]")) box.checked = ids.includes(box.value);
  for (const link of document.querySelectorAll("a[data-dossier]")) {
    link.href = ids.length ? address(link.dataset.dossier, ids) : link.dataset.dossier;
    link.querySelector("[data-count]").textContent = ids.length ? ` (${ids.length})` : "";
  }
  for (const bar of document.querySelectorAll("form.picks")) {
    bar.classList.toggle("is-full", ids.length > 0);
    bar.querySelector(".picks-count").textContent = ids.length ? collected(ids.length) : "";
  }
}

function page(element) {
  const shown = element.dataset.ids.split(" ").filter(Boolean);
  const kept = read();
  if (!shown.length && kept.length) return location.replace(address(element.dataset.dossierPage, kept));
  const keep = document.getElementById("dossier_keep");
  if (keep && shown.join(" ") !== kept.join(" ")) {
    keep.hidden = false;
    keep.addEventListener("click", () => { write(shown); keep.hidden = true; document.getElementById("page_status").textContent = keep.dataset.done; });
  }
  element.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-unpick]");
    if (link) change(link.dataset.unpick, false);
  });
}

// More than `most` cannot be compared: the others cannot be ticked then.
function limit(form) {
  const boxes = [...form.elements].filter((field) => field.type === "checkbox");
  const apply = () => {
    const full = boxes.filter((box) => box.checked).length >= Number(form.dataset.most);
    for (const box of boxes) box.disabled = full && !box.checked;
  };
  for (const box of boxes) box.addEventListener("change", apply);
  apply();
}

export function dossier() {
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[data-pick]")) return;
    change(event.target.value, event.target.checked);
    document.getElementById("page_status").textContent = collected(read().length);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.picks")) return;
    event.preventDefault(); // what was collected on other pages belongs to it too
    const ids = read();
    const { action, dataset } = event.target;
    // A button without a place of its own gives the address of the page as its formAction.
    const wanted = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : action;
    const tooMany = wanted !== action && ids.length > Number(dataset.most);
    const to = address(tooMany ? action : wanted, ids);
    if (tooMany) to.hash = "compare_most"; // which says so
    location.assign(to);
  });
  addEventListener("storage", (event) => { if (event.key === KEY) show(); });
  addEventListener("pageshow", show);
  document.addEventListener("results", show);
  document.querySelectorAll("form[data-most]:not(.picks)").forEach(limit);
  document.querySelectorAll("[data-dossier-page]").forEach(page);
  show();
}
