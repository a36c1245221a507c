"""Several scores of a document to one, in 0..1: each normalised, then a weighted mean.

A convex combination of normalised scores (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid
Retrieval") did better than reciprocal rank fusion in every mean that we took. Normalisers come from the query over
the whole generation, never from a filtered set, so that a filter cannot swap two documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from kb.types import Floats, Mode

#: The weight of each retriever, by mode. They add up to 1.
WEIGHTS: Mapping[Mode, Mapping[str, float]] = MappingProxyType(
    {
        "hybrid": {"lexical": 0.5, "semantic": 0.5},
        "lexical": {"lexical": 1.0},
        "dense": {"semantic": 1.0},
    }
)

#: How many of the best documents set the range of the cosine, whose values lie close together.
DEPTH = 200

Normaliser = Callable[[Floats], Floats]


def by_best(scores: Floats) -> Normaliser:
    """Scores as a share of the best one. Right where 0 means "nothing in common"."""
    best = float(scores.max(initial=0.0))
    return lambda values: np.clip(values / best, 0, 1) if best > 0 else np.zeros_like(values)


def by_range(scores: Floats, *, depth: int = DEPTH) -> Normaliser:
    """Scores as their place between the best and the ``depth``-th best one; those below get 0."""
    if not len(scores):
        return np.zeros_like
    ranked = min(depth, len(scores))
    low = float(np.partition(scores, -ranked)[-ranked])
    width = float(scores.max()) - low
    if width <= 0:
        return lambda values: (values >= low).astype(np.float32)
    return lambda values: np.clip((values - low) / width, 0, 1)


#: How the scores of each retriever are normalised.
NORMALISERS: Mapping[str, Callable[[Floats], Normaliser]] = MappingProxyType({"lexical": by_best, "semantic": by_range})


def combine(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """The weighted sum of normalised scores (each of shape (n,)), in 0..1. Fusing one part changes nothing."""
    return np.asarray(sum(weights[name] * values for name, values in parts.items()), dtype=np.float32)
