"""Whom to tell of an error in an entry: its own contact, else that of the site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_MAIL = re.compile(r"[^\s@:/?&#<>\"]+@[^\s@:/?&#<>\"]+\.[^\s@:/?&#<>\"]+")


@dataclass(frozen=True, slots=True)
class Contact:
    """``url`` is None where the text is neither an address of mail nor of the web."""

    text: str
    url: str | None


def contact(text: str, *, subject: str) -> Contact:
    """A link to write to, with the subject filled in where it is an address of mail."""
    if _MAIL.fullmatch(text):
        return Contact(text, f"mailto:{quote(text, safe='@')}?subject={quote(subject, safe='')}")
    try:
        parts = urlsplit(text)
    except ValueError:
        return Contact(text, None)
    return Contact(text, text if parts.scheme in ("http", "https") and parts.netloc and " " not in text else None)
