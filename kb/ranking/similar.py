"""Documents about the same thing: near in meaning, with topics in common. Organisations have no say."""

from __future__ import annotations

import numpy as np

from kb.ranking import bands
from kb.types import Floats, Positions, Tags

#: What topics in common count beside the cosine: the lowest weight of the level stretch of ``benchmarks.similar``.
TOPICS = np.float32(0.4)


def in_common(document: int, tags: Tags, documents: int) -> Floats:
    """How far each of ``documents`` has the tags of ``document``: float32, shape (documents,), in 0..1.

    The weight of the tags that both have in that of those that either has (Jaccard), a rare tag weighing more.
    """
    counts = np.bincount(tags.concepts, minlength=len(tags.values))
    weights = np.log(documents / np.maximum(counts, 1))[tags.concepts]
    mine = np.isin(tags.concepts, tags.concepts[tags.documents == document])
    totals = np.bincount(tags.documents, weights=weights, minlength=documents)
    shared = np.bincount(tags.documents, weights=weights * mine, minlength=documents)
    either = totals + totals[document] - shared
    return np.asarray(np.divide(shared, either, out=np.zeros(documents), where=either > 0), dtype=np.float32)


def most_similar(document: int, means: Floats, topics: Tags, *, limit: int) -> tuple[Positions, Floats, Floats]:
    """The documents most similar to ``document``, best first, with their scores (in 0..1) and cosines.

    Those whose cosine is below the relevance floor are left out, whatever topics they have in common.
    """
    cosines = np.clip(means @ means[document], 0, 1)
    scores = (cosines + TOPICS * in_common(document, topics, len(means))) / (1 + TOPICS)
    near = cosines >= bands.edges("dense")["weak"]
    near[document] = False
    order = np.lexsort((np.arange(len(scores)), -scores))
    order = order[near[order]][:limit].astype(np.int64)
    return order, scores[order], cosines[order]
