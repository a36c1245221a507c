"""``entries/`` to values: everything that is sound, and every problem with the rest.

Each file is read by itself (:mod:`kb.content.parsing`), then checked against the others. A practice or an
organisation with an error is left out; one bad file never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Generic

from kb.content.checks import Known, check_practice
from kb.content.files import list_folder, read_file, shown
from kb.content.model import Corpus, Organisation, Practice, Problem
from kb.content.parsing import Parsed, Value, parse_organisation, parse_practice
from kb.content.survey import ORGANISATIONS, PRACTICES, TAXONOMY, surveyed
from kb.errors import ContentError
from kb.text.markup import headings

__all__ = ["ORGANISATIONS", "PRACTICES", "TAXONOMY", "read_corpus", "read_organisations", "read_practice"]


@dataclass(frozen=True, slots=True)
class PracticeReading:
    """One file read for itself. ``practice`` is there whenever its fields are right, other problems or not."""

    practice: Practice | None
    problems: tuple[Problem, ...]
    text: str


@dataclass(frozen=True, slots=True)
class _Folder(Generic[Value]):
    """The files of a folder, sorted: those that could be read, and the ids of all that are there."""

    parsed: tuple[Parsed[Value], ...]
    ids: frozenset[str]
    problems: tuple[Problem, ...]


def read_corpus(entries: Path, *, today: date | None = None) -> Corpus:
    """Read everything. No date of an entry may be after ``today``, by default the clock's.

    Raises ContentError when ``entries`` is no folder of entries.
    """
    with surveyed(entries, today=today) as found:
        practices = {id: found.practice(id) for id in sorted(found.digests)}
        return Corpus(
            practices={id: practice for id, (practice, _) in practices.items()},
            organisations=found.organisations,
            taxonomy=found.taxonomy,
            problems=found.problems,
            files={id: text for id, (_, text) in practices.items()},
            left_out=found.left_out,
        )


def read_organisations(entries: Path) -> dict[str, Organisation]:
    """The organisations that are sound by themselves, by id; nothing is checked between files."""
    folder = _read_folder(entries, ORGANISATIONS, parse_organisation)
    return _sound(folder.parsed, folder.problems)


def read_practice(path: Path, *, corpus: Corpus | None = None, today: date | None = None) -> PracticeReading:
    """Read the one file ``path``, wherever it lies, and check it against ``corpus`` where there is one.

    Raises ContentError when there is no such file.
    """
    if not path.is_file():
        raise ContentError(f"no file {shown(str(path))}; write a new entry with: kb new")
    name = f"{PRACTICES}/{path.name}"
    data = read_file(path.parent, path.name)
    if isinstance(data, Problem):
        return PracticeReading(None, (replace(data, path=shown(name)),), "")
    parsed = parse_practice(shown(name), data)
    problems = list(parsed.problems)
    if corpus is not None:
        problems.extend(check_practice(parsed, _known(corpus, parsed), today or date.today()))
    return PracticeReading(parsed.value, tuple(sorted(dict.fromkeys(problems))), parsed.front.text)


def _known(corpus: Corpus, parsed: Parsed[Practice]) -> Known:
    others = {id: practice for id, practice in corpus.practices.items() if id != parsed.id}
    left_out = {path.removeprefix(f"{PRACTICES}/").removesuffix(".md") for path in corpus.left_out}
    return Known(
        taxonomy=corpus.taxonomy,
        organisations={id: (found.name, *found.aliases) for id, found in corpus.organisations.items()},
        practices=frozenset({*others, *left_out, parsed.id}),
        aliases={alias: practice.id for practice in others.values() for alias in practice.aliases},
        anchors={id: _anchors(practice) for id, practice in others.items()} | {parsed.id: parsed.anchors},
        broken=frozenset(corpus.left_out),
    )


def _anchors(practice: Practice) -> frozenset[str]:
    return frozenset(heading.id for heading in headings(practice.body))


def _read_folder(entries: Path, folder: str, parse: Callable[[str, bytes], Parsed[Value]]) -> _Folder[Value]:
    listing = list_folder(entries, folder, ".md")
    problems = list(listing.problems)
    read: list[Parsed[Value]] = []
    for name in listing.names:
        data = read_file(entries, f"{folder}/{name}")
        if isinstance(data, Problem):
            problems.append(data)
            continue
        parsed = parse(shown(f"{folder}/{name}"), data)
        read.append(parsed)
        problems.extend(parsed.problems)
    ids = frozenset(name.removesuffix(".md") for name in listing.names)
    return _Folder(tuple(read), ids, tuple(problems))


def _with_errors(problems: Iterable[Problem]) -> set[str]:
    return {problem.path for problem in problems if problem.severity == "error"}


def _sound(parsed: Iterable[Parsed[Value]], problems: Iterable[Problem]) -> dict[str, Value]:
    wrong = _with_errors(problems)
    return {file.id: file.value for file in parsed if file.value is not None and file.path not in wrong}
