"""How good a match is by itself: the relevance floor, and the bands strong, fair and weak.

A score says how a document compares with the others found; a *relevance* says whether it fits at all. It comes from
the strengths of the retrievers (cosine; share of the words' weight that was found), which no filter changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from kb.text.languages import ENGLISH
from kb.types import Band, Floats, Mode

Edges = Mapping[Band, float]

#: The lower edge of each band, by mode, best band first. What lies below the last one is not a result.
EDGES: Mapping[Mode, Edges] = MappingProxyType(
    {
        "hybrid": {"strong": 0.92, "fair": 0.76, "weak": 0.28},
        "lexical": {"strong": 0.80, "fair": 0.45, "weak": 0.03},
        "dense": {"strong": 0.65, "fair": 0.48, "weak": 0.20},
    }
)
#: Those for a question in another language than English, of which less is understood: the same match has a lower
#: relevance there, and a floor of 0.28 took a quarter of what they find.
FOREIGN_EDGES: Mapping[Mode, Edges] = MappingProxyType(
    {
        "hybrid": {"strong": 0.86, "fair": 0.70, "weak": 0.14},
        "lexical": {"strong": 0.57, "fair": 0.35, "weak": 0.03},
        "dense": {"strong": 0.58, "fair": 0.45, "weak": 0.20},
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


def edges(mode: Mode, language: str = ENGLISH) -> Edges:
    """Those for a question in a language."""
    return (EDGES if language == ENGLISH else FOREIGN_EDGES)[mode]


def band(edges: Edges, value: float) -> Band:
    """The band of a relevance at or above the last edge."""
    return next((name for name, edge in edges.items() if value >= edge), "weak")
