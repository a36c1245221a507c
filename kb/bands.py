"""How good a match is by itself: the relevance floor, and the bands strong, fair and weak.

A score says how a document compares with the others found; a *relevance* says whether it fits at all. It comes from
the strengths of the retrievers (cosine; share of the words' weight that was found), which no filter changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from kb.types import Band, Floats, Mode

#: The lower edge of each band, by mode, best band first. What lies below the last one is not a result. It is low enough
#: for questions in other languages, of which less is understood: a floor of 0.28 took a quarter of what they find.
EDGES: Mapping[Mode, Mapping[Band, float]] = MappingProxyType(
    {
        "hybrid": {"strong": 0.90, "fair": 0.75, "weak": 0.14},
        "lexical": {"strong": 0.80, "fair": 0.45, "weak": 0.03},
        "dense": {"strong": 0.65, "fair": 0.53, "weak": 0.20},
    }
)

#: What a match of all words adds to a match in meaning. From 0.3 to 1 it hardly matters to English questions; the less
#: it is, the less a wrong translation does to the others.
WORDS = 0.4


def relevance(strengths: Mapping[str, Floats]) -> Floats:
    """The relevance of each document, shape (n,), from the strengths of the retrievers asked (each shape (n,))."""
    lexical, semantic = strengths.get("lexical"), strengths.get("semantic")
    if lexical is None:
        assert semantic is not None, "at least one retriever must have been asked"
        return semantic
    if semantic is None:
        return lexical
    combined: Floats = semantic + np.float32(WORDS) * lexical
    return combined


def floor(mode: Mode) -> float:
    return EDGES[mode]["weak"]


def band(mode: Mode, value: float) -> Band:
    """The band of a relevance at or above the floor."""
    return next((name for name, edge in EDGES[mode].items() if value >= edge), "weak")
