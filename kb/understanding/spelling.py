"""What a misspelt word was meant to be, from the words of the base itself.

Distance is that of optimal string alignment: letters added, left out, changed, or two neighbours swapped (Damerau
1964, "A technique for computer detection and correction of spelling errors"). The only module that names rapidfuzz.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log10

from rapidfuzz import process
from rapidfuzz.distance import OSA

#: Shorter words have too many neighbours for a guess, and are mostly names and abbreviations where they are unknown.
SHORTEST = 5
#: A letter doubled or left single is the commonest slip, and counts less than another letter.
DOUBLING = 0.5
#: How many slips are forgiven in words of at most so many letters: about one letter in five.
FORGIVEN: Mapping[int, float] = {5: 1.0, 7: 1.0 + DOUBLING}
FORGIVEN_IN_LONGER = 2.0
#: In words of at most so many letters the first one is right: it seldom slips, and another makes another word.
FIRST_IS_RIGHT = 7

_DOUBLED = re.compile(r"(.)\1+")


@dataclass(frozen=True)
class Vocabulary:
    """The words of the base as they are written, folded, with the number of documents that hold each. Read-only."""

    documents: Mapping[str, int]

    @cached_property
    def _by_length(self) -> Mapping[int, Mapping[str, tuple[str, ...]]]:
        """By their length, words without doubled letters, and the words of the base that are so without them."""
        found: dict[int, dict[str, tuple[str, ...]]] = {}
        for word in sorted(self.documents):
            if word.isalpha():
                single = _single(word)
                alike = found.setdefault(len(single), {})
                alike[single] = (*alike.get(single, ()), word)
        return found

    def __contains__(self, word: object) -> bool:
        return word in self.documents

    def count(self, word: str) -> int:
        """How many documents hold the word."""
        return self.documents.get(word, 0)

    def nearest(self, word: str, *, slips: float, documents: int = 1, same_start: bool = False) -> str | None:
        """The word that was likeliest meant by ``word``, at most so many slips away.

        A slip more must be paid for with ten times the documents (a noisy channel: Kernighan, Church and Gale 1990, "A
        Spelling Correction Program Based on a Noisy Channel Model"). Among equals: the same first letter, then the
        alphabet. With two letters wrong the first must be right, else it is any word. ``documents``: only words that
        so many documents hold; ``same_start``: only those with the same first letter.
        """
        near = [
            (distance - log10(self.documents[found]), found[0] != word[0], found)
            for found, distance in self._within(word, slips)
            if self.documents[found] >= documents
            and (found[0] == word[0] or (distance <= 1 + DOUBLING and not same_start))
        ]
        return min(near)[-1] if near else None

    def _within(self, word: str, slips: float) -> Iterator[tuple[str, float]]:
        """The words that are at most so many slips away, and how many."""
        single, letters = _single(word), int(slips)
        for length in range(len(single) - letters, len(single) + letters + 1):
            alike = self._by_length.get(length, {})
            for near, distance, _ in process.extract(
                single, list(alike), scorer=OSA.distance, score_cutoff=letters, limit=None
            ):
                for found in alike[near]:
                    whole = distance + DOUBLING * (OSA.distance(word, found) > distance)
                    if 0 < whole <= slips:
                        yield found, whole


def _single(word: str) -> str:
    """A word with no letter doubled."""
    return _DOUBLED.sub(r"\1", word)


def correction(word: str, vocabulary: Vocabulary, *, name: bool = False) -> str | None:
    """The word that was probably meant by one that the base does not hold; None where nothing is near enough.

    A word that stands in a single document may be a name or a slip itself: it must be long, and one letter away. What
    is written as a ``name`` may be one that the base does not have: it must be as long, begin alike, and be one letter
    away, too.
    """
    if len(word) < SHORTEST or not word.isalpha():
        return None
    if name:
        return vocabulary.nearest(word, slips=1, documents=2, same_start=True) if len(word) > min(FORGIVEN) else None
    slips = next((slips for letters, slips in FORGIVEN.items() if len(word) <= letters), FORGIVEN_IN_LONGER)
    likely = vocabulary.nearest(word, slips=slips, documents=2, same_start=len(word) <= FIRST_IS_RIGHT)
    if slips == 1:
        return likely
    return vocabulary.nearest(word, slips=DOUBLING) or likely or vocabulary.nearest(word, slips=1)
