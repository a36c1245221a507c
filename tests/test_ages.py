from __future__ import annotations

import pytest

from kb.backends import Backend
from kb.content.model import Ages
from kb.facets.ages import BANDS, bands, label, position
from kb.types import Query

ALL = tuple(BANDS)


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        (None, ()),
        (Ages(note="teenagers"), ()),  # no bounds: nobody guesses
        (Ages(0, 17), ("0-5", "6-9", "10-12", "13-15", "16-17")),
        (Ages(None, 17), ("0-5", "6-9", "10-12", "13-15", "16-17")),
        (Ages(None, 5), ("0-5",)),
        (Ages(5, 6), ("0-5", "6-9")),
        (Ages(13, None), ("13-15", "16-17", "18-plus")),
        (Ages(9, 12), ("6-9", "10-12")),
        (Ages(10, 12), ("10-12",)),
        (Ages(11, 11), ("10-12",)),
        (Ages(18, 25), ("18-plus",)),
        (Ages(0, None), ALL),
        (Ages(0, 0), ("0-5",)),
        (Ages(5, 18), ALL),  # the upper bound is inclusive
    ],
)
def test_ages_belong_to_every_band_they_reach_into(ages: Ages | None, expected: tuple[str, ...]) -> None:
    assert bands(ages) == expected


def test_every_age_has_exactly_one_band() -> None:
    assert [len(bands(Ages(age, age))) for age in range(120)] == [1] * 120


def test_bands_are_called_by_their_bounds() -> None:
    assert [label(band) for band in BANDS] == ["0–5", "6–9", "10–12", "13–15", "16–17", "18+"]
    assert label("nonsense") == "nonsense"
    assert position("nonsense") > position("18-plus") > position("0-5") == 0


def test_a_filter_by_age_finds_what_is_for_that_age_from_the_youngest(backend: Backend) -> None:
    results = backend.search(Query(filters={"age": ("6-9", "18-plus")}, limit=1000))
    expected = {p.id for p in backend.practices() if {"6-9", "18-plus"} & set(bands(p.ages))}
    assert {hit.id for hit in results.hits} == expected
    assert 0 < len(expected) < len(backend.practices())
    assert [value.id for value in results.facets["age"]] == list(BANDS)
