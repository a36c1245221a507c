"""YAML as far as people need it to describe something: text, numbers, true and false, lists, mappings.

The rules are those of YAML 1.2 (core schema), so ``no``, ``NO`` and ``on`` are text and ``2017-02-07`` is too.
Aliases, tags, a second document and deep nesting are refused: they hide what a file says. A tree is built from
the parser's events with a stack of its own, so that no input can exhaust Python's. The only module that names yaml.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import yaml

from kb.content.model import Problem
from kb.content.wording import printable, quoted, shortened

MAX_DEPTH = 12
_MAX_DIGITS = 18

#: Where a value stands in its file: keys and, for list items, positions from 0.
Place = tuple[str | int, ...]

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")

#: What the parser says (a part of it), and what helps.
_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "mapping values are not allowed": 'put a text that contains ": " in double quotes',
        "cannot start any token": "put the text in double quotes, and indent with spaces, not tabs",
        "could not find expected ':'": "write a key, a colon and a space, or indent a text that goes on",
        "did not find expected key": "check the indentation and the quotes of this line and the one before",
        "did not find expected ',' or": "close the bracket, or put the text in double quotes",
        "unexpected end of stream": "close the quotation mark",
        "unexpected document": "close the quotation mark",
        "unknown escape character": "write \\\\ for a backslash, or use single quotes",
        "did not find expected alphabetic": "put a text that begins with * or & in double quotes",
        "did not find expected '-' indicator": 'begin every item of a list with "- ", all equally indented',
        "block sequence entries are not allowed": "begin the list on a line of its own",
    }
)
_REMEDY = "check indentation, colons and quotes here; texts with special characters go in double quotes"

_TOO_DEEP = (f"nested more than {MAX_DEPTH} deep", "write it with fewer levels")

# libyaml's parser where it is installed; the same events, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Tree:
    """The values of a YAML text and the line of each. ``data`` is None when the text could not be read."""

    data: Any
    lines: Mapping[Place, int]
    problems: tuple[Problem, ...] = ()

    def line(self, *place: str | int) -> int:
        """The line of a value, or of the nearest thing around it that is there."""
        for end in range(len(place), -1, -1):
            if (found := self.lines.get(place[:end])) is not None:
                return found
        return 1


class _RefusedError(Exception):
    """Reading cannot go on. Carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A list or mapping that has begun. ``hidden``: the value of a repeated key, read but not kept."""

    values: Any
    place: Place
    hidden: bool
    key: str | None = None
    repeated: bool = False


@dataclass(slots=True)
class _Builder:
    path: str
    first_line: int
    root: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)

    def line(self, event: Any) -> int:
        return self.first_line + int(event.start_mark.line)

    def refuse(self, event: Any, message: str, remedy: str) -> _RefusedError:
        return _RefusedError(Problem(self.path, self.line(event), message, remedy))

    def awaits_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].values, dict) and self.open[-1].key is None

    def take_key(self, event: Any) -> None:
        parent = self.open[-1]
        parent.key = key = str(event.value)
        parent.repeated = key in parent.values
        place = (*parent.place, key)
        if parent.repeated and not parent.hidden:
            first = self.lines.get(place, self.first_line)
            message = f"{quoted(key)} stands here twice (first in line {first})"
            self.problems.append(Problem(self.path, self.line(event), message, "keep one of the two"))
        elif not parent.hidden:
            self.lines[place] = self.line(event)

    def place(self, event: Any, value: Any) -> tuple[Place, bool]:
        """Put a value where it belongs; its place, and whether it is hidden."""
        if not self.open:
            self.root = value
            self.lines[()] = self.line(event)
            return (), False
        parent = self.open[-1]
        hidden = parent.hidden or parent.repeated
        if isinstance(parent.values, dict):
            place = (*parent.place, parent.key or "")
            if not parent.repeated:
                parent.values[parent.key] = value
            parent.key, parent.repeated = None, False
            return place, hidden
        place = (*parent.place, len(parent.values))
        parent.values.append(value)
        if not hidden:
            self.lines[place] = self.line(event)
        return place, hidden

    def start(self, event: Any, values: Any) -> None:
        if self.awaits_key():
            remedy = "put a text that begins with { or [ in double quotes"
            raise self.refuse(event, "a key must be text, found a list or a mapping", remedy)
        if len(self.open) >= MAX_DEPTH:
            raise self.refuse(event, *_TOO_DEEP)
        place, hidden = self.place(event, values)
        self.open.append(_Open(values, place, hidden))

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self.refuse(event, f"aliases are refused, found *{_named(event.anchor)}", "write the value out")
        if getattr(event, "anchor", None) is not None:
            raise self.refuse(event, f"anchors are refused, found &{_named(event.anchor)}", "write each value out")
        if getattr(event, "tag", None) is not None:
            raise self.refuse(event, f"tags are refused, found {_named(event.tag)}", "leave it out, or use quotes")
        if isinstance(event, yaml.ScalarEvent):
            if self.awaits_key():
                self.take_key(event)
            else:
                self.place(event, event.value if event.style else _scalar(event.value))
        elif isinstance(event, yaml.MappingStartEvent):
            self.start(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self.start(event, [])
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.open.pop()


def read_yaml(text: str, *, path: str, first_line: int = 1) -> Tree:
    """The tree of ``text``, which begins in line ``first_line`` of the file ``path``. Never raises."""
    builder = _Builder(path, first_line)
    try:
        documents = 0
        for event in _events(text):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise builder.refuse(event, "a second YAML document begins", 'remove the line "---" or "..."')
            builder.take(event)
    except _RefusedError as refused:
        return Tree(None, builder.lines, (*builder.problems, refused.problem))
    except yaml.YAMLError as error:
        return Tree(None, builder.lines, (*builder.problems, _broken(error, path, first_line)))
    return Tree(builder.root, builder.lines, tuple(builder.problems))


def _named(name: object) -> str:
    return printable(shortened(str(name)))


def _events(text: str) -> Iterator[Any]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


def _scalar(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2. Numbers that Python could not give back stay text."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text[0] in "tT"
    if len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _broken(error: yaml.YAMLError, path: str, first_line: int) -> Problem:
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read")
    mark = getattr(error, "problem_mark", None)
    if "nesting depth" in said:  # newer parsers have a limit of their own, and reach it before any event
        return Problem(path, first_line + (int(mark.line) if mark is not None else 0), *_TOO_DEEP)
    if "quoted scalar" in str(getattr(error, "context", "")):
        # The parser notices at the end of the file; the author must look where the quotation began.
        mark = getattr(error, "context_mark", None) or mark
    line = first_line + (int(mark.line) if mark is not None else 0)
    remedy = next((remedy for part, remedy in _REMEDIES.items() if part in said), _REMEDY)
    return Problem(path, line, f"not valid YAML: {printable(said)}", remedy)
