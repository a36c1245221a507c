"""In which order results are shown: by relevance, newest first, or strongest evidence first.

A search finds much that only comes near. Sorted by something else than relevance these would stand between the
answers, so what fits comes first, and what comes near after it, each sorted in itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from kb.content.model import Taxonomy
from kb.types import Layout, Positions, Sort

#: Ranks of all documents (int64, shape (documents,)), larger first, for every order but that of relevance.
Ranks = Mapping[Sort, Positions]


def ranks(layout: Layout, taxonomy: Taxonomy) -> Ranks:
    """What a generation is sorted by. Documents of one rank stay in the order of their relevance."""
    return MappingProxyType({"newest": _dates(layout), "evidence": _evidence(layout, taxonomy)})


def arranged(order: Positions, fitting: NDArray[np.bool_], rank: Positions | None) -> Positions:
    """The documents of ``order`` (int64, best first): those ``fitting`` first, each group by falling ``rank``.

    ``fitting``: bool, shape (documents,). ``rank``: see :data:`Ranks`; None keeps the order.
    """
    if rank is None:
        return order
    return order[np.lexsort((-rank[order], ~fitting[order]))]


def _dates(layout: Layout) -> Positions:
    """ISO dates and years sort as text; what has no date comes last."""
    known = {date: rank for rank, date in enumerate(sorted(set(layout.dates)))}
    return np.array([known[date] for date in layout.dates], dtype=np.int64)


def _evidence(layout: Layout, taxonomy: Taxonomy) -> Positions:
    """The scheme lists kinds of evidence from the weakest to the strongest; what has none comes last."""
    strength = {kind: rank for rank, kind in enumerate(taxonomy.ids("evidence"), start=1)}
    tags = layout.tags["evidence"]
    found = np.zeros(len(layout.ids), dtype=np.int64)
    np.maximum.at(
        found, tags.documents, np.array([strength.get(v, 0) for v in tags.values], dtype=np.int64)[tags.concepts]
    )
    return found
