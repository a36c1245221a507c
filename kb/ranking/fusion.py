"""Several scores of a document to one, in 0..1: each normalised, then a weighted mean.

A convex combination (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"). The cosine is
taken as it is, since its values mean the same for every query. A word score grows with the length and the rarity of
the query's words, so it is divided by the query's best one plus a constant: words then say the more, the more there is
for them to say. docs/quality.md tells how the numbers were chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from kb.types import Floats, Mode, Positions

#: The weight of each retriever, by mode. They add up to 1.
WEIGHTS: Mapping[Mode, Mapping[str, float]] = MappingProxyType(
    {
        "hybrid": {"lexical": 0.5, "semantic": 0.5},
        "lexical": {"lexical": 1.0},
        "dense": {"semantic": 1.0},
    }
)

#: The weight of meaning for a question in another language than English over documents in that language, where words
#: meet as they are written, those that are near in meaning count beside them, and the encoder is the weaker one.
IN_ONE_LANGUAGE = 0.2

#: What meaning says of a document in another language than that, where half of the documents are in that: vectors know
#: no languages, and people would rather read their own.
ELSEWHERE = 0.8

#: What is added to the best word score of a query.
DAMPING = 40.0


def leaning(weights: Mapping[str, float], share: float) -> Mapping[str, float]:
    """``weights`` for a question in another language, in which a ``share`` of half of the documents is: all the way to
    IN_ONE_LANGUAGE where that is 1."""
    if len(weights) == 1 or not share:
        return weights
    semantic = weights["semantic"] + (IN_ONE_LANGUAGE - weights["semantic"]) * share
    return {"lexical": 1 - semantic, "semantic": semantic}


def at_home(documents: Positions, number: int, share: float) -> Floats:
    """What meaning counts for each of ``number`` documents: 1 for those in the language of the query, ELSEWHERE for
    others where that is half of them (``share`` of half), in step up to 1 where it is fewer."""
    counts = np.full(number, 1 - share * (1 - ELSEWHERE), dtype=np.float32)
    counts[documents] = 1
    return counts


def damped(scores: Floats) -> Floats:
    """Scores as a share of the best one plus DAMPING."""
    return np.asarray(scores / (scores.max(initial=0.0) + DAMPING), dtype=np.float32)


def as_it_is(scores: Floats) -> Floats:
    return scores


#: How the scores of each retriever are normalised, each from the whole generation.
NORMALISERS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType({"lexical": damped, "semantic": as_it_is})


def combine(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """The weighted sum of normalised scores (each of shape (n,)), in 0..1. Fusing one part changes nothing."""
    return np.asarray(sum(weights[name] * values for name, values in parts.items()), dtype=np.float32)
