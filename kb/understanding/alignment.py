"""Which words translate each other, learned from texts that say the same in two languages: IBM Model 1.

Brown, Della Pietra, Della Pietra and Mercer 1993, "The Mathematics of Statistical Machine Translation": every word of
one side comes from some word of the other side, or from none; expectation maximisation finds how likely each is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

#: Rounds of expectation maximisation. More sharpen what occurs once, which is where chance rules.
ROUNDS = 8
#: Stands for no word at all, so that not every word must come from one.
_NONE = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Terms that say the same in two languages, and how far that is to be trusted (above 0)."""

    foreign: tuple[str, ...]
    english: tuple[str, ...]
    weight: float = 1.0


def align(pairs: Iterable[Pair]) -> Mapping[str, tuple[tuple[str, float], ...]]:
    """For each foreign term the English terms that it may stand for, with their probabilities, likeliest first."""
    foreign, english = {_NONE: 0}, dict[str, int]()
    rows = [
        (place, foreign.setdefault(source, len(foreign)), english.setdefault(target, len(english)), pair.weight)
        for place, (pair, target) in enumerate((pair, target) for pair in pairs for target in pair.english)
        for source in (_NONE, *pair.foreign)
    ]
    if not rows:
        return {}
    # One row for each possible link: (where the English term stands, foreign term, English term, weight).
    places, sources, targets = (np.array([row[column] for row in rows], dtype=np.int64) for column in range(3))
    weights = np.array([row[3] for row in rows])
    links, link_of = np.unique(sources * len(english) + targets, return_inverse=True)
    source_of, target_of = np.divmod(links, len(english))
    probabilities = np.ones(len(links))
    for _ in range(ROUNDS):
        expected = probabilities[link_of]
        expected *= weights / np.bincount(places, expected)[places]
        counts = np.bincount(link_of, expected)
        probabilities = counts / np.bincount(source_of, counts)[source_of]
    found: dict[str, list[tuple[str, float]]] = {}
    names, terms = list(foreign), list(english)
    for source, target, probability in zip(source_of, target_of, probabilities.tolist(), strict=True):
        if source:
            found.setdefault(names[source], []).append((terms[target], probability))
    return {name: tuple(sorted(options, key=lambda option: (-option[1], option[0]))) for name, options in found.items()}
