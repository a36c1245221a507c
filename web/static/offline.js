// The search of the exported site: kbIndex (words by document, weighted) and kbLanguage (what the language of the page
// adds) ranked as BM25 does, filtered by tags.
// Classic scripts, as browsers load no modules and no data from a disk. Works in Node too, for the tests.
"use strict";

const K1 = 1.2;
const B = 0.75;

function words(text) {
  const folded = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").replace(/['’]/g, "");
  return folded.match(/[\p{L}\p{N}]+/gu) ?? [];
}

// The index with the words of one language among its own.
function joined(index, language) {
  const known = Object.assign(Object.create(null), index.words);
  const lengths = index.documents.map((one) => one.length);
  for (const [word, pairs] of Object.entries(language.words)) {
    known[word] = [...(known[word] ?? []), ...pairs];
    for (let i = 0; i < pairs.length; i += 2) lengths[pairs[i]] += pairs[i + 1];
  }
  return { documents: index.documents, lengths, known, language };
}

// What is asked, filler left out. Other languages than English part words at an apostrophe: l’école.
function asked(text, language) {
  const all = [...new Set([...words(text), ...(language.code === "en" ? [] : words(text.replace(/['’]/g, " ")))])];
  const filler = new Set(language.filler);
  const content = all.filter((word) => !filler.has(word));
  return content.length ? content : all;
}

// How near a word of the index is to one that was asked: the same, an ending more, or another ending of one stem.
function nearness(asked, found) {
  if (asked === found) return 1;
  if (asked.length >= 3 && found.startsWith(asked)) return found.length - asked.length <= 3 ? 0.8 : 0.4;
  const stem = asked.slice(0, Math.max(4, asked.length - 3));
  return asked.length >= 5 && found.startsWith(stem) && Math.abs(found.length - asked.length) <= 3 ? 0.6 : 0;
}

function rank(index, text) {
  const { documents, lengths, known, language } = index;
  const mean = lengths.reduce((sum, one) => sum + one, 0) / (documents.length || 1);
  const scores = new Map();
  for (const word of asked(text, language)) {
    const best = new Map();
    for (const [found, pairs] of Object.entries(known)) {
      const near = nearness(word, found);
      for (let i = 0; near && i < pairs.length; i += 2) {
        best.set(pairs[i], (best.get(pairs[i]) ?? 0) + near * pairs[i + 1]);
      }
    }
    const rarity = Math.log(1 + (documents.length - best.size + 0.5) / (best.size + 0.5));
    for (const [number, count] of best) {
      const length = K1 * (1 - B + (B * lengths[number]) / mean);
      scores.set(number, (scores.get(number) ?? 0) + (rarity * count * (K1 + 1)) / (count + length));
    }
  }
  return [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([number]) => documents[number]);
}

// What of a joined index fits the words, best first, and has one of the chosen values in each facet.
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

// A practice as the lists of the site show it: the title as it is, what was translated in the language of the page.
function hit(one, number, { code, translations }) {
  const [title, summary] = translations[number] ?? [];
  return element(
    "li",
    {},
    element(
      "h2",
      { className: "hit-title" },
      element("a", { href: `practices/${one.id}.html`, lang: one.language, textContent: one.title }),
    ),
    ...(title ? [element("p", { className: "translated-title", lang: code, textContent: title })] : []),
    element("p", { className: "hit-summary", lang: summary ? code : one.language, textContent: summary ?? one.summary }),
  );
}

function counted(count, { code, phrases }) {
  const number = new Intl.NumberFormat(code === "en" ? "en-GB" : code).format(count);
  const form = phrases.counted[new Intl.PluralRules(code).select(count)] ?? Object.values(phrases.counted).at(-1);
  return form.replace("{number}", () => number);
}

function show(index) {
  const { language } = index;
  const given = new URLSearchParams(location.search);
  const text = given.get("q") ?? "";
  const chosen = {};
  for (const facet of Object.keys(language.labels)) {
    const values = given.getAll(facet).filter((value) => value);
    if (values.length) chosen[facet] = values;
  }
  const found = find(index, text, chosen);
  const at = (id) => document.getElementById(id);
  at("q").value = text;
  const [before, after] = language.phrases.asked.split("{question}");
  at("offline_title").replaceChildren(
    counted(found.length, language),
    ...(text ? [` ${before}`, element("q", { dir: "auto", textContent: text }), after] : []),
  );
  at("offline_results").replaceChildren(
    ...found.slice(0, 50).map((one) => hit(one, index.documents.indexOf(one), language)),
  );
  if (found.length > 50) at("offline_note").textContent = language.phrases.first;
  at("offline_details").open = Object.keys(chosen).length > 0;
  at("offline_filters").replaceChildren(
    ...Object.entries(language.labels).map(([facet, labels]) => {
      const any = element("option", { value: "" }, language.phrases.any);
      const select = element("select", { name: facet, id: `offline_${facet}` }, any);
      for (const [value, label] of Object.entries(labels)) {
        select.append(element("option", { value, selected: chosen[facet]?.includes(value) ?? false }, label));
      }
      select.multiple = (chosen[facet]?.length ?? 0) > 1;
      select.setAttribute("form", "search-form");
      select.addEventListener("change", () => at("search-form").requestSubmit());
      return element("li", {}, element("label", { htmlFor: select.id }, language.names[facet]), element("br"), select);
    }),
  );
  // The same question in another language.
  for (const link of document.querySelectorAll(".footer-languages a")) link.search = location.search;
}

if (typeof document === "undefined") module.exports = { find, joined, counted };
else show(joined(kbIndex, kbLanguage));
