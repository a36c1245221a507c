"""The database: SQLite in WAL mode, written through sqlite-utils. The only module that names sqlite_utils.

Everything in it is derived from ``entries/``, so a change of schema means a new database, not a migration. One
transaction publishes a generation; a reader sees one generation within one read transaction.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kb.content.codec import (
    organisation_from_json,
    organisation_to_json,
    practice_from_json,
    taxonomy_from_json,
    taxonomy_to_json,
)
from kb.content.model import Organisation, Taxonomy
from kb.engines import postings
from kb.engines.rows import Rows, row_checksum
from kb.engines.verified import forget_verified
from kb.errors import Busy, Damaged, NoIndex, StoreError
from kb.landscape import Place
from kb.types import (
    FACETS,
    Layout,
    Manifest,
    Placement,
    Positions,
    Segment,
    StoredDocument,
    StoredPassage,
    Tags,
)

if TYPE_CHECKING:
    import sqlite_utils

#: Raised whenever the tables, the analyser or the hashes of documents change their meaning.
SCHEMA_VERSION = 10

DATABASE = "index.sqlite"
_SIDE_FILES = ("-wal", "-shm")
_VARIABLES = 500
#: Pages that a writer holds before it writes them (KiB): keys of passages are hashes, which fall anywhere, and a page
#: that has left the cache is written and read again for each.
_WRITER_CACHE = 128 * 1024

_TABLES: Mapping[str, tuple[dict[str, type], str]] = {
    "meta": ({"key": str, "value": str}, "key"),
    "documents": (
        {
            "key": int,
            "id": str,
            "hash": str,
            "title": str,
            "language": str,
            "date": str,
            "practice": str,
            "source": str,
            "checksum": int,
        },
        "key",
    ),
    "passages": (
        {
            "key": int,
            "document": int,
            "ordinal": int,
            "kind": str,
            "language": str,
            "heading": str,
            "text": str,
            "hash": bytes,
            "segment": str,
            "row": int,
            "length": int,
            "checksum": int,
        },
        "key",
    ),
    "tags": ({"facet": str, "value": str, "document": int}, ""),
    "aliases": ({"alias": str, "id": str}, "alias"),
    "organisations": ({"id": str, "value": str}, "id"),
    "places": ({"id": str, "x": float, "y": float}, "id"),
}

#: Analysed text, for phrases. The ascii tokenizer splits at blanks and keeps every other character, so its words are
#: exactly the analyser's terms. A title stands in its own passage, the keywords in the first one.
#: Words as they are written, folded only, have a table of their own with a row for each document and each word once;
#: those of translations are not among them: they would pass for words of the language of the base.
_FTS = """
    CREATE VIRTUAL TABLE terms USING fts5(title, text, keywords, tokenize = 'ascii');
    CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'ascii', detail = none, columnsize = 0);
    CREATE VIRTUAL TABLE vocabulary USING fts5vocab('words', 'row');
    CREATE INDEX idx_passages_translated ON passages (language) WHERE kind = 'translation';
