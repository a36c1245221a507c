"""A folder that is written as a whole: everything aside first, then put in place file by file.

Whatever moment the power fails at, each file there is whole, old or new, and links lead somewhere: old files go last.
A list of what was written lies in the folder, so that the next export removes what is gone and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from kb.errors import Busy, KbError

#: Names the files of an export. Hidden, and no page links to it.
MANIFEST = ".kb-export.json"
ASIDE = ".kb-export-new"


def publish(target: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Make ``target`` hold ``files`` (names with ``/``, contents); how many there are.

    Files that are not of an earlier export are never touched. Raises KbError where one stands in the way or the
    folder cannot be written, Busy while another export writes it.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        with _alone(target):
            return _publish(target, files)
    except OSError as error:
        where = error.filename or target
        raise KbError(f"{where}: {error.strerror}; choose another folder, or make room and export again") from error


def _publish(target: Path, files: Iterable[tuple[str, bytes]]) -> int:
    ours = _ours(target)
    aside = target / ASIDE
    if aside.is_symlink():
        raise KbError(f"{aside} is a link; remove it and export again")
    shutil.rmtree(aside, ignore_errors=True)
    names: set[str] = set()
    for name, content in files:
        path = aside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        names.add(name)
    for name in sorted(names):
        _require_free(target, name, ours)
    _remember(target, ours | names)
    # Assets first, then pages: no page is ever there before what it is made of.
    for name in sorted(names, key=lambda name: (name.endswith(".html"), name)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (aside / name).replace(target / name)
    for name in ours - names:
        (target / name).unlink(missing_ok=True)
    _remember(target, names)
    shutil.rmtree(aside)
    _remove_empty(target, ours - names)
    return len(names)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """The system lets go of the lock when the process ends, however it ends."""
    folder = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"another export is writing {target}; wait for it") from None
        yield
    finally:
        os.close(folder)


def _ours(target: Path) -> set[str]:
    """What an earlier export wrote, as far as it stays within the folder."""
    try:
        listed = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
        return {name for name in listed if _is_within(name)}
    except FileNotFoundError:
        return set()
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KbError(f"{target / MANIFEST} is not the list that an export writes; choose another folder") from None


def _is_within(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _require_free(target: Path, name: str, ours: set[str]) -> None:
    path = target / name
    for above in path.relative_to(target).parents:
        if (target / above).is_symlink() and above.parts:
            raise KbError(f"{target / above} is a link, and files would be written elsewhere; choose another folder")
    if name not in ours and os.path.lexists(path):
        raise KbError(f"{path} is there and is not of an export; move it away, or choose another folder")


def _remember(target: Path, names: set[str]) -> None:
    path = target / MANIFEST
    aside = path.with_name(f"{MANIFEST}.new")
    aside.write_text(json.dumps({"files": sorted(names)}, indent=0), encoding="utf-8")
    aside.replace(path)


def _remove_empty(target: Path, gone: set[str]) -> None:
    for folder in sorted({(target / name).parent for name in gone}, reverse=True):
        if folder != target and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
