"""Words for messages: how a value found in a file is quoted, and what its author probably meant.

Everything quoted is one line of printable text, however hostile the file was.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

_MAX_QUOTED = 60
_MAX_ITEMS = 4


def printable(text: str) -> str:
    """``text`` on one line: control characters, line separators and lone surrogates become escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shortened(text: str, max_characters: int = _MAX_QUOTED) -> str:
    return text if len(text) <= max_characters else text[: max_characters - 3] + "..."


def quoted(value: Any) -> str:
    """A value as its author would recognise it: ``"helpline"``, ``[a, b]``, ``{kind: none}``, ``true``, ``nothing``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{printable(shortened(value))}"'
        case list():
            more = ", ..." if len(value) > _MAX_ITEMS else ""
            return shortened(f"[{', '.join(_inner(item) for item in value[:_MAX_ITEMS])}{more}]")
        case dict():
            pairs = [f"{_inner(key)}: {_inner(item)}" for key, item in list(value.items())[:_MAX_ITEMS]]
            more = ", ..." if len(value) > _MAX_ITEMS else ""
            return shortened(f"{{{', '.join(pairs)}{more}}}")
        case _:
            return printable(shortened(str(value)))


def _inner(value: Any) -> str:
    if isinstance(value, str):
        return printable(shortened(value))
    if isinstance(value, list):
        return "[...]"
    if isinstance(value, dict):
        return "{...}"
    return quoted(value)


def listed(values: Iterable[str], *, last: str = "or") -> str:
    """``a, b or c``."""
    items = list(values)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` was probably meant to be; None when nothing is close."""
    if len(word) > 80:
        return None
    by_key = {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.casefold(), by_key, n=1, cutoff=0.6)
    return by_key[found[0]] if found else None
