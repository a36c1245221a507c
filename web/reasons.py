"""Why a result is there, in what a reader can check: the words that match, and the concepts that led from others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kb.content.model import Practice
from kb.types import Hit, NamedConcept, Understanding

_CARRIED: Mapping[str, Callable[[Practice], Sequence[str]]] = {
    "strand": lambda practice: practice.strand,
    "risk": lambda practice: practice.risks,
    "topic": lambda practice: practice.topics,
    "audience": lambda practice: practice.audiences,
    "evidence": lambda practice: (practice.evidence.kind,),
    "stage": lambda practice: (practice.stage,),
}


def matched_words(hit: Hit) -> list[str]:
    """The marked words of the passage, each once whatever its capitals, in the order in which they stand."""
    found: dict[str, str] = {}
    for start, end in hit.passage.highlights:
        word = hit.passage.text[start:end]
        found.setdefault(word.casefold(), word)
    return list(found.values())


def bridges(hit: Hit, understood: Understanding) -> list[NamedConcept]:
    """The concepts that a question in another language names and that the practice carries."""
    practice = hit.practice
    if practice is None:
        return []
    return [
        concept
        for concept in understood.concepts
        if concept.facet in _CARRIED and concept.id in _CARRIED[concept.facet](practice)
    ]
