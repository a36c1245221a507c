"""Ids: file names and permanent URLs. Lower-case ASCII letters and digits, with single hyphens between them."""

from __future__ import annotations

import re
import unicodedata

PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
MAX_CHARACTERS = 80

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

# Letters that do not fall apart into a letter and an accent.
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def is_id(text: str) -> bool:
    return len(text) <= MAX_CHARACTERS and _ID.fullmatch(text) is not None


def to_id(text: str) -> str:
    """The id that ``text`` suggests, accents left out; empty when nothing in it can be part of an id.

    >>> to_id("Où aller ? Größe & Maß")
    'ou-aller-grosse-mass'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    ascii_only = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:MAX_CHARACTERS].rstrip("-")
