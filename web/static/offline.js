// The search of the exported site: kbIndex (words by document, weighted) ranked as BM25 does, filtered by tags.
// A classic script, as browsers load no modules and no data from a disk. Works in Node too, for the tests.
"use strict";

const K1 = 1.2;
const B = 0.75;
const FILLER = new Set(
  ("a about an and are as at be been but by can do does for from had has have how i if in into is it its me my no not " +
    "of on or our should so some than that the their them there they this to us was we were what when where which who " +
    "why will with would you your").split(" "),
);

function words(text) {
  const folded = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").replace(/['’]/g, "");
  return folded.match(/[\p{L}\p{N}]+/gu) ?? [];
}

// How near a word of the index is to one that was asked: the same, an ending more, or another ending of one stem.
function nearness(asked, found) {
  if (asked === found) return 1;
  if (asked.length >= 3 && found.startsWith(asked)) return found.length - asked.length <= 3 ? 0.8 : 0.4;
  const stem = asked.slice(0, Math.max(4, asked.length - 3));
  return asked.length >= 5 && found.startsWith(stem) && Math.abs(found.length - asked.length) <= 3 ? 0.6 : 0;
}

function rank(index, text) {
  const { documents, words: known } = index;
  const mean = documents.reduce((sum, one) => sum + one.length, 0) / (documents.length || 1);
  const all = [...new Set(words(text))];
  const content = all.filter((word) => !FILLER.has(word));
  const scores = new Map();
  for (const word of content.length ? content : all) {
    const best = new Map();
    for (const [found, pairs] of Object.entries(known)) {
      const near = nearness(word, found);
      for (let i = 0; near && i < pairs.length; i += 2) {
        best.set(pairs[i], (best.get(pairs[i]) ?? 0) + near * pairs[i + 1]);
      }
    }
    const rarity = Math.log(1 + (documents.length - best.size + 0.5) / (best.size + 0.5));
    for (const [number, count] of best) {
      const length = K1 * (1 - B + (B * documents[number].length) / mean);
      scores.set(number, (scores.get(number) ?? 0) + (rarity * count * (K1 + 1)) / (count + length));
    }
  }
  return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([number]) => documents[number]);
}

// What fits the words, best first, and has one of the chosen values in each facet.
function find(index, text, chosen) {
  const ranked = words(text).length ? rank(index, text) : index.documents;
  return ranked.filter((one) =>
    Object.entries(chosen).every(([facet, values]) => values.some((value) => one.tags[facet].includes(value))),
  );
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function show(index) {
  const asked = new URLSearchParams(location.search);
  const text = asked.get("q") ?? "";
  const chosen = {};
  for (const facet of Object.keys(index.labels)) {
    const values = asked.getAll(facet).filter((value) => value);
    if (values.length) chosen[facet] = values;
  }
  const found = find(index, text, chosen);
  const at = (id) => document.getElementById(id);
  at("q").value = text;
  at("offline_title").textContent =
    `${found.length} ${found.length === 1 ? "practice" : "practices"}` + (text ? ` for “${text}”` : "");
  at("offline_results").replaceChildren(
    ...found.slice(0, 50).map((one) =>
      element(
        "li",
        { lang: one.language },
        element("h2", { className: "hit-title" }, element("a", { href: `practices/${one.id}.html`, textContent: one.title })),
        element("p", { textContent: one.summary }),
      ),
    ),
  );
  if (found.length > 50) at("offline_note").textContent = "The first 50 are shown; ask more closely, or choose a filter.";
  at("offline_details").open = Object.keys(chosen).length > 0;
  at("offline_filters").replaceChildren(
    ...Object.entries(index.labels).map(([facet, labels]) => {
      const select = element("select", { name: facet, id: `offline_${facet}` }, element("option", { value: "" }, "Any"));
      for (const [value, label] of Object.entries(labels)) {
        select.append(element("option", { value, selected: chosen[facet]?.includes(value) ?? false }, label));
      }
      select.multiple = (chosen[facet]?.length ?? 0) > 1;
      select.setAttribute("form", "search-form");
      select.addEventListener("change", () => at("search-form").requestSubmit());
      return element("li", {}, element("label", { htmlFor: select.id }, index.names[facet]), element("br"), select);
    }),
  );
}

if (typeof document === "undefined") module.exports = { find };
else show(kbIndex);
