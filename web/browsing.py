"""Concepts and facet counts arranged for reading: trees to browse, panels to filter with, numbered pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kb.content.model import Definition, Taxonomy
from kb.facets import ages
from kb.text.collation import sort_key
from kb.types import FACETS, FacetValue, Query, Results
from web.languages import language
from web.params import page_number
from web.words import FACET_NAMES

#: Values of a facet that are shown at once; the others are a click away.
VISIBLE_VALUES = 8
#: Values of a facet that are offered at all; organisations run to hundreds, and have a list of their own.
OFFERED_VALUES = 40
#: Facets that are worth a reader's eye before anything is chosen.
OPEN_FACETS = frozenset({"strand", "risk", "topic"})

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept with the number of practices that carry it, and the concepts below it."""

    facet: str
    id: str
    label: str
    definition: Definition
    count: int
    narrower: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be ticked; ``narrower`` holds the choices of the concepts below it."""

    value: FacetValue
    narrower: tuple[Choice, ...] = ()

    @property
    def chosen_within(self) -> bool:
        return self.value.selected or any(choice.chosen_within for choice in self.narrower)


@dataclass(frozen=True, slots=True)
class Panel:
    """One facet of a filter form: the choices shown at once, and those behind "more"."""

    facet: str
    name: str
    choices: tuple[Choice, ...]
    more: tuple[Choice, ...]
    left_out: int
    open: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """Where one is in a list of pages; ``numbers`` skips (None) what is far from here."""

    current: int
    last: int
    numbers: tuple[int | None, ...]
    url: Callable[[int], str]


def counts(results: Results, facet: str) -> Counts:
    return {value.id: value.count for value in results.facets.get(facet, ())}


def tree(taxonomy: Taxonomy, facet: str, found: Counts, *, below: str | None = None) -> tuple[Branch, ...]:
    """The concepts of a scheme below ``below`` (all of them for None), in the order of its file."""
    return tuple(
        Branch(
            facet=facet,
            id=concept.id,
            label=concept.label(language()),
            definition=concept.defined(language()),
            count=found.get(concept.id, 0),
            narrower=tree(taxonomy, facet, found, below=concept.id),
        )
        for concept in taxonomy.narrower(facet, below)
    )


def panels(results: Results, taxonomy: Taxonomy, called: Callable[[str, str], str]) -> tuple[Panel, ...]:
    """A panel for every facet that has something to choose; ``called`` names a value of a facet to the reader."""
    made = (_panel(facet, results.facets.get(facet, ()), taxonomy, called) for facet in FACETS)
    return tuple(panel for panel in made if panel.choices)


def _panel(facet: str, values: Sequence[FacetValue], taxonomy: Taxonomy, called: Callable[[str, str], str]) -> Panel:
    offered = [_named(value, called(facet, value.id)) for value in values if value.count or value.selected]
    choices = _nested(facet, offered if facet == ages.FACET else most_first(offered), taxonomy)
    is_tree = any(choice.narrower for choice in choices)
    all_visible = is_tree or len(choices) <= VISIBLE_VALUES
    ordered = choices if all_visible else tuple(sorted(choices, key=lambda choice: not choice.value.selected))
    visible = len(ordered) if all_visible else VISIBLE_VALUES
    more = ordered[visible:]
    return Panel(
        facet=facet,
        name=str(FACET_NAMES[facet]),
        choices=ordered[:visible],
        more=more[:OFFERED_VALUES],
        left_out=len(more[OFFERED_VALUES:]),
        open=facet in OPEN_FACETS or any(value.selected for value in values),
    )


def most_first(values: Iterable[FacetValue]) -> list[FacetValue]:
    """By their counts; where these are equal, by what they are called in the language of the request."""
    return sorted(values, key=lambda value: (-value.count, sort_key(value.label, language())))


def _named(value: FacetValue, label: str) -> FacetValue:
    return value if value.label == label else replace(value, label=label)


def _nested(facet: str, values: Sequence[FacetValue], taxonomy: Taxonomy) -> tuple[Choice, ...]:
    """Values below their nearest offered broader concept, in the order given."""
    offered = {value.id for value in values}
    below: dict[str | None, list[FacetValue]] = {}
    for value in values:
        above = next((id for id in taxonomy.broader(facet, value.id) if id in offered), None)
        below.setdefault(above, []).append(value)

    def choices(parent: str | None) -> tuple[Choice, ...]:
        return tuple(Choice(value, choices(value.id) if value.id in below else ()) for value in below.get(parent, ()))

    return choices(None)


def chosen(query: Query) -> tuple[tuple[str, str], ...]:
    """The filters in force as (facet, value), in the order of the facets."""
    return tuple((facet, value) for facet in FACETS for value in query.filters.get(facet, ()))


def pages(results: Results, url: Callable[[int], str]) -> Pages:
    """``url`` gives the address of a page by its number."""
    last = max(1, math.ceil(results.total / results.query.limit))
    current = page_number(results.query)
    return Pages(current, last, _numbers(min(current, last), last), url)


def _numbers(current: int, last: int) -> tuple[int | None, ...]:
    near = sorted({1, last, *range(max(1, current - 1), min(last, current + 1) + 1)})
    numbers: list[int | None] = []
    for number in near:
        if numbers and number - (numbers[-1] or 0) == 2:
            numbers.append(number - 1)
        elif numbers and number - (numbers[-1] or 0) > 2:
            numbers.append(None)
        numbers.append(number)
    return tuple(numbers)
