// Buttons that put something on the clipboard: the text of an element, or the address of this page or of a heading.

const SHOWN = 2500;

export function copying() {
  if (!navigator.clipboard) return; // an old browser, or a page that came over plain HTTP
  document.querySelectorAll("template[data-copy-heading]").forEach(headings);
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(text(button.dataset.copy));
    const said = document.getElementById("page_status");
    said.textContent = button.dataset.done;
    button.classList.add("is-done");
    setTimeout(() => { said.textContent = ""; button.classList.remove("is-done"); }, SHOWN);
  });
}

// "#id" is the address of that place, "=id" the text of that element.
function text(what) {
  if (what.startsWith("=")) return document.getElementById(what.slice(1)).textContent.trim();
  return new URL(what, location.href).href;
}

// A copy button beside each heading that has an address, made from the page's own template, words and all.
function headings(template) {
  for (const heading of document.querySelectorAll(template.dataset.copyHeading)) {
    const button = template.content.firstElementChild.cloneNode(true);
    button.dataset.copy = `#${heading.id}`;
    button.querySelector("[data-words]").append(` ${heading.textContent}`);
    const row = document.createElement("div");
    row.className = "heading-row";
    heading.replaceWith(row);
    row.append(heading, button);
  }
}
