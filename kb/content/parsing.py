"""One file of ``entries/`` to one value, with every problem that can be seen without another file.

Pure functions of a file's path and bytes, so that their results can be kept for as long as the bytes stay the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from kb.content.body import check_body
from kb.content.frontmatter import FrontMatter, split
from kb.content.ids import is_id, to_id
from kb.content.model import Organisation, Practice, Problem
from kb.content.schema import (
    OrganisationFields,
    PracticeFields,
    organisation_of,
    practice_of,
    validate,
)
from kb.content.wording import quoted
from kb.text import markup

Value = TypeVar("Value", Practice, Organisation)

_MAX_DESCRIPTION = 400
_MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Value]):
    """A file read by itself. ``value`` is None when its fields are wrong; ``front`` is what it says all the same."""

    path: str
    id: str
    value: Value | None
    front: FrontMatter
    problems: tuple[Problem, ...]
    anchors: frozenset[str] = frozenset()


def parse_practice(path: str, data: bytes) -> Parsed[Practice]:
    """The practice that the file ``path`` (relative to the entries folder) with the content ``data`` holds."""
    front = split(path, data)
    id = PurePosixPath(path).stem
    problems = [*front.problems, *_name_problems(path, id)]
    value = None
    if front.data is not None:
        checked = validate(PracticeFields, front.data, path=path, line=front.line)
        problems.extend(checked.problems)
        if checked.fields is not None:
            value = practice_of(checked.fields, id=id, body=front.body)
    if front.body or front.data is not None:
        problems.extend(check_body(front))
    anchors = frozenset(heading.id for heading in markup.headings(front.body))
    return Parsed(path, id, value, front, _bounded(path, problems), anchors)


def parse_organisation(path: str, data: bytes) -> Parsed[Organisation]:
    """The organisation that the file ``path`` (relative to the entries folder) with the content ``data`` holds."""
    front = split(path, data)
    id = PurePosixPath(path).stem
    problems = [*front.problems, *_name_problems(path, id)]
    description = " ".join(front.body.split())
    value = None
    if front.data is not None:
        checked = validate(OrganisationFields, front.data, path=path, line=front.line)
        problems.extend(checked.problems)
        if checked.fields is not None:
            value = organisation_of(checked.fields, id=id, description=description)
        if not description:
            remedy = "write one line about it below the front matter"
            problems.append(Problem(path, front.body_line, "nothing says what it is", remedy, "warning"))
    if len(description) > _MAX_DESCRIPTION:
        message = f"the line about it has {len(description)} characters, at most {_MAX_DESCRIPTION}"
        problems.append(Problem(path, front.body_line, message, f"shorten it by {len(description) - _MAX_DESCRIPTION}"))
    return Parsed(path, id, value, front, _bounded(path, problems))


def _name_problems(path: str, id: str) -> Iterable[Problem]:
    if not is_id(id):
        meant = to_id(id)
        remedy = f"rename it to {meant}.md" if meant else "rename it to something like report-remove.md"
        message = f"the file name {quoted(id)} is no id (lower-case letters, digits, single hyphens)"
        yield Problem(path, 1, message, remedy)


def _bounded(path: str, problems: list[Problem]) -> tuple[Problem, ...]:
    """The first problems by line, and how many more there are."""
    ordered = sorted(dict.fromkeys(problems))
    if len(ordered) <= _MAX_PROBLEMS:
        return tuple(ordered)
    more = f"{len(ordered) - _MAX_PROBLEMS} more problems in this file"
    last = Problem(path, ordered[_MAX_PROBLEMS].line, more, "mend the others first")
    return (*ordered[:_MAX_PROBLEMS], last)
