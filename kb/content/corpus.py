"""``entries/`` to values: everything that is sound, and every problem with the rest.

Each file is read by itself (:mod:`kb.content.parsing`), then checked against the others. A practice or an
organisation with an error is left out; one bad file never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Generic

from kb.content.checks import Known, check_aliases, check_organisations, check_practice
from kb.content.files import list_folder, read_file, shown
from kb.content.model import SCHEMES, Corpus, Organisation, Practice, Problem
from kb.content.parsing import Parsed, Value, parse_organisation, parse_practice
from kb.content.taxonomy import FOLDER, read_taxonomy
from kb.content.twins import Text, check_twins
from kb.content.wording import listed
from kb.errors import ContentError
from kb.markup import headings

PRACTICES = "practices"
ORGANISATIONS = "organisations"
TAXONOMY = FOLDER
_FOLDERS = (PRACTICES, ORGANISATIONS, TAXONOMY)
_OTHERS = frozenset({"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})


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
    _require_entries(entries)
    taxonomy = read_taxonomy(entries)
    organisations = _read_folder(entries, ORGANISATIONS, parse_organisation)
    practices = _read_folder(entries, PRACTICES, parse_practice)
    problems = [
        *_stray(entries),
        *taxonomy.problems,
        *organisations.problems,
        *check_organisations(organisations.parsed, taxonomy.taxonomy),
        *practices.problems,
    ]
    sound = _sound(organisations.parsed, problems)
    known = Known(
        taxonomy=taxonomy.taxonomy,
        organisations={id: (organisation.name, *organisation.aliases) for id, organisation in sound.items()},
        practices=practices.ids,
        aliases={alias: parsed.id for parsed in practices.parsed if parsed.value for alias in parsed.value.aliases},
        anchors={parsed.id: parsed.anchors for parsed in practices.parsed},
        broken=frozenset(f"{ORGANISATIONS}/{id}.md" for id in organisations.ids - sound.keys()),
    )
    day = today or date.today()
    for parsed in practices.parsed:
        problems.extend(check_practice(parsed, known, day))
    problems.extend(check_aliases(practices.parsed))
    problems.extend(check_twins([_text(parsed) for parsed in practices.parsed]))
    kept = _without_missing(_sound(practices.parsed, problems), sound)
    schemes = {f"{TAXONOMY}/{SCHEMES[scheme]}" for scheme in taxonomy.taxonomy.schemes}
    return Corpus(
        practices=kept,
        organisations=sound,
        taxonomy=taxonomy.taxonomy,
        problems=tuple(sorted(dict.fromkeys(problems))),
        files={parsed.id: parsed.front.text for parsed in practices.parsed if parsed.id in kept},
        left_out=tuple(sorted(_with_errors(problems) - schemes)),
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


def _require_entries(entries: Path) -> None:
    if not entries.is_dir():
        raise ContentError(f"no folder {shown(str(entries))}; say where the entries are: kb --entries DIR")
    try:
        names = {path.name for path in entries.iterdir()}
    except OSError as error:
        raise ContentError(f"{shown(str(entries))} cannot be read ({error.strerror}); make it readable") from error
    if names.isdisjoint(_FOLDERS):
        message = f"{shown(str(entries))} holds no {listed(_FOLDERS)}; say where the entries are: kb --entries DIR"
        raise ContentError(message)


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


def _stray(entries: Path) -> Iterator[Problem]:
    """What lies beside the folders of entries and is not read."""
    for name in sorted(path.name for path in entries.iterdir()):
        if not name.startswith(".") and name not in _FOLDERS and name not in _OTHERS:
            remedy = f"entries lie in {listed(f'{folder}/' for folder in _FOLDERS)}"
            yield Problem(shown(name), 1, "not read", remedy, "warning")


def _with_errors(problems: Iterable[Problem]) -> set[str]:
    return {problem.path for problem in problems if problem.severity == "error"}


def _sound(parsed: Iterable[Parsed[Value]], problems: Iterable[Problem]) -> dict[str, Value]:
    wrong = _with_errors(problems)
    return {file.id: file.value for file in parsed if file.value is not None and file.path not in wrong}


def _without_missing(
    practices: Mapping[str, Practice], organisations: Mapping[str, Organisation]
) -> dict[str, Practice]:
    """The practices without references to files that were left out, so that every reference can be followed."""
    return {
        id: replace(
            practice,
            organisations=tuple(one for one in practice.organisations if one in organisations),
            related=tuple(other for other in practice.related if other in practices),
        )
        for id, practice in practices.items()
    }


def _text(parsed: Parsed[Practice]) -> Text:
    lead = f"{parsed.value.title}. {parsed.value.summary}" if parsed.value is not None else ""
    return Text(parsed.path, parsed.front.body, parsed.front.body_line, lead)
