from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from kb.errors import UsageError
from kb.types import FACETS, Query
from web.params import (
    MODES,
    SORTS,
    exactly,
    on_page,
    page_number,
    read_limit,
    read_query,
    sorted_by,
    to_arguments,
    toggled,
    with_limit,
    without_filters,
)

READ = [
    ({}, Query()),
    ({"q": "  strangers  "}, Query("strangers")),
    ({"q": ["first", "second"]}, Query("first")),
    ({"topic": ["grooming", "grooming", "", "helplines"]}, Query(filters={"topic": ("grooming", "helplines")})),
    (
        {"country": "DE", "strand": "awareness-raising"},
        Query(filters={"strand": ("awareness-raising",), "country": ("DE",)}),
    ),
    ({"mode": "dense"}, Query(mode="dense")),
    ({"mode": ""}, Query()),
    ({"sort": "newest"}, Query(sort="newest")),
    ({"sort": "evidence"}, Query(sort="evidence")),
    ({"sort": ""}, Query()),
    ({"exact": "1"}, Query(exact=True)),
    ({"exact": "0"}, Query()),
    ({"exact": ""}, Query()),
    ({"page": "3"}, Query(offset=20)),
    ({"page": ""}, Query()),
    ({"utm_source": "mail", "format": "json"}, Query()),
]


@pytest.mark.parametrize(("args", "expected"), READ)
def test_arguments_are_read(args: dict[str, str | list[str]], expected: Query) -> None:
    assert read_query(MultiDict(args)) == expected


@pytest.mark.parametrize("page", ["0", "-1", "abc", "1.5", "1e3", "٣", "²", "+1", "9" * 7, "9" * 5000, "1\x00"])
def test_a_page_that_is_no_counting_number_is_refused(page: str) -> None:
    with pytest.raises(UsageError, match="page must be a whole number from 1, found"):
        read_query(MultiDict({"page": page}))


def test_an_unknown_mode_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="mode must be hybrid, lexical or dense, found 'magic'"):
        read_query(MultiDict({"mode": "magic"}))


@pytest.mark.parametrize("sort", ["oldest", "Newest", "newest ", "-date", "\x00", "relevance,newest"])
def test_an_unknown_order_is_refused_with_those_there_are(sort: str) -> None:
    with pytest.raises(UsageError, match="sort must be relevance, newest or evidence, found"):
        read_query(MultiDict({"sort": sort}))


@pytest.mark.parametrize("exact", ["2", "yes", "true", "-1", "01", "1 "])
def test_exact_is_on_or_off(exact: str) -> None:
    with pytest.raises(UsageError, match="exact must be 1, or left out, found"):
        read_query(MultiDict({"exact": exact}))


def test_a_message_quotes_no_more_than_a_line() -> None:
    with pytest.raises(UsageError) as caught:
        read_query(MultiDict({"mode": "x" * 10_000}))
    assert len(str(caught.value)) < 120


queries = st.builds(
    lambda text, mode, filters, page, exact, sort: Query(text.strip(), mode, filters, 10, (page - 1) * 10, exact, sort),
    st.text(),
    st.sampled_from(MODES),
    st.dictionaries(
        st.sampled_from(FACETS), st.lists(st.text(min_size=1), min_size=1, unique=True).map(tuple), max_size=4
    ),
    st.integers(1, 999_999),
    st.booleans(),
    st.sampled_from(SORTS),
)


@given(queries)
def test_a_query_survives_its_url(query: Query) -> None:
    assert read_query(MultiDict(to_arguments(query))) == query


@given(queries)
def test_arguments_stand_in_one_order(query: Query) -> None:
    names = list(to_arguments(query))
    assert names == [name for name in ("q", *FACETS, "mode", "sort", "exact", "page") if name in names]


def test_what_is_the_default_is_left_out() -> None:
    assert to_arguments(Query()) == {}


@given(queries, st.sampled_from(FACETS), st.text(min_size=1))
def test_toggling_twice_changes_nothing_but_the_page(query: Query, facet: str, value: str) -> None:
    twice = toggled(toggled(query, facet, value), facet, value)
    assert {f: set(v) for f, v in twice.filters.items()} == {f: set(v) for f, v in query.filters.items()}
    assert (twice.text, twice.mode, twice.offset) == (query.text, query.mode, 0)


def test_toggling_goes_back_to_the_first_page() -> None:
    assert toggled(Query("x", offset=30), "topic", "grooming") == Query("x", filters={"topic": ("grooming",)})


def test_exact_words_and_back_begin_on_the_first_page() -> None:
    assert exactly(Query("x", offset=20), exact=True) == Query("x", exact=True)
    assert exactly(Query("x", offset=20, exact=True), exact=False) == Query("x")


def test_another_order_begins_on_the_first_page() -> None:
    assert sorted_by(Query("x", offset=20), "newest") == Query("x", sort="newest")


def test_pages_are_numbered_from_1() -> None:
    assert [page_number(on_page(Query(), page)) for page in (1, 2, 7)] == [1, 2, 7]
    assert on_page(Query(), 7).offset == 60


def test_filters_can_be_taken_away_at_once() -> None:
    assert without_filters(Query("x", "dense", {"topic": ("grooming",)}, 10, 20)) == Query("x", "dense")


def test_a_page_keeps_its_number_when_pages_grow() -> None:
    assert with_limit(Query(offset=20), 50) == Query(limit=50, offset=100)


@pytest.mark.parametrize("limit", ["0", "-5", "many", "101", "99999"])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    with pytest.raises(UsageError, match="limit must be"):
        read_limit(MultiDict({"limit": limit}))
