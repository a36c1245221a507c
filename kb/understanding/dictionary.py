"""Words of the base for words of other languages, by what they mean: a dictionary that no one wrote.

An encoder of many languages reads single words too. What lies nearest to a word of another language, among the words
that the documents have, says much the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kb.types import Floats

Halves = NDArray[np.float16]

#: How many English words may stand for one, how near they must be (cosine), and how much less near than the nearest.
MOST, NEAR, BEHIND = 10, 0.4, 0.25
#: The cosines from which a word begins to be, and surely is, a translation: what it counts rises from 0 to 1 between.
DOUBTFUL, SURE = 0.35, 0.8
#: Words of fewer letters hardly mean anything by themselves.
SHORTEST = 3
#: The words of the base that are taken, those in most documents first.
LARGEST = 60_000
#: Words whose translations are kept at most: people ask for the same ones.
_KEPT = 20_000
#: Rows whose numbers are widened at a time.
_TOGETHER = 4096


@dataclass(frozen=True)
class KnownWords:
    """Vectors that were made before. ``rows``: words, and their rows in ``vectors``, of shape (words, dimension)."""

    rows: Mapping[str, int] = field(default_factory=dict)
    vectors: Halves = field(default_factory=lambda: np.empty((0, 0), dtype=np.float16))


@dataclass(frozen=True)
class Dictionary:
    """``words``: folded English words of the base. ``vectors``: float32, shape (words, dimension), of unit length."""

    words: Sequence[str]
    vectors: Floats
    encode: Callable[[Sequence[str]], Floats]
    _kept: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict, repr=False, compare=False)

    def translations(self, word: str) -> tuple[tuple[str, float], ...]:
        """English words and how sure each is (over 0, at most 1), the surest first; maybe none."""
        if not len(self.words):
            return ()
        found = self._kept.get(word)
        if found is None:
            found = self._nearest(word)
            if len(self._kept) < _KEPT:
                self._kept[word] = found
        return found

    def _nearest(self, word: str) -> tuple[tuple[str, float], ...]:
        similarities = self.vectors @ self.encode([word])[0]
        most = min(MOST, len(self.words))
        least = np.partition(similarities, len(similarities) - most)[len(similarities) - most]
        near = np.flatnonzero(similarities >= least)  # of equals the first, as they are in more documents
        best = near[np.argsort(-similarities[near], kind="stable")][:MOST]
        edge = max(NEAR, float(similarities[best[0]]) - BEHIND)
        return tuple(
            (self.words[place], certainty(float(similarities[place]))) for place in best if similarities[place] >= edge
        )


def certainty(cosine: float) -> float:
    """How sure it is that two words of this cosine translate each other, in 0..1."""
    return min(1.0, max(0.0, (cosine - DOUBTFUL) / (SURE - DOUBTFUL)))


def make_dictionary(
    documents: Mapping[str, int], encode: Callable[[Sequence[str]], Floats], known: KnownWords | None = None
) -> Dictionary:
    """From the words of the base, with the number of documents that hold each; ``encode`` reads any language.

    Only words that are not among the ``known`` are encoded, and all are rounded as these are: which are known changes
    how long it takes and nothing else.
    """
    words = meaningful(documents)
    known = known or KnownWords()
    rows = np.array([known.rows.get(word, -1) for word in words], dtype=np.int64)
    (unknown,) = np.nonzero(rows < 0)
    made = halved(encode([words[place] for place in unknown])) if len(unknown) else known.vectors[:0]
    vectors = np.empty((len(words), made.shape[1]), dtype=np.float32)
    if len(known.vectors):
        for start in range(0, len(words), _TOGETHER):
            vectors[start : start + _TOGETHER] = known.vectors[rows[start : start + _TOGETHER]]
    vectors[unknown] = made
    return Dictionary(words, vectors, encode)


def meaningful(documents: Mapping[str, int]) -> list[str]:
    """The words that a dictionary of the base has, those in most documents first."""
    words = [word for word in documents if may_mean(word)]
    return sorted(words, key=lambda word: (-documents[word], word))[:LARGEST]


def may_mean(word: str) -> bool:
    """Whether a dictionary may have the word."""
    return len(word) >= SHORTEST and word.isalpha()


def halved(vectors: Floats) -> Halves:
    """In two bytes a number, exact to a thousandth, which is all that the nearness of words needs."""
    return vectors.astype(np.float16)
