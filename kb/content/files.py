"""Files of the entries folder, read without trust: regular files inside the folder, of a bounded size, in UTF-8."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kb.content.model import Problem
from kb.content.wording import printable

MAX_BYTES = 1 << 20
_MAX_REPORTED_CHARACTERS = 5

# What no text needs and what hides in an editor: controls, other line separators, a BOM inside, non-characters.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_REASONS = MappingProxyType(
    {
        errno.ENOENT: ("points to nothing", "remove the symbolic link"),
        errno.ELOOP: ("is a symbolic link that leads to itself", "remove it"),
        errno.EACCES: ("may not be read", "make it readable: chmod a+r"),
        errno.EPERM: ("may not be read", "make it readable: chmod a+r"),
        errno.ENAMETOOLONG: ("has too long a name", "rename it"),
    }
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The names of the files in a folder, sorted, and what is wrong with others there."""

    names: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text with ``\\n`` at line ends; None when the bytes are not UTF-8."""

    text: str | None
    problems: tuple[Problem, ...] = ()


def shown(path: str) -> str:
    """A path as it is shown: forward slashes, printable, whatever bytes a file name holds."""
    return printable(path.replace(os.sep, "/"))


def list_folder(root: Path, folder: str, suffix: str) -> Listing:
    """What lies directly in ``root/folder`` and ends in ``suffix``. Hidden files are passed over in silence."""
    outside = _outside(root, folder)
    if outside is not None:
        return Listing((), (outside,))
    try:
        with os.scandir(root / folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return Listing(())
    except OSError as error:
        return Listing((), (_unreadable(folder, error),))
    names: list[str] = []
    problems: list[Problem] = []
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            message = f"a folder, and only files directly in {folder}/ are read"
            problems.append(Problem(shown(path), 1, message, f"move its files to {folder}/"))
        elif entry.name.endswith(suffix):
            names.append(entry.name)
        else:
            message = f"not read, because its name does not end in {suffix}"
            problems.append(Problem(shown(path), 1, message, "rename or remove it", "warning"))
    return Listing(tuple(names), tuple(problems))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A symbolic link that leads to itself; reading it will tell.
        return False


def read_file(root: Path, path: str) -> bytes | Problem:
    """The bytes of ``root/path``, or why they cannot be had. Never blocks on a pipe, never leaves ``root``."""
    outside = _outside(root, path)
    if outside is not None:
        return outside
    try:
        # Opened without waiting, so that a named pipe is refused rather than waited for.
        descriptor = os.open(root / path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return Problem(shown(path), 1, "gone while it was read", "check again")
    except OSError as error:
        return _unreadable(path, error)
    try:
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Problem(shown(path), 1, "not a regular file", "remove it")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(path, error)
    if len(data) > MAX_BYTES:
        return Problem(shown(path), 1, "larger than 1 MiB", "shorten it; an entry is a few pages of text")
    return data


def decode(path: str, data: bytes) -> Decoded:
    """The text of ``data``; a byte order mark is left out and told, line ends become ``\\n``."""
    problems: list[Problem] = []
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Decoded(None, (Problem(path, 1, "not UTF-8 but UTF-16", "save it as UTF-8"),))
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        problems.append(Problem(path, 1, "begins with a byte order mark", "save it as UTF-8 without BOM", "warning"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, f"not UTF-8 (byte 0x{data[error.start]:02x})", "save it as UTF-8"))
        return Decoded(None, tuple(problems))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    problems.extend(_invisible(path, text))
    return Decoded(text, tuple(problems))


def has_invisible(text: str) -> bool:
    return _INVISIBLE.search(text) is not None


def _invisible(path: str, text: str) -> Iterator[Problem]:
    for number, found in enumerate(_INVISIBLE.finditer(text)):
        if number == _MAX_REPORTED_CHARACTERS:
            return
        line = text.count("\n", 0, found.start()) + 1
        yield Problem(path, line, f"invisible character U+{ord(found[0]):04X}", "remove it")


def _outside(root: Path, path: str) -> Problem | None:
    """A problem when ``root/path`` leads, by a symbolic link, somewhere outside ``root`` or nowhere."""
    try:
        if not os.path.lexists(root / path):
            return None
        real = os.path.realpath(root / path, strict=True)
        base = os.path.realpath(root, strict=True)
    except OSError as error:
        return _unreadable(path, error)
    if os.path.commonpath((base, real)) == base:
        return None
    return Problem(shown(path), 1, "a symbolic link out of the entries folder", "put the file itself here")


def _unreadable(path: str, error: OSError) -> Problem:
    default = (f"cannot be read ({error.strerror or error})", "mend or remove it")
    message, remedy = _REASONS.get(error.errno or 0, default)
    return Problem(shown(path), 1, message, remedy)
