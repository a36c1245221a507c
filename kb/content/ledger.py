"""What was read of each file, kept in a database so that only files that changed are read again.

Belongs to the derived data: whatever is wrong with it, it is made anew, which costs time and nothing else. Each file
has a row with what is known of it; beside it stand its problems, what it refers to, and its fingerprints.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from functools import cache
from importlib import metadata
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kb.content.model import Problem
from kb.errors import StoreError

LEDGER = "readings.sqlite"
_VARIABLES = 500
#: Fingerprints that are held before they are written, 16 bytes each.
_HELD_PRINTS = 1_000_000
#: Seconds to wait for another program that is reading the entries.
_PATIENCE = 5.0

#: ``stamp`` is what the file system says of a file while it stays the same; empty: read it again. ``value`` is None
#: where its fields are wrong, ``anchors`` where it could not be read. ``twins``: the warnings for two texts, found for
#: the first of them.
_TABLES = """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE files (no INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, path TEXT NOT NULL, id TEXT NOT NULL,
        folded TEXT NOT NULL, stamp TEXT NOT NULL, sha BLOB, value TEXT, text BLOB, anchors TEXT, prints BLOB,
        sound INTEGER NOT NULL DEFAULT 0, digest TEXT NOT NULL DEFAULT '');
    CREATE INDEX files_path ON files (path);
    CREATE INDEX files_folded ON files (folded);
    CREATE TABLE problems (no INTEGER, source TEXT NOT NULL, path TEXT NOT NULL, line INTEGER NOT NULL,
        message TEXT NOT NULL, remedy TEXT NOT NULL, severity TEXT NOT NULL);
    CREATE INDEX problems_source ON problems (source, no);
    CREATE INDEX problems_path ON problems (severity, path);
    CREATE TABLE aliases (no INTEGER NOT NULL, ordinal INTEGER NOT NULL, alias TEXT NOT NULL, line INTEGER NOT NULL,
        PRIMARY KEY (no, ordinal)) WITHOUT ROWID;
    CREATE TABLE refs (target TEXT NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (target, no)) WITHOUT ROWID;
    CREATE INDEX refs_no ON refs (no);
    CREATE TABLE fingerprints (hash INTEGER NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (hash, no)) WITHOUT ROWID;
    CREATE TABLE twins (no INTEGER NOT NULL, other INTEGER NOT NULL, problems TEXT NOT NULL,
        PRIMARY KEY (no, other)) WITHOUT ROWID;
    CREATE INDEX twins_other ON twins (other);
