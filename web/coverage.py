"""The coverage map: how many practices there are where two facets meet, shaded, and where there are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kb.types import Query

#: What can be laid down and across, the usual choice first. Countries and organisations are too many to lay across.
ROWS = ("topic", "strand", "risk", "audience", "age", "kind", "country")
COLUMNS = ("risk", "audience", "age", "strand", "kind", "evidence")
#: How dark a cell can be.
SHADES = 4

Counts = Mapping[tuple[str, str], int]
Label = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Heading:
    """A value of a facet; ``depth`` is how many concepts stand above it."""

    id: str
    label: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a row and a column meet. ``shade`` is 0 for none, up to :data:`SHADES`; ``query`` finds what is counted."""

    column: Heading
    count: int
    shade: int
    query: Query


@dataclass(frozen=True, slots=True)
class Row:
    heading: Heading
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Shade:
    """What a shade means: from so many practices to so many."""

    level: int
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A row without a practice in some columns, or (``all``) in any."""

    heading: Heading
    missing: tuple[Cell, ...]
    all: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """The table, and what is missing in it."""

    rows_by: str
    columns_by: str
    columns: tuple[Heading, ...]
    rows: tuple[Row, ...]
    shades: tuple[Shade, ...]
    gaps: tuple[Gap, ...]


def coverage(
    rows_by: str, columns_by: str, rows: Sequence[Heading], columns: Sequence[Heading], counts: Counts
) -> Coverage:
    """``counts`` maps (row, column) to the practices that carry both; a pair that is not in it has none."""
    most = max((counts.get((row.id, column.id), 0) for row in rows for column in columns), default=0)
    shades = scale(most)

    def cell(row: Heading, column: Heading) -> Cell:
        count = counts.get((row.id, column.id), 0)
        query = Query(filters={rows_by: (row.id,), columns_by: (column.id,)})
        return Cell(column, count, next((s.level for s in shades if s.least <= count <= s.most), 0), query)

    made = tuple(Row(row, tuple(cell(row, column) for column in columns)) for row in rows)
    return Coverage(rows_by, columns_by, tuple(columns), made, shades, tuple(_gaps(made)))


def scale(most: int) -> tuple[Shade, ...]:
    """The shades for cells of up to ``most``: each begins at a like multiple of the one before (8, 64: 1-2, 3-8, ...).

    Most cells are small; steps of like width would paint them all alike.
    """
    ends = sorted({round(most ** (level / SHADES)) for level in range(1, SHADES + 1)} if most else set())
    starts = [1, *(end + 1 for end in ends)]
    first = SHADES - len(ends) + 1
    return tuple(Shade(first + n, start, end) for n, (start, end) in enumerate(zip(starts, ends, strict=False)))


def _gaps(rows: Sequence[Row]) -> Sequence[Gap]:
    found = []
    for row in rows:
        missing = tuple(cell for cell in row.cells if not cell.count)
        if missing:
            found.append(Gap(row.heading, missing, len(missing) == len(row.cells)))
    return found
