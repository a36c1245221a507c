"""Errors of the database that a user can mend, told as what they are and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kb.errors import Busy, Damaged, StoreError

_INTACT = "the previous index is intact, make room or the folder writable and run: kb reindex"
REBUILD = "the file is damaged, rebuild it with: kb reindex"

_MENDABLE: Mapping[str, tuple[type[StoreError], str]] = {
    "database is locked": (Busy, "another program holds it, try again when that has ended"),
    "readonly": (StoreError, _INTACT),
    "disk is full": (StoreError, _INTACT),
    "disk I/O error": (StoreError, _INTACT),
    "unable to open": (StoreError, "check that the folder exists and can be read and written"),
    "not a database": (Damaged, REBUILD),
    "malformed": (Damaged, REBUILD),
    "no such table": (Damaged, REBUILD),
    "no such column": (Damaged, REBUILD),
    "corruption": (Damaged, REBUILD),
}


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn the database errors that a user can mend into StoreErrors; anything else stays loud."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        message = str(error)
        for symptom, (kind, advice) in _MENDABLE.items():
            if symptom in message:
                raise kind(f"{path}: {message}; {advice}") from error
        raise
