"""What changed in a file of the entries and when, where they are kept in git. Without git there is no history.

What changed is read from the difference itself: which fields of the front matter, which headings of the text. The words
that somebody wrote about a change are told only where it touched nothing but entries; others are about the program.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kb.upkeep.git import git

#: As many commits are read, the latest ones.
MAX_COMMITS = 20_000
#: As many changes of one file are told, the latest ones.
MAX_CHANGES = 8
#: Lines around a change that git tells: all of them, so that every line has its field or heading above it.
_WHOLE = 100_000
_COMMIT = re.compile(r"\x01([0-9a-f]{40,64}) (\d{4}-\d{2}-\d{2}) \x02(.*?)\x02 (.*)")
_SHOWN = re.compile(r"\x01([0-9a-f]{40,64})")
_FENCE = "---"
_FIELD = re.compile(r"([a-z]+):")
_HEADING = re.compile(r"#{1,2} +(.*?)[ #]*")


@dataclass(frozen=True, slots=True)
class Change:
    """``date`` is an ISO date, ``subject`` the first line of what was written about the change, None where that is not
    about entries alone. ``fields`` of the front matter changed, and text below ``headings``, unless all of it was
    ``added``."""

    date: str
    subject: str | None = None
    fields: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    added: bool = False


@dataclass(frozen=True, slots=True)
class _Commit:
    id: str
    date: str
    subject: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    """What is known of one version: the commits of every file, and the changes of those that were asked for."""

    version: object
    commits: Mapping[str, tuple[_Commit, ...]]
    told: dict[str, tuple[Change, ...]] = field(default_factory=dict)


class History:
    """The changes of all files below a folder: which there are is read in one go, what they are file by file.
    Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: _Read | None = None

    def of(self, path: str, *, version: object) -> tuple[Change, ...]:
        """The latest changes of a file (its path below the folder), latest first; none where nothing is known.

        git is asked once for each ``version`` of the whole, whatever that is to the caller, and once for each file.
        """
        with self._lock:
            if self._read is None or self._read.version != version:
                self._read = _Read(version, _commits(self._folder))
            read = self._read
        # Without the lock: two that ask for the same file at once find the same, and others do not wait.
        if path not in read.told:
            commits = read.commits.get(path, ())[:MAX_CHANGES]
            read.told[path] = _changes(self._folder, path, commits) if commits else ()
        return read.told[path]


def _commits(folder: Path) -> Mapping[str, tuple[_Commit, ...]]:
    """The commits of every file below ``folder``, latest first."""
    # The path of the folder in its repository, with a slash at its end; nothing for the repository itself.
    below = (git(folder, "rev-parse", "--show-prefix") or "").strip("\n")
    told = git(
        folder,
        *("log", f"--max-count={MAX_COMMITS}", "--no-renames", "--full-diff", "--name-only"),
        *("--format=%x01%H %cs %x02%D%x02 %s", "--", "."),
    )
    commits: dict[str, list[_Commit]] = {}
    for head, names in _blocks(told or "", _COMMIT):
        if "grafted" in head[3].split(", "):
            continue  # where a shallow clone begins, everything looks as if it was added
        ours = [name.removeprefix(below) for name in names if name.startswith(below)]
        commit = _Commit(head[1], head[2], head[4] if len(ours) == len(names) else None)
        for name in ours:
            commits.setdefault(name, []).append(commit)
    return {path: tuple(made) for path, made in commits.items()}


def _changes(folder: Path, path: str, commits: Sequence[_Commit]) -> tuple[Change, ...]:
    told = git(
        folder,
        *("show", "--no-renames", "--no-ext-diff", "--no-textconv", f"--unified={_WHOLE}", "--format=%x01%H"),
        *(*(commit.id for commit in commits), "--", path),
    )
    lines = {head[1]: block for head, block in _blocks(told or "", _SHOWN)}
    changes = (_change(commit, lines.get(commit.id, ())) for commit in commits)
    return tuple(change for change in changes if change.added or change.fields or change.headings or change.subject)


def _change(commit: _Commit, lines: Sequence[str]) -> Change:
    start = next((number for number, line in enumerate(lines) if line.startswith("@@")), len(lines))
    if any(line.startswith("new file") for line in lines[:start]):
        return Change(commit.date, commit.subject, added=True)
    before, after = _Side(), _Side()
    found: dict[tuple[str, str], None] = {}
    for line in lines[start + 1 :]:
        mark, text = line[:1], line[1:].rstrip()
        for side in {" ": (before, after), "-": (before,), "+": (after,)}.get(mark, ()):
            side.read(text)
            if mark != " " and text and text != _FENCE and side.part[1]:
                found[side.part] = None
    return Change(
        commit.date,
        commit.subject,
        fields=tuple(name for kind, name in found if kind == "field"),
        headings=tuple(name for kind, name in found if kind == "heading"),
    )


class _Side:
    """One of the two texts that are compared, read line by line: which part of the file the last line belongs to."""

    def __init__(self) -> None:
        self._fences = 0
        #: ("field", name) or ("heading", text); the field "body" is text above the first heading.
        self.part = ("field", "")

    def read(self, text: str) -> None:
        if text == _FENCE and self._fences < 2:
            self._fences += 1
            self.part = ("field", "body" if self._fences == 2 else "")
        elif self._fences < 2:
            if name := _FIELD.match(text):
                self.part = ("field", name[1])
        elif heading := _HEADING.fullmatch(text):
            self.part = ("heading", heading[1])


def _blocks(told: str, head: re.Pattern[str]) -> Iterator[tuple[re.Match[str], list[str]]]:
    """What git told, commit by commit: the line that begins it, and those below that are not empty."""
    found: re.Match[str] | None = None
    lines: list[str] = []
    for line in told.split("\n"):
        if begun := head.fullmatch(line):
            if found:
                yield found, lines
            found, lines = begun, []
        elif line:
            lines.append(line)
    if found:
        yield found, lines
