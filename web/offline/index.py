"""A search without a server: the words of all practices as one script, and a page that ranks them in the browser.

A file that is opened from a disk may load no data but scripts, so the index is one. Words are folded (no accents, no
capitals) and weighted by where they stand; the script in ``static/offline.js`` scores them as BM25 does.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from flask import render_template, url_for

from kb import ages, markup
from kb.analysis import tokens
from kb.backends import Backend
from kb.content.model import Organisation, Practice
from kb.labels import Labels
from kb.types import FACETS
from web.words import FACET_NAMES

PAGE = "search.html"
DATA = "static/offline-index.js"
SCRIPT = "offline.js"

#: How much a word counts by where it stands; the text itself counts 1.
_TITLE, _QUESTION, _SUMMARY, _LABEL = 4, 2, 2, 2


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


def search_page() -> str:
    """The page, within a request for the search."""
    script = url_for("static", filename=SCRIPT)
    return render_template("offline_search.html", script=script, data=f"/{DATA}")


def data_script(backend: Backend, ids: Iterable[str]) -> str:
    """``kbIndex = {documents, names, labels, words}``; ``words`` maps each to [document, count, document, ...]."""
    labels = Labels(backend.taxonomy(), backend.organisations())
    taxonomy = backend.taxonomy()
    documents = []
    organisations = backend.organisations()
    used: dict[str, dict[str, str]] = {facet: {} for facet in FACETS}
    words: dict[str, list[int]] = {}
    for number, practice in enumerate(map(backend.practice, ids)):
        tags = {}
        for facet, own in values(practice, organisations).items():
            above = (concept for value in own for concept in taxonomy.broader(facet, value))
            tags[facet] = list(dict.fromkeys((*own, *above)))
            used[facet] |= {value: labels.label(facet, value) for value in tags[facet]}
        counts = _counts(practice, [labels.label(facet, value) for facet, found in tags.items() for value in found])
        for word, count in sorted(counts.items()):
            words.setdefault(word, []).extend((number, count))
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
    facets = {facet: _in_order(facet, found, labels) for facet, found in used.items()}
    names = {facet: str(FACET_NAMES[facet]) for facet in FACETS}
    value = {"documents": documents, "names": names, "labels": facets, "words": dict(sorted(words.items()))}
    return f"var kbIndex = {json.dumps(value, ensure_ascii=False, separators=(',', ':'))};\n"


def _in_order(facet: str, names: Mapping[str, str], labels: Labels) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda one: (labels.position(facet, one[0]), one[1].casefold())))


def _counts(practice: Practice, labels: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for weight, texts in (
        (_TITLE, [practice.title]),
        (_QUESTION, practice.questions),
        (_SUMMARY, [practice.summary]),
        (_LABEL, labels),
        (1, [section.text for section in markup.sections(practice.body)]),
    ):
        for text in texts:
            for token in tokens(text, "und"):
                counts[token.term] += weight
    return counts
