"""Reranking: a reader of query and passage together puts the best of the first stage in its own order.

The documents reranked are the best of the whole generation, before any filter, so a filter still only removes. Among
themselves they take the places and the scores that the first stage gave them; everything else stays where it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kb.types import Floats, Positions

#: How many documents are reranked.
DEPTH = 20


def best(order: Positions, candidates: NDArray[np.bool_]) -> Positions:
    """The documents to rerank, best first: int64, at most DEPTH. ``candidates``: bool, shape (documents,)."""
    return order[candidates[order]][:DEPTH]


def reranked(order: Positions, scores: Floats, documents: Positions, judged: Floats) -> tuple[Positions, Floats]:
    """``order`` and ``scores`` with ``documents`` (best first) by falling ``judged``, of the same shape.

    Both are new arrays. Equal judgements keep the order of the first stage.
    """
    moved = documents[np.argsort(-judged, kind="stable")]
    new_order, new_scores = order.copy(), scores.copy()
    new_order[np.isin(order, documents)] = moved
    new_scores[moved] = scores[documents]
    return new_order, new_scores


def text(title: str, heading: tuple[str, ...], passage: str) -> str:
    """What is read of a document: its title, and its best passage with the headings above it."""
    context = " - ".join(part for part in (title, *heading) if part)
    return "\n".join(part for part in (context, passage) if part)
