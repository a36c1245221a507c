"""What a misspelt word was meant to be, from the words of the base itself.

Distance is that of optimal string alignment: letters added, left out, changed, or two neighbours swapped (Damerau
1964, "A technique for computer detection and correction of spelling errors"). The only module that names rapidfuzz.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

#: Shorter words have too many neighbours for a guess.
SHORTEST = 4
#: Up to this many letters one slip is forgiven, two in longer words.
ONE_SLIP = 5


@dataclass(frozen=True)
class Vocabulary:
    """The words of the base as they are written, folded, with the number of documents that hold each. Read-only."""

    documents: Mapping[str, int]

    @cached_property
    def _by_length(self) -> Mapping[int, tuple[str, ...]]:
        found: dict[int, list[str]] = {}
        for word in sorted(self.documents):
            if word.isalpha():
                found.setdefault(len(word), []).append(word)
        return {length: tuple(words) for length, words in found.items()}

    def __contains__(self, word: object) -> bool:
        return word in self.documents

    def count(self, word: str) -> int:
        """How many documents hold the word."""
        return self.documents.get(word, 0)

    def nearest(self, word: str, *, slips: int, documents: int = 1, same_start: bool = False) -> str | None:
        """The word that needs the fewest changes to become ``word``, at most ``slips``.

        Among equals: the same first letter, then the one in more documents, then the alphabet. With two letters wrong
        the first must be right, else it is any word. ``documents``: only words that so many documents hold;
        ``same_start``: only those with the same first letter.
        """
        near = [
            (distance, found[0] != word[0], -self.documents[found], found)
            for length in range(len(word) - slips, len(word) + slips + 1)
            for found, distance, _ in process.extract(
                word, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=slips, limit=None
            )
        ]
        fit = [
            option for option in near if -option[2] >= documents and not (option[1] and (same_start or option[0] > 1))
        ]
        return min(fit)[-1] if fit else None


def correction(word: str, vocabulary: Vocabulary) -> str | None:
    """The word that was probably meant by one that the base does not hold; None where nothing is near enough.

    A word that stands in a single document may be a name or a slip itself: it must be long, and nearer than two slips.
    """
    if len(word) < SHORTEST or not word.isalpha():
        return None
    if (near := vocabulary.nearest(word, slips=1, documents=2)) or len(word) <= ONE_SLIP:
        return near
    return vocabulary.nearest(word, slips=1) or vocabulary.nearest(word, slips=2, documents=2)