"""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the database errors that a user can mend into StoreErrors; anything else stays loud."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        message = str(error)
        for symptom, (kind, advice) in _MENDABLE.items():
            if symptom in message:
                raise kind(f"{path}: {message}; {advice}") from error
        raise


_INTACT = "the previous index is intact, make room or the folder writable and run: kb reindex"
_REBUILD = "the file is damaged, rebuild it with: kb reindex"

_MENDABLE: Mapping[str, tuple[type[StoreError], str]] = {
    "database is locked": (Busy, "another program holds it, try again when that has ended"),
    "readonly": (StoreError, _INTACT),
    "disk is full": (StoreError, _INTACT),
    "disk I/O error": (StoreError, _INTACT),
    "unable to open": (StoreError, "check that the folder exists and can be read and written"),
    "not a database": (Damaged, _REBUILD),
    "malformed": (Damaged, _REBUILD),
    "no such table": (Damaged, _REBUILD),
    "no such column": (Damaged, _REBUILD),
    "corruption": (Damaged, _REBUILD),
}


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
        with _told(self.path):
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
        with _told(self.path):
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
        with _told(self.path):
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
                        _create(database)
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


def _create(database: sqlite_utils.Database) -> None:
    for name, (columns, key) in _TABLES.items():
        table = database.table(name)
        table.create(columns, pk=key or tuple(columns), not_null=set(columns) - {"practice"})
    database.table("documents").create_index(["id"], unique=True)
    database.table("passages").create_index(["document", "ordinal"], unique=True)
    # A run that changes little looks up little: where a vector lies, and what a segment is still needed for.
    database.table("passages").create_index(["hash"])
    database.table("passages").create_index(["segment", "row"])
    database.table("tags").create_index(["document"])
    for statement in filter(str.strip, f"{_FTS}{postings.TABLES}".split(";")):
        database.execute(statement)


class Reader:
    """What can be asked of one generation. Lives within one read transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self._path = path

    def manifest(self) -> Manifest:
        """Raises StoreError where nothing was published yet, or by another version of the program."""
        stored = dict(
            self.connection.execute("SELECT key, value FROM meta WHERE key IN ('schema', 'manifest')").fetchall()
        )
        if not stored:
            raise NoIndex(f"no index in {self._path.parent}; build it with: kb reindex")
        if stored.get("schema") != str(SCHEMA_VERSION):
            raise Damaged(f"{self._path} was made by another version of kb; rebuild it with: kb reindex")
        value = json.loads(stored["manifest"])
        value |= {name: tuple(value[name]) for name in ("problems", "left_out")}
        value["segments"] = tuple(Segment(**segment) for segment in value["segments"])
        return Manifest(**value)

    def stamp(self) -> str:
        """What tells this generation from all others, those of a database made anew included; quick to read."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = 'stamp'").fetchone()
        if row is None:
            raise NoIndex(f"no index in {self._path.parent}; build it with: kb reindex")
        return str(row[0])

    def check(self, *, rows: bool = True) -> None:
        """Raises Damaged unless the structure of the file is sound and, with ``rows``, every checksum right."""
        for (finding,) in self.connection.execute("PRAGMA quick_check(1)"):
            if finding != "ok":
                raise Damaged(f"{self._path}: {finding}; {_REBUILD}")
        if rows:
            for statement in _CHECKSUMS:
                for *values, checksum in self.connection.execute(statement):
                    self._verify(checksum, values)

    def _verify(self, checksum: int, values: Iterable[str | None]) -> None:
        if row_checksum(*values) != checksum:
            forget_verified(self._path.parent)
            raise Damaged(f"{self._path} holds a row that is not the one that was written; {_REBUILD}")

    def layout(self) -> Layout:
        """All documents and passages, as positions."""
        manifest = self.manifest()
        documents = self.connection.execute("SELECT key, id, date, language FROM documents ORDER BY id").fetchall()
        document_keys = np.array([row[0] for row in documents], dtype=np.int64)
        columns = self._passage_columns(manifest)
        owners = _places(document_keys, np.asarray(columns["document"], dtype=np.int64))
        if (owners < 0).any() or (columns["segment"] < 0).any():
            raise Damaged(f"{self._path} refers to what is not there; {_REBUILD}")
        order = np.lexsort((columns["ordinal"], owners))
        columns, owners = columns[order], owners[order]
        starts = np.searchsorted(owners, np.arange(len(documents) + 1))
        if len(documents) != manifest.documents or len(columns) != manifest.passages or (np.diff(starts) < 1).any():
            raise Damaged(f"{self._path} is not whole; {_REBUILD}")
        return Layout(
            manifest=manifest,
            ids=tuple(row[1] for row in documents),
            dates=tuple(row[2] for row in documents),
            languages=tuple(sorted({row[3] for row in documents})),
            translated=self._translated(),
            document_keys=document_keys,
            starts=starts,
            owners=owners,
            keys=np.ascontiguousarray(columns["key"]),
            questions=columns["question"].astype(bool),
            titles=columns["title"].astype(bool),
            translations=columns["translation"].astype(bool),
            lengths=columns["length"].astype(np.float32),
            segments=np.ascontiguousarray(columns["segment"]),
            rows=np.ascontiguousarray(columns["row"]),
            tags=self._tags(document_keys),
        )

    def _translated(self) -> tuple[str, ...]:
        rows = self.connection.execute(
            "SELECT DISTINCT language FROM passages WHERE kind = 'translation' ORDER BY language"
        )
        return tuple(language for (language,) in rows)

    def _passage_columns(self, manifest: Manifest) -> NDArray[np.void]:
        """All passages by their keys, as rows of _PASSAGE_COLUMNS; -1 stands for a segment that is not there.

        Each column comes as one text of numbers: a million rows as tuples would take three times as long.
        """
        files = [segment.file for segment in manifest.segments]
        number = (
            f"CASE segment {' '.join(f'WHEN ? THEN {n}' for n in range(len(files)))} ELSE -1 END" if files else "-1"
        )
        values = (
            "key",
            "document",
            "ordinal",
            "kind = 'question'",
            "kind IN ('title', 'translated-title')",
            "kind IN ('translation', 'translated-title')",
            "length",
            number,
            "row",
        )
        texts = self.connection.execute(
            f"SELECT {', '.join(f'group_concat({value})' for value in values)} FROM passages", files
        ).fetchone()
        found = np.empty(texts[0].count(",") + 1 if texts[0] else 0, dtype=_PASSAGE_COLUMNS)
        for name, text in zip(_PASSAGE_COLUMNS.names or (), texts, strict=True):
            found[name] = _numbers(text)
        return found

    def _tags(self, document_keys: Positions) -> Mapping[str, Tags]:
        by_facet: dict[str, list[tuple[str, Positions]]] = {facet: [] for facet in FACETS}
        for facet, value, keys in self.connection.execute(
            "SELECT facet, value, group_concat(document) FROM tags GROUP BY facet, value ORDER BY facet, value"
        ):
            if facet in by_facet:
                by_facet[facet].append((value, _numbers(keys)))
        found = {}
        for facet, having in by_facet.items():
            held = np.concatenate([keys for _, keys in having] or [_numbers(None)])
            documents = _places(document_keys, held)
            if (documents < 0).any():
                raise Damaged(f"{self._path} refers to a document that is not there; {_REBUILD}")
            found[facet] = Tags(
                values=tuple(value for value, _ in having),
                documents=documents,
                concepts=np.repeat(np.arange(len(having), dtype=np.int64), [len(keys) for _, keys in having]),
            )
        return found

    def documents(self, ids: Sequence[str]) -> Mapping[str, StoredDocument]:
        """The documents with these ids, those that there are."""
        found = {}
        for chunk in _chunks(ids):
            for document_id, title, language, practice, source, checksum in self.connection.execute(
                f"SELECT id, title, language, practice, source, checksum FROM documents WHERE id IN ({_marks(chunk)})",
                chunk,
            ):
                self._verify(checksum, (document_id, title, language, practice, source))
                found[document_id] = StoredDocument(
                    id=document_id,
                    title=title,
                    language=language,
                    practice=practice_from_json(json.loads(practice)) if practice else None,
                )
        return found

    def passages(self, keys: Sequence[int]) -> Mapping[int, StoredPassage]:
        found = {}
        for chunk in _chunks(keys):
            for key, kind, language, heading, text, checksum in self.connection.execute(
                f"SELECT key, kind, language, heading, text, checksum FROM passages WHERE key IN ({_marks(chunk)})",
                chunk,
            ):
                self._verify(checksum, (kind, language, heading, text))
                found[key] = StoredPassage(kind, tuple(json.loads(heading)), text, language)
        return found

    def source(self, document_id: str) -> str | None:
        """The text of the file that a document came from."""
        row = self.connection.execute("SELECT source FROM documents WHERE id = ?", (document_id,)).fetchone()
        return None if row is None else str(row[0])

    def alias(self, old_id: str) -> str | None:
        """The id that an earlier id now leads to."""
        row = self.connection.execute("SELECT id FROM aliases WHERE alias = ?", (old_id,)).fetchone()
        return None if row is None else str(row[0])

    def organisations(self) -> Mapping[str, Organisation]:
        rows = self.connection.execute("SELECT id, value FROM organisations ORDER BY id")
        return {key: organisation_from_json(json.loads(value)) for key, value in rows}

    def taxonomy(self) -> Taxonomy:
        return taxonomy_from_json(json.loads(self.taxonomy_text()))

    def taxonomy_text(self) -> str:
        """The taxonomy as it is stored; where it is the same, the taxonomy is."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = 'taxonomy'").fetchone()
        return str(row[0]) if row else "[]"

    def vocabulary(self) -> Mapping[str, int]:
        """Every word as it is written, folded, with the number of documents that hold it. Letters only."""
        return dict(self.connection.execute("SELECT term, doc FROM vocabulary ORDER BY term"))

    def titles_and_questions(self, limit: int) -> list[tuple[str, bool, str, str]]:
        """(id of the document, whether it is a question, text, language), titles first, in the order of the ids.

        The first title of a document is its own, others are translated.
        """
        rows = self.connection.execute(
            "SELECT documents.id, kind = 'question', text, passages.language"
            " FROM passages JOIN documents ON documents.key = document WHERE kind IN"
            " ('title', 'translated-title', 'question') ORDER BY kind = 'question', documents.id, ordinal LIMIT ?",
            (limit,),
        )
        return [(id, bool(is_question), text, language) for id, is_question, text, language in rows]

    def occurring(self, terms: Sequence[str]) -> frozenset[str]:
        """Those of ``terms`` that stand in a document."""
        found: set[str] = set()
        for chunk in _chunks(terms):
            for term, places in postings.read(self.connection, chunk).items():
                if any(self._any_document(place.keys.tolist()) for place in places):
                    found.add(term)
        return frozenset(found)

    def analysed(self, keys: Sequence[int]) -> Mapping[int, str]:
        """The analysed text of passages, keywords left out, by key."""
        found: dict[int, str] = {}
        for chunk in _chunks(keys):
            found.update(
                self.connection.execute(
                    f"SELECT rowid, title || ' ' || text FROM terms WHERE rowid IN ({_marks(chunk)})", chunk
                )
            )
        return found

    def _any_document(self, keys: Sequence[int]) -> bool:
        """Whether one of the documents with these keys is there still; nearly always the first is."""
        return any(
            self.connection.execute(f"SELECT 1 FROM documents WHERE key IN ({_marks(chunk)}) LIMIT 1", chunk).fetchone()
            for chunk in _chunks(keys)
        )

    def places(self) -> list[Place]:
        """Where the documents stand on the map, in the order of their ids; none where no map was made."""
        rows = self.connection.execute(
            "SELECT id, title, language, coalesce(json_extract(practice, '$.strand[0]'), ''), x, y"
            " FROM places JOIN documents USING (id) ORDER BY id"
        )
        return [Place(*row) for row in rows]

    def encoded(self) -> Iterator[tuple[str, bytes]]:
        """The language and the hash of every passage."""
        for language, digest in self.connection.execute("SELECT DISTINCT language, hash FROM passages"):
            yield str(language), bytes(digest)

    def hashes(self) -> Mapping[str, str]:
        """The hash of every document, by id."""
        return dict(self.connection.execute("SELECT id, hash FROM documents"))

    def placements(self, hashes: Sequence[bytes]) -> Mapping[bytes, Placement]:
        """Where the vectors of these passage hashes lie, of those that have one."""
        found: dict[bytes, Placement] = {}
        for chunk in _chunks(hashes):
            rows = self.connection.execute(
                f"SELECT hash, segment, row FROM passages WHERE hash IN ({_marks(chunk)})", chunk
            )
            found.update((bytes(digest), Placement(segment, row)) for digest, segment, row in rows)
        return found


