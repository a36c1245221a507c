"""What changed in a file of the entries and when, where they are kept in git. Without git there is no history."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: As many commits are read, the latest ones, and for so long (seconds).
MAX_COMMITS = 20_000
_PATIENCE = 10
_COMMIT = re.compile(r"\x01(\d{4}-\d{2}-\d{2}) (.*)")


@dataclass(frozen=True, slots=True)
class Change:
    """``date`` is an ISO date, ``subject`` the first line of what was written about the change."""

    date: str
    subject: str


class History:
    """The changes of all files below a folder, read in one go. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: tuple[object, Mapping[str, tuple[Change, ...]]] | None = None

    def of(self, path: str, *, version: object) -> tuple[Change, ...]:
        """The changes of a file (its path below the folder), latest first; none where nothing is known.

        git is asked once for each ``version`` of the whole, whatever that is to the caller.
        """
        with self._lock:
            if self._read is None or self._read[0] != version:
                self._read = version, _changes(self._folder)
            return self._read[1].get(path, ())


def _changes(folder: Path) -> Mapping[str, tuple[Change, ...]]:
    git = shutil.which("git")
    if git is None:
        return {}
    command = [
        *(git, "-C", str(folder), "-c", "core.quotePath=off", "log", f"--max-count={MAX_COMMITS}", "--no-color"),
        *("--name-only", "--relative", "--format=%x01%cs %s", "--", "."),
    ]
    try:
        found = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return {}  # no repository, one that belongs to somebody else, or one that answers too slowly
    changes: dict[str, list[Change]] = {}
    change: Change | None = None
    for line in found.stdout.decode("utf-8", "replace").split("\n"):
        if commit := _COMMIT.fullmatch(line):
            change = Change(commit[1], commit[2])
        elif line and change:
            changes.setdefault(line, []).append(change)
    return {path: tuple(made) for path, made in changes.items()}
