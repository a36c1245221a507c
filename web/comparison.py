"""Practices side by side: one row for each fact and each heading, one cell for each practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from kb.content.model import Practice
from kb.text.markup import render_by_heading
from web.facts import Fact, facts


@dataclass(frozen=True, slots=True)
class Row:
    """``same``: all practices have the same here. Cells stand in the order of the practices."""

    key: str
    cells: tuple[Fact, ...]

    @property
    def same(self) -> bool:
        return len({frozenset({*cell.values, cell.note}) for cell in self.cells}) == 1


@dataclass(frozen=True, slots=True)
class TextRow:
    """What the practices say under one heading: HTML, empty where one has no such heading."""

    heading: str
    language: str
    cells: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    facts: tuple[Row, ...]
    texts: tuple[TextRow, ...]


def rows(practices: Sequence[Practice], *, base: str = "") -> Rows:
    """Facts that none of the practices has are left out. Headings stand in the order of their first use.

    ``base`` is put before links inside the knowledge base.
    """
    columns = [facts(practice) for practice in practices]
    made = (Row(cells[0].key, cells) for cells in zip(*columns, strict=True))
    texts = [
        render_by_heading(practice.body, base=base, page=f"{base}/practices/{practice.id}") for practice in practices
    ]
    headings = {
        heading: practice.language
        for practice, found in reversed(list(zip(practices, texts, strict=True)))
        for heading in found
    }
    order = dict.fromkeys(heading for found in texts for heading in found)
    return Rows(
        facts=tuple(row for row in made if any(cell.values for cell in row.cells)),
        texts=tuple(
            # kb.text.markup lets only an allow-list of elements through.
            TextRow(heading, headings[heading], tuple(Markup(found.get(heading, "")) for found in texts))  # noqa: S704
            for heading in order
        ),
    )
