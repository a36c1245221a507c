"""Tables in a page of docs/, each between two markers, so that the command that measures can put them there."""

from __future__ import annotations

from pathlib import Path

from kb.errors import UsageError


def put(text: str, page: str, name: str) -> str:
    """The page with what stands between the markers of ``name`` replaced. Raises UsageError where there are none."""
    first, last = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end):
        raise UsageError(f"the page has no place for the {name}; write the lines {first} and {last} where they belong")
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"


def write(text: str, page: Path, name: str) -> None:
    page.write_text(put(text, page.read_text(encoding="utf-8"), name), encoding="utf-8")
