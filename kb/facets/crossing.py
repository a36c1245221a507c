"""How two facets meet: how many documents carry a value of the one and a value of the other."""

from __future__ import annotations

import numpy as np

from kb.types import Positions, Tags


def crossed(rows: Tags, columns: Tags, *, documents: int) -> Positions:
    """The number of documents for each pair of values: int64, shape (values of rows, values of columns).

    ``documents`` is how many there are. A pair counts what a query with both values as filters finds.
    """
    found = np.zeros((len(rows.values), len(columns.values)), dtype=np.int64)
    for number in range(len(rows.values)):
        carries = np.zeros(documents, dtype=bool)
        carries[rows.documents[rows.concepts == number]] = True
        found[number] = np.bincount(columns.concepts[carries[columns.documents]], minlength=len(columns.values))
    return found
