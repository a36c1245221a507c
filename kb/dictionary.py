"""English words of the base for words of other languages, by what they mean: a dictionary that no one wrote.

An encoder of many languages reads single words too. What lies nearest to a word of another language, among the words
that the documents have, says much the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb.types import Floats

#: How many English words may stand for one, how near they must be (cosine), and how much less near than the nearest.
MOST, NEAR, BEHIND = 3, 0.5, 0.08
#: Words of fewer letters hardly mean anything by themselves.
SHORTEST = 3
#: The words of the base that are taken, those in most documents first.
LARGEST = 60_000


@dataclass(frozen=True)
class Dictionary:
    """``words``: folded English words of the base. ``vectors``: float32, shape (words, dimension), of unit length."""

    words: Sequence[str]
    vectors: Floats
    encode: Callable[[Sequence[str]], Floats]

    def translations(self, word: str) -> tuple[tuple[str, float], ...]:
        """English words and their cosines, the nearest first; maybe none."""
        if not len(self.words):
            return ()
        similarities = self.vectors @ self.encode([word])[0]
        best = np.argsort(-similarities, kind="stable")[:MOST]
        edge = max(NEAR, float(similarities[best[0]]) - BEHIND)
        return tuple((self.words[place], float(similarities[place])) for place in best if similarities[place] >= edge)


def make_dictionary(documents: Mapping[str, int], encode: Callable[[Sequence[str]], Floats]) -> Dictionary:
    """From the words of the base, with the number of documents that hold each; ``encode`` reads any language."""
    words = [word for word in documents if len(word) >= SHORTEST and word.isalpha()]
    words = sorted(words, key=lambda word: (-documents[word], word))[:LARGEST]
    vectors = encode(words) if words else np.empty((0, 0), dtype=np.float32)
    return Dictionary(words, vectors, encode)
