"""Vectors already made, by (model fingerprint, passage hash), in a database of its own.

It belongs to the writer alone and is only ever a saving of time: a damaged one is set aside and filled again. What no
passage uses any more is kept for a while, as texts and models are changed back; indexer.build says how long.
"""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from kb.engines.database.variables import chunks, marks
from kb.errors import StoreError
from kb.types import Floats

CACHE = "vectors.sqlite"
#: Bytes of a page: a vector and its key are a little less than two thousand, of which two would fit a common page, with
#: the rest of it empty.
_PAGE = 16_384


class VectorCache:
    """Open with ``with``. Every batch that is put is committed, so that an interrupted run resumes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / CACHE
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        try:
            self._connection = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._told(error) from error
            self._discard()
            self._connection = self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection:
            self._connection.close()

    def get(self, fingerprint: str, hashes: Sequence[bytes], dimension: int) -> Mapping[bytes, Floats]:
        """The vectors that there are, each float32 of shape (dimension,). One whose checksum is wrong is not there."""
        found: dict[bytes, Floats] = {}
        for chunk in chunks(hashes):
            rows = self._rows(
                f"SELECT hash, vector, checksum FROM kept WHERE fingerprint = ? AND hash IN ({marks(chunk)})",
                (fingerprint, *chunk),
            )
            for digest, vector, checksum in rows:
                if len(vector) == 4 * dimension and zlib.crc32(vector) == checksum:
                    found[bytes(digest)] = np.frombuffer(vector, dtype="<f4").astype(np.float32)
        return found

    def put(self, fingerprint: str, hashes: Sequence[bytes], vectors: Floats) -> None:
        """Keep ``vectors`` (shape (len(hashes), dimension)). Raises StoreError when they cannot be written."""
        encoded = [row.astype("<f4").tobytes() for row in vectors]
        try:
            with self._open_connection as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO kept (fingerprint, hash, vector, checksum) VALUES (?, ?, ?, ?)",
                    (
                        (fingerprint, digest, vector, zlib.crc32(vector))
                        for digest, vector in zip(hashes, encoded, strict=True)
                    ),
                )
        except sqlite3.OperationalError as error:
            raise self._told(error) from error

    def size(self) -> int:
        """Bytes of what is kept."""
        try:
            (pages,), (free,), (each,) = (
                self._open_connection.execute(f"PRAGMA {name}").fetchone()
                for name in ("page_count", "freelist_count", "page_size")
            )
        except sqlite3.OperationalError as error:
            raise self._told(error) from error
        return int((pages - free) * each)

    def keep_only(self, used: Iterable[tuple[str, bytes]]) -> None:
        """Forget all but these (fingerprint, hash), in one transaction, and give the room back where there is some to
        do it. Raises StoreError when it cannot be written."""
        connection = self._open_connection
        try:
            connection.execute("CREATE TEMP TABLE used (fingerprint TEXT, hash BLOB, PRIMARY KEY (fingerprint, hash))")
            with connection:
                connection.executemany("INSERT OR IGNORE INTO used VALUES (?, ?)", used)
                connection.execute(
                    "DELETE FROM kept WHERE NOT EXISTS (SELECT 1 FROM used"
                    " WHERE used.fingerprint = kept.fingerprint AND used.hash = kept.hash)"
                )
            connection.execute("DROP TABLE used")
            with contextlib.suppress(sqlite3.OperationalError):  # without it the free pages are used again
                connection.execute("VACUUM")
        except sqlite3.OperationalError as error:
            raise self._told(error) from error
        except sqlite3.DatabaseError:
            self._discard()
            self._connection = self._open()

    def _rows(self, statement: str, values: Sequence[object]) -> list[tuple[bytes, bytes, int]]:
        try:
            return self._open_connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise self._told(error) from error
        except sqlite3.DatabaseError:
            self._discard()
            self._connection = self._open()
            return []

    @property
    def _open_connection(self) -> sqlite3.Connection:
        assert self._connection is not None, "use the cache in a with statement"
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10)
        try:
            connection.execute(f"PRAGMA page_size = {_PAGE}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'vectors'").fetchone():
                with connection:
                    connection.execute("DROP TABLE vectors")  # of an earlier version, in three times the room
            connection.execute(
                "CREATE TABLE IF NOT EXISTS kept (fingerprint TEXT NOT NULL, hash BLOB NOT NULL, vector BLOB NOT NULL,"
                " checksum INTEGER NOT NULL, UNIQUE (hash, fingerprint))"
            )
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _discard(self) -> None:
        if self._connection:
            self._connection.close()
        for suffix in ("-wal", "-shm", ""):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _told(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"{self._path}: {error}; the previous index is intact, make room or the folder writable and run: kb reindex"
        )
