"""The database: SQLite in WAL mode, written through sqlite-utils.

One transaction publishes a generation; a reader sees one generation within one read transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kb.engines.database.mending import told
from kb.engines.database.reader import Reader
from kb.engines.database.tables import create_tables
from kb.engines.database.writer import Writer
from kb.errors import NoIndex, StoreError

DATABASE = "index.sqlite"
_SIDE_FILES = ("-wal", "-shm")
#: Pages that a writer holds before it writes them (KiB): keys of passages are hashes, which fall anywhere, and a page
#: that has left the cache is written and read again for each.
_WRITER_CACHE = 128 * 1024


class Store:
    """The database in a data folder. Readers open one connection a thread; there is one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / DATABASE
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """One read transaction: everything read in it belongs to one generation.

        Raises StoreError where there is no index, or where it is damaged or made by another version.
        """
        with told(self.path):
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield Reader(connection, self.path)
            finally:
                connection.rollback()

    def pin(self) -> Pin | None:
        """A read transaction that lasts until it is closed. Raises StoreError as :meth:`reading` does.

        None where the database can only be read as one that does not change.
        """
        with told(self.path):
            connection, sealed = self._open()
            if sealed:
                self._close(connection)
                return None
            connection.execute("BEGIN")
            return Pin(Reader(connection, self.path), lambda: self._close(connection))

    def spare_log(self) -> None:
        """Move what is in the log into the database, as far as no reader is in the way, so that the log ends."""
        with suppress(sqlite3.DatabaseError):
            uri = f"{self.path.absolute().as_uri()}?mode=rw"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                connection.close()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """One write transaction, committed at the end: readers see all of it or nothing.

        Creates the database where there is none. Raises StoreError when it cannot be written.
        """
        with told(self.path):
            connection = sqlite3.connect(self.path, isolation_level=None, timeout=10)
            try:
                # A writer waits for the disk: what it published must survive a power cut.
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute(f"PRAGMA cache_size = -{_WRITER_CACHE}")
                import sqlite_utils  # readers do without: it takes longer to import than they take to read

                database = sqlite_utils.Database(connection)
                with database.atomic():
                    if "meta" not in database.table_names():
                        create_tables(database)
                    yield Writer(database, self.path)
            finally:
                connection.close()

    def check(self) -> None:
        """Read every page of the database. Raises StoreError when it is damaged."""
        with self.reading() as reader:
            reader.check()

    def size(self) -> int:
        """The size of the database file in bytes."""
        return self.path.stat().st_size

    def files(self) -> tuple[Path, ...]:
        """The files that hold the database: its own, and the log of what was written since."""
        return (self.path, self.path.with_name(self.path.name + "-wal"))

    def set_aside(self) -> None:
        """Remove a damaged database, with its side files first: a log must never meet another database."""
        self.close()
        for suffix in (*_SIDE_FILES, ""):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        held: sqlite3.Connection | None = getattr(self._local, "connection", None)
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            if held is not None:
                return held  # the file is being made anew; until then the one that was removed goes on serving
            raise NoIndex(f"no index in {self.path.parent}; build it with: kb reindex") from None
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}; check its permissions") from error
        if held is None or self._local.inode != inode or self._local.sealed:
            # Also reached when the file was replaced under an open connection, which would go on reading the old one.
            if held is not None and self._local.sealed:
                self._close(held)
            held, self._local.sealed = self._open()
            self._local.connection, self._local.inode = held, inode
        return held

    def _open(self) -> tuple[sqlite3.Connection, bool]:
        """A connection for reading, and whether it is sealed: good for one transaction.

        SQLite makes side files to read a database in WAL mode. Where it cannot, in a read-only folder or a full one,
        and where there is no log, the database can be read as one that does not change while it is open.
        """
        log = self.path.with_name(self.path.name + "-wal")
        if os.access(self.path.parent, os.W_OK):
            connection = self._connect("mode=ro")
            try:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
                return connection, False
            except sqlite3.OperationalError:
                self._close(connection)
                if log.exists() and log.stat().st_size:
                    raise
        elif log.exists():
            return self._connect("mode=ro"), False
        return self._connect("mode=ro&immutable=1"), True

    def _close(self, connection: sqlite3.Connection) -> None:
        connection.close()
        with self._lock, suppress(ValueError):  # all are closed, and forgotten, together
            self._opened.remove(connection)

    def _connect(self, options: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?{options}",
            uri=True,
            isolation_level=None,
            timeout=10,
            check_same_thread=False,
        )
        with self._lock:
            self._opened.append(connection)
        return connection


@dataclass(frozen=True, slots=True)
class Pin:
    """A reader that keeps to one generation, for any thread, one at a time. Close it when it is not needed any more."""

    reader: Reader
    close: Callable[[], None]
