"""Settings: where the entries and the derived data are. Right in production and safe to publish."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent


DEFAULT_SITE = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Config:
    """``entries`` is the only source of truth; everything in ``data`` is derived from it.

    ``site`` is the address under which people reach the pages, for links from elsewhere; ``contact`` an address of
    mail or of the web to which they may report errors.
    """

    entries: Path
    data: Path
    site: str = DEFAULT_SITE
    contact: str | None = None


def load_config(
    entries: Path | None = None, data: Path | None = None, *, environ: Mapping[str, str] = os.environ
) -> Config:
    """Options win over ``KB_ENTRIES`` and ``KB_DATA``, those over the defaults. ``KB_SITE`` and ``KB_CONTACT`` tell
    where the site is and who answers for it.

    The entries default to ``./entries``, then to those of the checkout; the data to ``.kb`` beside the entries.
    """
    chosen = entries or _path(environ.get("KB_ENTRIES")) or _default_entries()
    derived = data or _path(environ.get("KB_DATA")) or chosen.absolute().parent / ".kb"
    site = environ.get("KB_SITE") or DEFAULT_SITE
    return Config(entries=chosen, data=derived, site=site.rstrip("/"), contact=environ.get("KB_CONTACT") or None)


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _default_entries() -> Path:
    here = Path("entries")
    return here if here.is_dir() else _CHECKOUT / "entries"
