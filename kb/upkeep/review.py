"""Which entries are due for somebody to look at them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from kb.content.model import Practice

#: Days after which an entry that nobody has changed or checked is overdue, where nothing else is configured.
REVIEW_DAYS = 365


@dataclass(frozen=True, slots=True)
class Overdue:
    """``seen``: when the practice was last changed or verified, a year or an ISO date."""

    seen: str
    practice: Practice


def overdue(practices: Iterable[Practice], today: date, *, days: int = REVIEW_DAYS) -> tuple[Overdue, ...]:
    """Those that nobody has changed or verified for more than ``days``, the longest ago first."""
    limit = today - timedelta(days=days)
    found = (Overdue(max(practice.updated, practice.verified or ""), practice) for practice in practices)
    late = [one for one in found if _latest(one.seen) < limit]
    return tuple(sorted(late, key=lambda one: (one.seen, one.practice.id)))


def _latest(text: str) -> date:
    """A year alone counts from its end."""
    return date(int(text), 12, 31) if len(text) == 4 else date.fromisoformat(text)
