"""A search without a server: the words of all practices as one script, and a page that ranks them in the browser.

A file that is opened from a disk may load no data but scripts, so the index is one, and what each language of the
interface adds is another: the names of the concepts in it, which are searched too, and the words of the page. Words are
folded (no accents, no capitals) and weighted by where they stand; the script in ``static/offline.js`` scores them as
BM25 does.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from flask import render_template, url_for

from kb.backends import Backend
from kb.content.model import Organisation, Practice
from kb.facets import ages
from kb.facets.labels import Labels
from kb.text import markup
from kb.text.analysis import parted, tokens
from kb.text.collation import sort_key
from kb.types import FACETS
from web.languages import DEFAULT, gettext, language, plural_forms
from web.offline.filler import FILLER
from web.words import COUNTED, FACET_NAMES

DATA = "static/offline-index.js"
SCRIPT = "offline.js"

#: How much a word counts by where it stands; the text itself counts 1.
_TITLE, _QUESTION, _SUMMARY, _LABEL = 4, 2, 2, 2

#: Texts, and how much a word in them counts.
Weighted = tuple[int, Sequence[str]]


def values(practice: Practice, organisations: Mapping[str, Organisation]) -> Mapping[str, tuple[str, ...]]:
    """What a practice carries in each facet, concepts above it left out."""
    kinds = (organisations[id].kind for id in practice.organisations if id in organisations)
    return {
        "strand": practice.strand,
        "risk": practice.risks,
        "topic": practice.topics,
        "audience": practice.audiences,
        ages.FACET: ages.bands(practice.ages),
        "kind": tuple(kinds),
        "organisation": practice.organisations,
        "country": practice.countries,
        "language": (practice.language,),
        "evidence": (practice.evidence.kind,),
        "stage": (practice.stage,),
    }


def data_of(code: str) -> str:
    """The file of what a language adds."""
    return f"static/offline-{code}.js"


def search_page(total: int) -> str:
    """The page over so many practices, within a request for the search in its language."""
    scripts = (f"/{DATA}", f"/{data_of(language())}", url_for("static", filename=SCRIPT))
    return render_template("offline_search.html", scripts=scripts, total=total)


def data_script(backend: Backend, ids: Iterable[str]) -> str:
    """``kbIndex = {documents, words}``; ``words`` maps each to [document, count, document, ...].

    Names of concepts are in English, titles and summaries in every language that they were translated into.
    """
    names = Labels(backend.taxonomy(), backend.organisations())
    documents = []
    words: dict[str, list[int]] = {}
    for number, practice in enumerate(map(backend.practice, ids)):
        tags = _tags(backend, practice)
        labels = [names.label(facet, value) for facet, found in tags.items() for value in found]
        counts = _counts(_texts(practice, labels))
        _add(words, number, counts)
        documents.append(
            {
                "id": practice.id,
                "title": practice.title,
                "summary": practice.summary,
                "language": practice.language,
                "length": sum(counts.values()),
                "tags": tags,
            }
        )
    return _script("kbIndex", {"documents": documents, "words": dict(sorted(words.items()))})


def language_script(backend: Backend, ids: Iterable[str]) -> str:
    """``kbLanguage = {code, filler, names, labels, phrases, translations, words}`` in the language of the request.

    ``words`` as in :func:`data_script`, of the names of concepts in this language alone.
    """
    code = language()
    taxonomy = backend.taxonomy()
    names = Labels(taxonomy, backend.organisations())
    used: dict[str, dict[str, str]] = {facet: {} for facet in FACETS}
    words: dict[str, list[int]] = {}
    translations = {}
    for number, practice in enumerate(map(backend.practice, ids)):
        called: list[str] = []
        for facet, found in _tags(backend, practice).items():
            used[facet] |= {value: names.label(facet, value, code) for value in found}
            called += [used[facet][value] for value in found if used[facet][value] != names.label(facet, value)]
            concepts = [taxonomy.get(facet, value) for value in found]
            called += [name.text for concept in concepts if concept for name in concept.alternative.get(code, ())]
        if code != DEFAULT:
            _add(words, number, _counts((_LABEL, [parted(name, code)]) for name in called))
        if code in practice.translations:
            translation = practice.translations[code]
            translations[number] = [translation.title, translation.summary]
    value = {
        "code": code,
        "filler": sorted({*FILLER[DEFAULT].split(), *FILLER[code].split()}),
        "names": {facet: str(FACET_NAMES[facet]) for facet in FACETS},
        "labels": {facet: _in_order(facet, found, names) for facet, found in used.items()},
        "phrases": _phrases(),
        "translations": translations,
        "words": dict(sorted(words.items())),
    }
    return _script("kbLanguage", value)


def _phrases() -> dict[str, object]:
    """The words that the script chooses. What it fills in stands between braces."""
    return {
        "any": gettext("Any"),
        "first": gettext("The first 50 are shown; ask more closely, or choose a filter."),
        "counted": plural_forms(*COUNTED[0], number="{number}"),
        "asked": gettext("for %(question)s", question="{question}"),
    }


def _script(name: str, value: object) -> str:
    return f"var {name} = {json.dumps(value, ensure_ascii=False, separators=(',', ':'))};\n"


def _tags(backend: Backend, practice: Practice) -> dict[str, list[str]]:
    """What a practice carries in each facet, with the concepts above."""
    taxonomy = backend.taxonomy()
    found = {}
    for facet, own in values(practice, backend.organisations()).items():
        above = (concept for value in own for concept in taxonomy.broader(facet, value))
        found[facet] = list(dict.fromkeys((*own, *above)))
    return found


def _in_order(facet: str, names: Mapping[str, str], labels: Labels) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda one: (labels.position(facet, one[0]), sort_key(one[1], language()))))


def _texts(practice: Practice, labels: Sequence[str]) -> Iterator[Weighted]:
    yield _TITLE, [practice.title]
    yield _QUESTION, practice.questions
    yield _SUMMARY, [practice.summary]
    yield _LABEL, labels
    yield 1, [section.text for section in markup.sections(practice.body)]
    for code, translation in practice.translations.items():
        yield _TITLE, [parted(translation.title, code)]
        yield _SUMMARY, [parted(translation.summary, code)]


def _counts(texts: Iterable[Weighted]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for weight, several in texts:
        for text in several:
            for token in tokens(text, "und"):
                counts[token.term] += weight
    return counts


def _add(words: dict[str, list[int]], number: int, counts: Counter[str]) -> None:
    for word, count in sorted(counts.items()):
        words.setdefault(word, []).extend((number, count))
