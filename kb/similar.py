"""Documents about the same thing: by the cosine between the means of their passages' vectors."""

from __future__ import annotations

import numpy as np

from kb import bands
from kb.types import Floats, Layout, Positions


def centroids(vectors: Floats, layout: Layout) -> Floats:
    """The mean direction of each document's passages: float32, shape (documents, dimension), rows of unit length.

    ``vectors``: those of all passages by position, shape (passages, dimension).
    """
    if not len(layout.ids):
        return vectors
    sums = np.add.reduceat(vectors, layout.starts[:-1], axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def most_similar(document: int, means: Floats, *, limit: int) -> tuple[Positions, Floats]:
    """The documents nearest to ``document``, best first, with their cosines; none below the relevance floor."""
    similarities = means @ means[document]
    similarities[document] = -1
    order = np.lexsort((np.arange(len(similarities)), -similarities))[:limit]
    order = order[similarities[order] >= bands.floor("dense")]
    return order.astype(np.int64), similarities[order]
