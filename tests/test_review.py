from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kb.backends import Backend
from kb.config import load_config
from kb.errors import UsageError
from kb.upkeep.review import overdue

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("updated", "verified", "late"),
    [
        ("2026-11-26", None, False),
        ("2025-11-27", None, False),  # 365 days ago
        ("2025-11-26", None, True),
        ("2020-01-01", "2026-01-01", False),
        ("2020-01-01", "2021", True),
        ("2025", None, False),  # a year counts from its end
        ("2024", None, True),
        ("2027-01-01", None, False),
    ],
)
def test_who_is_overdue(backend: Backend, updated: str, verified: str | None, late: bool) -> None:
    practice = replace(backend.practices()[0], updated=updated, verified=verified)
    assert bool(overdue([practice], TODAY)) == late


def test_the_longest_unseen_come_first(backend: Backend) -> None:
    seen = ["2020-05-01", "2019", "2020-05-01", "2026-11-01"]
    practices = [replace(p, updated=day, verified=None) for p, day in zip(backend.practices(), seen, strict=False)]
    ids = [practice.id for practice in practices]
    assert [(one.seen, one.practice.id) for one in overdue(practices, TODAY)] == [
        ("2019", ids[1]),
        ("2020-05-01", ids[0]),
        ("2020-05-01", ids[2]),
    ]
    assert len(overdue(practices, TODAY, days=1)) == 4
    assert overdue(practices, TODAY, days=99_999) == ()


def test_days_of_review_are_configured() -> None:
    assert load_config(environ={}).review_days == load_config(environ={"KB_REVIEW_DAYS": ""}).review_days == 365
    assert load_config(environ={"KB_REVIEW_DAYS": "90"}).review_days == 90


@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "100000", "٣", "9" * 5000])
def test_a_wrong_number_of_days_is_told(value: str) -> None:
    with pytest.raises(UsageError, match=r"KB_REVIEW_DAYS is .*; write a number of days from 1 to 99999"):
        load_config(environ={"KB_REVIEW_DAYS": value})
