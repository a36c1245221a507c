"""One file of practices as the ledger keeps it: what it says, what it refers to, what is wrong with it.

All that takes time is in here, and rests on the file, on what can be known before all files are read, and on nothing
else: so many files can be read at a time (:mod:`kb.workers`).
"""

from __future__ import annotations

import hashlib
import json
import stat
import time
import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kb.content.checks import AliasClaim, Known, alias_claims, check_practice, references
from kb.content.codec import practice_to_json
from kb.content.files import read_file, shown
from kb.content.model import Practice, Problem
from kb.content.parsing import Parsed, parse_practice
from kb.content.twins import Text, words_of

#: A file written so shortly before it was read (nanoseconds) may be written again without a change of its times: the
#: coarsest clock of a file system in use counts two seconds.
_UNSETTLED = 2_000_000_000


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file, its SHA-256, and the stamp by which it is known while it stays the same (empty: it may not be)."""

    content: bytes | Problem
    sha: bytes | None
    stamp: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a practice's file says, in the forms in which it is kept.

    ``value`` is None where its fields are wrong. ``prints`` are int64. ``cross`` is what is wrong with it beside
    others; None where that can be told only when all files have been read.
    """

    value: str | None
    text: bytes
    anchors: str
    prints: bytes
    problems: tuple[Problem, ...]
    refers_to: tuple[str, ...]
    claims: tuple[AliasClaim, ...]
    cross: tuple[Problem, ...] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """``said`` is None for a file that is as it was, a Problem for one that cannot be read."""

    sha: bytes | None
    stamp: str
    said: Said | Problem | None


class NotYetError(Exception):
    """Something was asked for that is known only when all files have been read."""


class NotYet(dict[str, Any]):
    """Stands for what is known only later: asking it raises NotYetError."""

    def __contains__(self, key: object) -> bool:
        raise NotYetError

    def get(self, key: str, default: Any = None) -> Any:
        raise NotYetError


@dataclass(frozen=True, slots=True)
class PracticeReader:
    """Reads files of ``folder`` in ``entries``, each given by its name and the SHA-256 that it had, if any."""

    entries: Path
    folder: str
    known: Known
    today: date

    def __call__(self, file: tuple[str, bytes | None]) -> Reading:
        name, before = file
        read = read_whole(self.entries, self.folder, name)
        if read.sha is not None and read.sha == before:
            return Reading(read.sha, read.stamp, None)
        if isinstance(read.content, Problem):
            return Reading(read.sha, read.stamp, read.content)
        return Reading(read.sha, read.stamp, self._said(parse_practice(shown(f"{self.folder}/{name}"), read.content)))

    def _said(self, parsed: Parsed[Practice]) -> Said:
        try:
            cross = tuple(check_practice(parsed, self.known, self.today))
        except NotYetError:
            cross = None
        return Said(
            value=json.dumps(practice_to_json(parsed.value), ensure_ascii=False) if parsed.value else None,
            text=zlib.compress(parsed.front.text.encode("utf-8", "surrogatepass"), 1),
            anchors=json.dumps(sorted(parsed.anchors)),
            prints=words_of(_text(parsed)).fingerprints.tobytes(),
            problems=parsed.problems,
            refers_to=tuple(references(parsed)),
            claims=tuple(alias_claims(parsed)),
            cross=cross,
        )


def read_whole(entries: Path, folder: str, name: str) -> FileRead:
    path = entries / folder / name
    now = time.time_ns()
    stamp = stamp_of(path, settled_before=now - _UNSETTLED)
    content = read_file(entries, f"{folder}/{name}")
    if isinstance(content, Problem):
        return FileRead(content, None, "")
    return FileRead(content, hashlib.sha256(content).digest(), stamp)


def stamp_of(path: Path, *, settled_before: int | None = None) -> str:
    """Size, times and inode of a regular file; empty for anything else, and for one that changed too lately."""
    try:
        found = path.stat(follow_symlinks=False)
    except OSError:
        return ""
    latest = max(found.st_mtime_ns, found.st_ctime_ns)
    if not stat.S_ISREG(found.st_mode) or (settled_before is not None and latest >= settled_before):
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def lead(title: str, summary: str) -> str:
    """What is compared of a practice beside its body."""
    return f"{title}. {summary}"


def _text(parsed: Parsed[Practice]) -> Text:
    words = lead(parsed.value.title, parsed.value.summary) if parsed.value is not None else ""
    return Text(parsed.path, parsed.front.body, parsed.front.body_line, words)