"""


class Ledger:
    """Open with ``with``. Without a folder, or where that cannot be used, it is kept in memory for one reading."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / LEDGER if folder is not None and folder.is_dir() else None
        self._held: sqlite3.Connection | None = None
        self._kept = False
        self._prints: list[NDArray[np.int64]] = []
        self._holders: list[NDArray[np.int64]] = []
        self._held_prints = 0

    def __enter__(self) -> Self:
        self._held = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held:
            self._held.close()

    @property
    def connection(self) -> sqlite3.Connection:
        assert self._held is not None, "use the ledger in a with statement"
        return self._held

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            for attempt in range(2):
                try:
                    return _opened(str(self._path))
                except sqlite3.OperationalError:
                    break  # another program holds it, or it cannot be written
                except sqlite3.DatabaseError:
                    if attempt == 0:
                        discard(self._path.parent)
        return _opened(":memory:")

    # --- one reading ----------------------------------------------------------------------------------------------

    def begin(self, origin: str) -> None:
        """Forget everything unless it was read by this program from the same place, named by ``origin``."""
        made = f"{_program()} {origin}"
        if self.meta("made") != made:
            for (table,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
                self.connection.execute(f"DELETE FROM {table}")
            self.set_meta("made", made)

    def keep(self) -> None:
        """Commit, and go on with what was committed, whatever other programs write from now on."""
        self.connection.execute("COMMIT")
        self.connection.execute("BEGIN")
        self.meta("made")
        self._kept = True

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(statement, tuple(values)).fetchall()
        except sqlite3.DatabaseError as error:
            if not self._kept or self._path is None:
                raise
            # What was kept cannot be read again. Before, all is read anew; now, others rest on what it said.
            discard(self._path.parent)
            raise StoreError(f"{self._path} was damaged ({error}) and is removed; try again") from error

    def many(self, statement: str, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        """The rows of ``statement``, in which ``?*`` stands for some of ``values``, for all of them."""
        iterator = iter(values)
        while chunk := list(islice(iterator, _VARIABLES)):
            yield from self.rows(statement.replace("?*", ", ".join("?" * len(chunk))), chunk)

    def meta(self, key: str) -> str:
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    def set_meta(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    # --- problems -------------------------------------------------------------------------------------------------

    def set_problems(self, source: str, no: int | None, problems: Iterable[Problem]) -> None:
        """Replace those from ``source`` of the file ``no``, or of no file in particular."""
        self.connection.execute("DELETE FROM problems WHERE source = ? AND no IS ?", (source, no))
        self.connection.executemany(
            "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)", ((no, source, *astuple(one)) for one in problems)
        )

    def problems(self) -> Iterator[Problem]:
        for values in self.connection.execute("SELECT path, line, message, remedy, severity FROM problems"):
            yield Problem(*values)
        for (kept,) in self.connection.execute("SELECT problems FROM twins"):
            yield from problems_from_json(kept)

    # --- files ----------------------------------------------------------------------------------------------------

    def stamps(self, folder: str) -> Mapping[bytes, tuple[int, str]]:
        """Number and stamp of each file of a folder, by key."""
        found = self.rows("SELECT key, no, stamp FROM files WHERE key >= ? AND key < ?", folder_range(folder))
        return {key: (no, stamp) for key, no, stamp in found}

    def remove(self, no: int) -> None:
        """Forget a file with all that hangs on it."""
        self.unlink(no)
        self.connection.execute("DELETE FROM twins WHERE no = ? OR other = ?", (no, no))
        self.connection.execute("DELETE FROM files WHERE no = ?", (no,))

    def unlink(self, no: int) -> None:
        """Forget what a file says, not that it is there."""
        for (prints,) in self.rows("SELECT prints FROM files WHERE no = ?", (no,)):
            self.connection.executemany(
                "DELETE FROM fingerprints WHERE hash = ? AND no = ?", ((hash, no) for hash in prints_of(prints))
            )
        for table in ("problems", "aliases", "refs"):
            self.connection.execute(f"DELETE FROM {table} WHERE no = ?", (no,))

    def add_fingerprints(self, no: int, prints: bytes) -> None:
        """Note those of a file, as ``files`` keeps them. They are found after :meth:`flush_fingerprints`."""
        found = np.frombuffer(prints, dtype=np.int64)
        self._prints.append(found)
        self._holders.append(np.full(len(found), no, dtype=np.int64))
        self._held_prints += len(found)
        if self._held_prints >= _HELD_PRINTS:
            self.flush_fingerprints()

    def flush_fingerprints(self) -> None:
        """Write them in the order of the table: one after the other they would fall on a page each, anywhere."""
        if self._prints:
            prints, holders = np.concatenate(self._prints), np.concatenate(self._holders)
            order = np.lexsort((holders, prints))
            self.connection.executemany(
                "INSERT INTO fingerprints VALUES (?, ?)",
                zip(prints[order].tolist(), holders[order].tolist(), strict=True),
            )
        self._prints, self._holders, self._held_prints = [], [], 0

    def referring(self, targets: Iterable[str]) -> set[int]:
        """The files that refer to any of ``targets``."""
        return {no for (no,) in self.many("SELECT no FROM refs WHERE target IN (?*)", sorted(targets))}


def discard(folder: Path) -> None:
    """Remove the ledger of a data folder."""
    for suffix in ("-wal", "-shm", ""):
        (folder / (LEDGER + suffix)).unlink(missing_ok=True)


def problems_to_json(problems: Iterable[Problem]) -> str:
    return json.dumps([astuple(problem) for problem in problems])


def problems_from_json(text: str) -> Iterator[Problem]:
    return (Problem(*values) for values in json.loads(text))


def prints_of(blob: bytes | None) -> list[int]:
    """Fingerprints as they are kept: 8 bytes each."""
    return memoryview(blob).cast("q").tolist() if blob else []


def _opened(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=_PATIENCE, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'twins'").fetchone():
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def folder_range(folder: str) -> tuple[bytes, bytes]:
    """The bounds of the keys of the files in a folder: from the first to before the second."""
    return f"{folder}/".encode(), f"{folder}0".encode()  # "0" follows "/"


@cache
def _program() -> str:
    """Changes with every change of the code that reads entries, and of the packages that it reads them with."""
    room = Path(__file__).resolve().parent
    found = hashlib.sha256()
    for file in (*sorted(room.glob("*.py")), room.parent / "text" / "markup.py"):
        found.update(file.read_bytes())
    for package in ("pyyaml", "pydantic", "babel"):
        found.update(metadata.version(package).encode())
    return found.hexdigest()
