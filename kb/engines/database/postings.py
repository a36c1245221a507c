"""Which documents hold a term, and how often in each field: postings, kept as arrays in SQLite.

Each publication appends a *run* of postings and changes none: documents that are gone stay in older runs until these
are merged (a log-structured merge tree, O'Neil et al. 1996). So one changed document costs as many small rows as it has
terms (and, unless it is in English, pieces of its words: three or four for each term), and a query reads one array for
each term, field and run, whatever the size of the base.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.engines.database.variables import chunks, marks

#: Fields, by the number under which they are stored. Those of translations hold terms of their own
#: (:func:`kb.text.analysis.translated_tokens`), and so do letters: the pieces of the words of title and text
#: (:func:`kb.text.letters.pieces`).
FIELDS = ("title", "text", "keywords", "translated title", "translation", "letters")

#: Postings that are held in memory before they are written.
BUFFERED = 2_000_000
#: The newer runs are merged when there are more than this, all of them when more than this share of documents is gone.
MAX_RUNS = 8
MAX_DEAD = 0.25

#: ``places``: two rows of little-endian int32, the keys of documents (rising) and how often each holds the term.
TABLES = """
    CREATE TABLE postings (term TEXT NOT NULL, field INTEGER NOT NULL, run INTEGER NOT NULL, places BLOB NOT NULL);
    CREATE UNIQUE INDEX idx_postings_term ON postings (term, field, run);
    CREATE INDEX idx_postings_run ON postings (run);
    CREATE TABLE runs (run INTEGER PRIMARY KEY, last INTEGER NOT NULL, documents INTEGER NOT NULL, size INTEGER);
"""

_DTYPE = np.dtype("<i4")


class Places(NamedTuple):
    """Where a term stands in one field, in one run: int32, shape (n,). No key occurs twice."""

    field: int
    keys: NDArray[np.int32]
    counts: NDArray[np.int32]


def read(connection: sqlite3.Connection, terms: Sequence[str]) -> Mapping[str, list[Places]]:
    """The postings of ``terms``, of those that there are. Documents that are gone may be among them."""
    found: dict[str, list[Places]] = {}
    for chunk in chunks(terms):
        for term, field, places in connection.execute(
            f"SELECT term, field, places FROM postings WHERE term IN ({marks(chunk)})", chunk
        ):
            found.setdefault(term, []).append(Places(field, *_unpacked(places)))
    return found


class PostingsWriter:
    """Appends documents, each with a larger key than all before. ``flush`` writes what is still held in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._held: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        self._size = 0
        self._documents: list[int] = []

    def last_key(self) -> int:
        """The largest key that was ever added to what is stored; 0 where there is none."""
        (last,) = self._connection.execute("SELECT coalesce(max(last), 0) FROM runs").fetchone()
        return max(int(last), self._documents[-1] if self._documents else 0)

    def add(self, key: int, counts: Iterable[tuple[int, Sequence[str], Sequence[int]]]) -> None:
        """``counts``: for each field (its number in FIELDS) the terms, and how often each stands there."""
        held = self._held
        for number, terms, numbers in counts:
            for term, count in zip(terms, numbers, strict=True):
                held[term, number] += (key, count)
            self._size += len(terms)
        self._documents.append(key)
        if self._size >= BUFFERED:
            self.flush()

    def flush(self) -> None:
        if not self._documents:
            return
        (run,) = self._connection.execute("SELECT coalesce(max(run), 0) + 1 FROM runs").fetchone()
        self._connection.executemany(
            "INSERT INTO postings (term, field, run, places) VALUES (?, ?, ?, ?)",
            (
                (term, field, run, _packed(np.array(self._held[term, field], dtype=_DTYPE).reshape(-1, 2).T))
                for term, field in sorted(self._held)
            ),
        )
        self._connection.execute(
            "INSERT INTO runs (run, last, documents, size) VALUES (?, ?, ?, ?)",
            (run, self._documents[-1], len(self._documents), self._size),
        )
        self._held, self._size, self._documents = defaultdict(list), 0, []


def merge(connection: sqlite3.Connection) -> None:
    """Keep the runs few, and free of what is gone. A run is left alone while it is larger than all newer ones."""
    runs = connection.execute("SELECT run, documents, size FROM runs ORDER BY run").fetchall()
    (live,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    first = _first_to_merge([size for *_, size in runs], sum(documents for _, documents, _ in runs), live)
    if first is not None:
        _merge(connection, runs[first][0])


def _first_to_merge(sizes: Sequence[int], documents: int, live: int) -> int | None:
    """The place of the oldest run that is to become one with all newer ones."""
    if documents - live > MAX_DEAD * documents:
        return 0
    if len(sizes) <= MAX_RUNS:
        return None
    first, held = len(sizes) - 2, sizes[-2] + sizes[-1]
    while first and sizes[first - 1] <= held:
        first -= 1
        held += sizes[first]
    return first


def _merge(connection: sqlite3.Connection, first: int) -> None:
    """All runs from ``first`` on become one, without the documents that are gone."""
    (last,) = connection.execute("SELECT max(last) FROM runs").fetchone()
    alive = np.zeros(last + 1, dtype=bool)
    alive[[key for (key,) in connection.execute("SELECT key FROM documents WHERE key <= ?", (last,))]] = True
    connection.execute("CREATE TEMP TABLE merged (term TEXT, field INTEGER, places BLOB)")
    rows = connection.execute(
        "SELECT term, field, places FROM postings WHERE run >= ? ORDER BY term, field, run", (first,)
    )
    sizes = Counter[str]()
    seen = np.zeros(last + 1, dtype=bool)
    connection.executemany("INSERT INTO merged VALUES (?, ?, ?)", _merged(rows, alive, seen, sizes))
    connection.execute("DELETE FROM postings WHERE run >= ?", (first,))
    connection.execute("DELETE FROM runs WHERE run >= ?", (first,))
    connection.execute(
        "INSERT INTO postings (term, field, run, places) SELECT term, field, ?, places FROM merged", (first,)
    )
    connection.execute("DROP TABLE merged")
    # A document without any term stands in no posting; it is counted while it lives, as it was when it was added.
    connection.execute(
        "INSERT INTO runs (run, last, documents, size) VALUES (?, ?, ?, ?)",
        (first, last, int(seen.sum()), sizes["postings"]),
    )


def _merged(
    rows: Iterator[tuple[str, int, bytes]], alive: NDArray[np.bool_], seen: NDArray[np.bool_], sizes: Counter[str]
) -> Iterator[tuple[str, int, bytes]]:
    for (term, field), group in groupby(rows, key=lambda row: (row[0], row[1])):
        places = np.concatenate([_unpacked(blob) for *_, blob in group], axis=1)
        places = places[:, alive[places[0]]]
        if places.shape[1]:
            seen[places[0]] = True
            sizes["postings"] += places.shape[1]
            yield term, field, _packed(places)


def _packed(places: NDArray[np.int32]) -> bytes:
    return np.ascontiguousarray(places).tobytes()


def _unpacked(places: bytes) -> NDArray[np.int32]:
    return np.frombuffer(places, dtype=_DTYPE).reshape(2, -1)
