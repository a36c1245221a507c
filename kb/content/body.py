"""What must hold in the body of a practice, seen by itself: headings, footnotes, what is not supported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from kb.content.frontmatter import FrontMatter
from kb.content.model import Problem
from kb.content.wording import listed, nearest, quoted
from kb.text import markup

#: The headings of level 2 that an entry in English has, as far as there is something to say, in this order.
HEADINGS = ("What it is", "How it works", "Results", "Limits and what did not work", "How to adopt it")

# More unknown footnotes than this in one file are not told; each costs a search for what was meant.
_MAX_TOLD = 50


def check_body(front: FrontMatter) -> Iterator[Problem]:
    """Every problem with the body of a practice that needs no other file to be seen."""
    if not front.body.strip():
        yield Problem(front.path, front.body_line, "there is no text", f'write it, beginning with "## {HEADINGS[0]}"')
        return
    for line, message, remedy in (*_headings(front), *_footnotes(front)):
        yield Problem(front.path, front.body_line + line - 1, message, remedy)
    for part in markup.oversize(front.body):
        yield Problem(front.path, front.body_line + part.line - 1, part.what, "divide or shorten it")
    for link in markup.links(front.body):
        if link.image:
            line, remedy = front.body_line + link.line - 1, "say in words what it shows, or link to it"
            yield Problem(front.path, line, "images are not shown", remedy, "warning")


def _headings(front: FrontMatter) -> Iterator[tuple[int, str, str]]:
    headings = markup.headings(front.body)
    for heading in headings:
        if not heading.text:
            yield heading.line, "a heading without words", "write them, or remove it"
        elif heading.level == 1:
            yield heading.line, f"{quoted(heading.text)} is a heading of level 1", "write ## for a section"
    if _is_english(front.data):
        yield from _unknown_headings(headings)
    seen: dict[str, int] = {}
    for heading in headings:
        if heading.level == 2 and seen.setdefault(heading.text.casefold(), heading.line) != heading.line:
            yield heading.line, f"a second section {quoted(heading.text)}", "put both under one heading"
    for heading in markup.empty_headings(front.body):
        if heading.text:
            yield heading.line, f"nothing stands under {quoted(heading.text)}", "write it, or remove the heading"


def _unknown_headings(headings: Iterable[markup.Heading]) -> Iterator[tuple[int, str, str]]:
    for heading in headings:
        if heading.level == 2 and heading.text and heading.text not in HEADINGS:
            meant = nearest(heading.text, HEADINGS)
            remedy = f'write "## {meant}"' if meant else f"use {listed(HEADINGS)}, or ### below one of them"
            yield heading.line, f"{quoted(heading.text)} is no section of an entry", remedy


def _is_english(data: Mapping[str, Any] | None) -> bool:
    """Whether the entry is in English, as entries are unless they say otherwise; others name sections their own way."""
    language = (data or {}).get("language")
    return not isinstance(language, str) or language.split("-")[0] in {"", "en"}


def _footnotes(front: FrontMatter) -> Iterator[tuple[int, str, str]]:
    """Footnotes without a source, and sources without a use."""
    notes = markup.footnotes(front.body)
    for note in notes:
        if note.defines:
            yield note.line, f"the note [^{note.id}] is written out", "list it in sources; the page shows it"
    if front.data is None or not isinstance(sources := front.data.get("sources", []), list):
        return
    given = [source.get("id") for source in sources if isinstance(source, dict)]
    ids = dict.fromkeys(id for id in given if isinstance(id, str))
    told: set[str] = set()
    for note in notes:
        if note.id not in ids and note.id not in told and len(told) < _MAX_TOLD:
            told.add(note.id)
            meant = nearest(note.id, islice(ids, _MAX_TOLD))
            remedy = f"write [^{meant}], or list it in sources" if meant else "list it in sources"
            yield note.line, f"the footnote [^{note.id}] has no source", remedy
    cited = {note.id for note in notes}
    first: dict[str, int] = {}
    for number, source in enumerate(sources):
        if not isinstance(source, dict) or not isinstance(id := source.get("id"), str):
            continue
        # Lines of the front matter, counted from the body like all others here.
        line = front.line("sources", number, "id") - front.body_line + 1
        if first.setdefault(id, number) != number:
            yield line, f"the source id {quoted(id)} stands here twice", "give each source an id of its own"
        elif id not in cited:
            yield line, f"the source {quoted(id)} is not used", f"cite it in the text as [^{id}], or remove it"
