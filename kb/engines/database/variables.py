"""Many values in a statement: SQLite takes a limited number of variables at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any

_MOST = 500


def chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    """``values`` in order, as lists that one statement takes."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _MOST)):
        yield chunk


def marks(values: Collection[Any]) -> str:
    """As many question marks."""
    return ", ".join("?" * len(values))