class Writer:
    """What can be changed in one write transaction."""

    def __init__(self, database: sqlite_utils.Database, path: Path) -> None:
        self._database = database
        self._path = path
        self._postings = postings.PostingsWriter(database.conn)
        #: The distinct words of the documents that were put.
        self.words: set[str] = set()

    def remove(self, ids: Iterable[str]) -> None:
        """Take documents out, with all that hangs on them."""
        for chunk in _chunks(list(ids)):
            keys = [
                key
                for (key,) in self._database.execute(f"SELECT key FROM documents WHERE id IN ({_marks(chunk)})", chunk)
            ]
            owned = f"SELECT key FROM passages WHERE document IN ({_marks(keys)})"
            self._database.execute(f"DELETE FROM terms WHERE rowid IN ({owned})", keys)
            self._database.execute(f"DELETE FROM words WHERE rowid IN ({_marks(keys)})", keys)
            for table, column in (("passages", "document"), ("tags", "document"), ("documents", "key")):
                self._database.table(table).delete_where(f"{column} IN ({_marks(keys)})", keys)

    def put(self, rows: Rows, digest: str, placements: Mapping[bytes, Placement]) -> None:
        """Add a document that is not there; ``placements`` tells where the vectors of its passages lie, by hash."""
        # Postings outlive their documents, so that no key is ever given twice.
        key = max(self._next("documents"), self._postings.last_key() + 1)
        own = (rows.id, digest, rows.title, rows.language, rows.date, rows.practice, rows.source, rows.checksum)
        self._insert("documents", [(key, *own)])
        first = self._next("passages")
        self._insert(
            "passages",
            (
                (
                    first + ordinal,
                    key,
                    ordinal,
                    passage.kind,
                    passage.language,
                    passage.heading,
                    passage.text,
                    passage.hash,
                    placements[passage.hash].segment,
                    placements[passage.hash].row,
                    passage.length,
                    passage.checksum,
                )
                for ordinal, passage in enumerate(rows.passages)
            ),
        )
        self._database.conn.executemany(
            "INSERT INTO terms (rowid, title, text, keywords) VALUES (?, ?, ?, ?)",
            (
                (first + ordinal, *passage.terms, rows.keywords if ordinal == 0 else "")
                for ordinal, passage in enumerate(rows.passages)
            ),
        )
        self._postings.add(key, rows.counts)
        self._database.conn.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (key, rows.words))
        self.words.update(rows.words.split())
        self._insert("tags", ((facet, value, key) for facet, value in rows.tags))

    def _insert(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Rows with all columns, in order: ten times as fast as through sqlite-utils, which asks for these first."""
        columns = _TABLES[table][0]
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_marks(columns)})"
        self._database.conn.executemany(statement, rows)

    def move_vectors(self, moves: Mapping[bytes, Placement]) -> None:
        """Record that the vectors of these passage hashes now lie elsewhere."""
        self._database.conn.executemany(
            "UPDATE passages SET segment = ?, row = ? WHERE hash = ?",
            ((place.segment, place.row, digest) for digest, place in moves.items()),
        )

    def vocabulary_digest(self) -> str:
        """The digest with which the vocabulary was stored last; empty where none was."""
        row = self._database.execute("SELECT value FROM meta WHERE key = 'vocabulary'").fetchone()
        return str(row[0]) if row else ""

    def replace_vocabulary(
        self,
        taxonomy: Taxonomy,
        organisations: Mapping[str, Organisation],
        aliases: Mapping[str, str],
        digest: str = "",
    ) -> None:
        """Store the concepts, the organisations, and the earlier ids of practices; ``digest`` is one of them all."""
        self._meta("vocabulary", digest)
        self._meta("taxonomy", json.dumps(taxonomy_to_json(taxonomy), ensure_ascii=False))
        for table, rows in (
            (
                "organisations",
                [
                    {"id": key, "value": json.dumps(organisation_to_json(value), ensure_ascii=False)}
                    for key, value in organisations.items()
                ],
            ),
            ("aliases", [{"alias": alias, "id": target} for alias, target in aliases.items()]),
        ):
            self._database.table(table).delete_where()
            self._database.table(table).insert_all(rows)

    def texts_digest(self, fingerprint: str) -> str:
        """A digest of what was encoded of which document: with it, all vectors are the same."""
        digest = hashlib.sha256(fingerprint.encode())
        for id, passage in self._database.execute(
            "SELECT documents.id, passages.hash FROM documents JOIN passages ON document = documents.key"
            " ORDER BY documents.id, ordinal"
        ):
            digest.update(id.encode("utf-8", "surrogatepass") + b"\0" + passage)
        return digest.hexdigest()

    def places_digest(self) -> str:
        """The digest with which the map was stored last; empty where none was."""
        row = self._database.execute("SELECT value FROM meta WHERE key = 'places'").fetchone()
        return str(row[0]) if row else ""

    def replace_places(self, places: Mapping[str, tuple[float, float]], digest: str) -> None:
        """Store where each document stands on the map, by id, and what this was worked out from."""
        self._meta("places", digest)
        self._database.table("places").delete_where()
        self._database.table("places").insert_all({"id": id, "x": x, "y": y} for id, (x, y) in places.items())

    def published(self) -> Layout:
        """The documents and passages of the generation that was named just now; readers do not see it yet."""
        return Reader(self._database.conn, self._path).layout()

    def vocabulary(self) -> Mapping[str, int]:
        """As :meth:`Reader.vocabulary`, with what was put in this transaction."""
        return Reader(self._database.conn, self._path).vocabulary()

    def publish(self, manifest: Manifest) -> None:
        """Name the generation; it appears to readers when the transaction ends."""
        self._postings.flush()
        postings.merge(self._database.conn)
        self._meta("schema", str(SCHEMA_VERSION))
        self._meta("stamp", secrets.token_hex(8))
        self._meta("manifest", json.dumps(asdict(manifest), ensure_ascii=False))

    def placements(self, segments: Sequence[str]) -> Mapping[bytes, Placement]:
        """The passage hashes whose vectors lie in ``segments`` now, with their places, in the order of these."""
        rows = self._database.execute(
            f"SELECT hash, segment, row FROM passages WHERE segment IN ({_marks(segments)}) ORDER BY segment, row",
            list(segments),
        )
        return {bytes(digest): Placement(segment, row) for digest, segment, row in rows}

    def live_rows(self, segment: str) -> int:
        """How many rows of a segment passages refer to."""
        (count,) = self._database.execute(
            "SELECT count(DISTINCT row) FROM passages WHERE segment = ?", [segment]
        ).fetchone()
        return int(count)

    def counts(self) -> tuple[int, int]:
        """How many documents and passages there are now."""
        documents, passages = self._database.execute(
            "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)"
        ).fetchone()
        return documents, passages

    def _meta(self, key: str, value: str) -> None:
        self._database.table("meta").upsert({"key": key, "value": value}, pk="key")

    def _next(self, table: str) -> int:
        (highest,) = self._database.execute(f"SELECT coalesce(max(key), 0) FROM {table}").fetchone()
        return int(highest) + 1


_PASSAGE_COLUMNS = np.dtype(
    [
        (name, np.int64)
        for name in ("key", "document", "ordinal", "question", "title", "translation", "length", "segment", "row")
    ]
)


def _numbers(text: str | None) -> Positions:
    """What group_concat made of whole numbers, as int64; it makes None of no rows."""
    return np.fromstring(text, dtype=np.int64, sep=",") if text else np.empty(0, dtype=np.int64)


def _places(keys: Positions, sought: Positions) -> Positions:
    """Where each of ``sought`` stands in ``keys``, which are not in order; -1 for what is not there."""
    if not len(keys):
        return np.full(len(sought), -1, dtype=np.int64)
    order = np.argsort(keys)
    found = order[np.minimum(np.searchsorted(keys, sought, sorter=order), len(keys) - 1)]
    return np.where(keys[found] == sought, found, -1).astype(np.int64)


_CHECKSUMS = (
    "SELECT id, title, language, practice, source, checksum FROM documents",
    "SELECT kind, language, heading, text, checksum FROM passages",
)


def _chunks(values: Sequence[Any]) -> Iterator[list[Any]]:
    """SQLite takes a limited number of variables in one statement."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _VARIABLES)):
        yield chunk


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))
