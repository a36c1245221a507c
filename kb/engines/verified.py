"""Which files of the index were last seen whole, so that a run that changes little need not read all of them again.

A file counts as the one that was verified while its size, time of change and inode stay the same. Damage that leaves
these alone is found by ``kb status``, by a reader that meets it, and by ``kb reindex --full``.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from pathlib import Path

VERIFIED = "verified.json"
#: A file written so shortly before it was noted (nanoseconds) could be written again within the same tick of its clock.
_TICK = 10_000_000


def note_verified(folder: Path, files: Sequence[Path]) -> None:
    """Remember that ``files`` are whole. A note that cannot be written costs time, nothing else."""
    before = time.time_ns() - _TICK
    seen = {path.name: stamp for path in files if (stamp := _stamp(path)) and stamp[1] < before}
    if _noted(folder) == seen:
        return
    with contextlib.suppress(OSError):
        unfinished = folder / f"{VERIFIED}.unfinished"
        unfinished.write_text(json.dumps(seen), encoding="utf-8")
        unfinished.rename(folder / VERIFIED)


def still_verified(folder: Path, files: Sequence[Path]) -> bool:
    """Whether ``files`` are those that were noted. One that is not there, and was not, is the same."""
    noted = _noted(folder)
    return any(path.name in noted for path in files) and all(_stamp(path) == noted.get(path.name) for path in files)


def forget_verified(folder: Path) -> None:
    """Let the next run read all of the index: something in it was found damaged."""
    with contextlib.suppress(OSError):
        (folder / VERIFIED).unlink(missing_ok=True)


def _noted(folder: Path) -> dict[str, list[int]]:
    try:
        noted = json.loads((folder / VERIFIED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _stamp(path: Path) -> list[int] | None:
    """Size, time of change and inode; None for a file that is missing or empty.

    The change of status is no sign: SQLite sets the owner of a log whenever it opens one.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns, found.st_ino] if found.st_size else None
