"""Settings: where the entries and the derived data are. Right in production and safe to publish."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.errors import UsageError
from kb.upkeep.review import REVIEW_DAYS

_CHECKOUT = Path(__file__).resolve().parent.parent


DEFAULT_SITE = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Config:
    """``entries`` is the only source of truth; everything in ``data`` is derived from it.

    ``site`` is the address under which people reach the pages, for links from elsewhere; ``contact`` an address of
    mail or of the web to which they may report errors. ``review_days``: after so many an entry that nobody has changed
    or verified is overdue for review.
    """

    entries: Path
    data: Path
    site: str = DEFAULT_SITE
    contact: str | None = None
    review_days: int = REVIEW_DAYS


def load_config(
    entries: Path | None = None, data: Path | None = None, *, environ: Mapping[str, str] = os.environ
) -> Config:
    """Options win over ``KB_ENTRIES`` and ``KB_DATA``, those over the defaults. ``KB_SITE`` and ``KB_CONTACT`` tell
    where the site is and who answers for it, ``KB_REVIEW_DAYS`` after how many days entries are due for review.
    Raises UsageError where that is no number.

    The entries default to ``./entries``, then to those of the checkout; the data to ``.kb`` beside the entries.
    """
    chosen = entries or _path(environ.get("KB_ENTRIES")) or _default_entries()
    derived = data or _path(environ.get("KB_DATA")) or chosen.absolute().parent / ".kb"
    site = environ.get("KB_SITE") or DEFAULT_SITE
    return Config(
        entries=chosen,
        data=derived,
        site=site.rstrip("/"),
        contact=environ.get("KB_CONTACT") or None,
        review_days=_days(environ.get("KB_REVIEW_DAYS")),
    )


def _days(value: str | None) -> int:
    if not value:
        return REVIEW_DAYS
    if not (len(value) <= 5 and value.isascii() and value.isdecimal() and int(value)):
        raise UsageError(f"KB_REVIEW_DAYS is {value[:20]!r}; write a number of days from 1 to 99999, like 365")
    return int(value)


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _default_entries() -> Path:
    here = Path("entries")
    return here if here.is_dir() else _CHECKOUT / "entries"
