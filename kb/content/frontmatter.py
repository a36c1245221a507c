"""A Markdown file in two: the YAML between the ``---`` fences at its top, and the body below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kb.content.files import decode, has_invisible
from kb.content.model import Problem
from kb.content.plainyaml import Place, read_yaml

FENCE = "---"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """A file taken apart. ``data`` is None when the front matter could not be read; the body may still be there.

    ``lines`` gives the line of every key and list item; ``body_line`` is the line in which ``body`` begins.
    """

    path: str
    data: Mapping[str, Any] | None
    lines: Mapping[Place, int]
    body: str
    body_line: int
    text: str
    problems: tuple[Problem, ...] = ()

    def line(self, *place: str | int) -> int:
        """The line of a value, or of the nearest thing around it that is there."""
        for end in range(len(place), 0, -1):
            if (found := self.lines.get(place[:end])) is not None:
                return found
        return 1


def split(path: str, data: bytes) -> FrontMatter:
    """Take the file ``path`` with the content ``data`` apart. Never raises: what is wrong is in ``problems``."""
    decoded = decode(path, data)
    if decoded.text is None:
        return FrontMatter(path, None, {}, "", 1, "", decoded.problems)
    text = decoded.text
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        missing = Problem(path, 1, "no front matter", 'begin the file with a line "---", then fields, then "---"')
        return _without_data(path, lines, 0, text, (*decoded.problems, missing))
    end = _end(lines)
    if end is None:
        unclosed = Problem(path, 1, "the front matter does not end", 'close it with a line "---"')
        return FrontMatter(path, None, {}, "", 1, text, (*decoded.problems, unclosed))
    head = "\n".join(lines[1:end]) + "\n"
    if has_invisible(head):
        return _without_data(path, lines, end + 1, text, decoded.problems)
    tree = read_yaml(head, path=path, first_line=2)
    problems = (*decoded.problems, *tree.problems)
    body, body_line = _body(lines, end + 1)
    if isinstance(tree.data, dict):
        return FrontMatter(path, tree.data, tree.lines, body, body_line, text, problems)
    if not tree.problems:
        empty = Problem(path, tree.line(), "the front matter has no fields", 'write lines like "title: ..."')
        problems = (*problems, empty)
    return FrontMatter(path, None, {}, body, body_line, text, problems)


def body_of(text: str) -> tuple[str, int]:
    """The body of a file with the text ``text``, and the line in which it begins, as :func:`split` gives them."""
    lines = text.split("\n")
    end = _end(lines)
    if lines[0].rstrip() != FENCE:
        return _body(lines, 0)
    return ("", 1) if end is None else _body(lines, end + 1)


def _end(lines: list[str]) -> int | None:
    """The number of the line that closes the front matter."""
    return next((number for number, line in enumerate(lines) if number and line.rstrip() == FENCE), None)


def _without_data(path: str, lines: list[str], start: int, text: str, problems: tuple[Problem, ...]) -> FrontMatter:
    body, body_line = _body(lines, start)
    return FrontMatter(path, None, {}, body, body_line, text, problems)


def _body(lines: list[str], start: int) -> tuple[str, int]:
    """The body without blank lines around it, and the line in which it begins: that before it where it is empty."""
    begin = next((number for number in range(start, len(lines)) if lines[number].strip()), None)
    if begin is None:
        return "", max(1, start)
    return "\n".join(lines[begin:]).rstrip(), begin + 1
