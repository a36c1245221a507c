from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from kb.content.model import Concept, Definition, Label, Scheme, Taxonomy
from kb.types import FacetValue, Query, Results
from web.browsing import OFFERED_VALUES, VISIBLE_VALUES, Branch, Choice, Panel, chosen, pages, panels, tree


def concept(id: str, broader: str | None = None) -> Concept:
    return Concept("topic", id, {"en": Label(id.title(), "test")}, broader=broader)


NONE = Definition("", "en")
TAXONOMY = Taxonomy(
    {
        "topic": Scheme(
            "topic", {}, (concept("help"), concept("helplines", "help"), concept("rules"), concept("law", "rules"))
        )
    }
)


def results(total: int = 0, page: int = 1, **facets: list[FacetValue]) -> Results:
    query = Query(offset=(page - 1) * 10)
    return Results(query, total, (), {facet: tuple(values) for facet, values in facets.items()}, 1)


def panel(**facets: list[FacetValue]) -> Panel:
    (only,) = panels(results(0, 1, **facets), TAXONOMY, as_it_is(facets))
    return only


def as_it_is(facets: Mapping[str, Sequence[FacetValue]]) -> Callable[[str, str], str]:
    labels = {(facet, value.id): value.label for facet, values in facets.items() for value in values}
    return lambda facet, value: labels[facet, value]


def test_a_tree_holds_every_concept_with_its_count() -> None:
    assert tree(TAXONOMY, "topic", {"help": 3, "helplines": 2}) == (
        Branch("topic", "help", "Help", NONE, 3, (Branch("topic", "helplines", "Helplines", NONE, 2),)),
        Branch("topic", "rules", "Rules", NONE, 0, (Branch("topic", "law", "Law", NONE, 0),)),
    )


def test_narrower_concepts_are_offered_below_broader_ones() -> None:
    help_, helplines = FacetValue("help", "Help", 3), FacetValue("helplines", "Helplines", 2, selected=True)
    found = panel(topic=[help_, helplines])
    assert found.choices == (Choice(help_, (Choice(helplines),)),)
    assert found.choices[0].chosen_within


def test_a_concept_stands_by_itself_where_its_broader_one_is_not_offered() -> None:
    law = FacetValue("law", "Law", 1)
    assert panel(topic=[law]).choices == (Choice(law),)


def test_many_values_wait_behind_more_and_the_chosen_come_first() -> None:
    values = [FacetValue(f"o{n}", f"O{n}", 100 - n, selected=n == 90) for n in range(100)]
    found = panel(organisation=values)
    assert [c.value.id for c in found.choices] == ["o90", *(f"o{n}" for n in range(VISIBLE_VALUES - 1))]
    assert len(found.more) == OFFERED_VALUES
    assert found.left_out == 100 - VISIBLE_VALUES - OFFERED_VALUES


def test_values_that_nothing_has_are_offered_only_if_chosen() -> None:
    nothing, wanted = FacetValue("DE", "Germany", 0), FacetValue("FR", "France", 0, selected=True)
    assert panel(country=[nothing, wanted]).choices == (Choice(wanted),)
    assert panels(results(country=[nothing]), TAXONOMY, as_it_is({})) == ()


def test_a_facet_with_a_choice_made_stands_open() -> None:
    assert panel(country=[FacetValue("DE", "Germany", 2, selected=True)]).open
    assert not panel(country=[FacetValue("DE", "Germany", 2)]).open


def test_what_is_chosen_stands_in_the_order_of_the_facets() -> None:
    assert chosen(Query(filters={"country": ("DE",), "topic": ("b", "a")})) == (
        ("topic", "b"),
        ("topic", "a"),
        ("country", "DE"),
    )


@pytest.mark.parametrize(
    ("total", "page", "last", "numbers"),
    [
        (0, 1, 1, (1,)),
        (10, 1, 1, (1,)),
        (11, 1, 2, (1, 2)),
        (50, 3, 5, (1, 2, 3, 4, 5)),
        (100, 1, 10, (1, 2, None, 10)),
        (100, 5, 10, (1, None, 4, 5, 6, None, 10)),
        (100, 4, 10, (1, 2, 3, 4, 5, None, 10)),  # a gap of one page is that page
        (100, 10, 10, (1, None, 9, 10)),
        (20, 99, 2, (1, 2)),  # beyond the end
    ],
)
def test_page_numbers(total: int, page: int, last: int, numbers: tuple[int | None, ...]) -> None:
    found = pages(results(total, page), str)
    assert (found.current, found.last, found.numbers) == (page, last, numbers)
