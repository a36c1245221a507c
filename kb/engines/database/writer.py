"""What can be changed in one write transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from kb.content.codec import organisation_to_json, taxonomy_to_json
from kb.content.model import Organisation, Taxonomy
from kb.engines.database import postings
from kb.engines.database.reader import Reader
from kb.engines.database.rows import Rows
from kb.engines.database.tables import SCHEMA_VERSION, TABLES
from kb.engines.database.variables import chunks, marks
from kb.types import Layout, Manifest, Placement

if TYPE_CHECKING:
    import sqlite_utils


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
        for chunk in chunks(list(ids)):
            keys = [
                key
                for (key,) in self._database.execute(f"SELECT key FROM documents WHERE id IN ({marks(chunk)})", chunk)
            ]
            owned = f"SELECT key FROM passages WHERE document IN ({marks(keys)})"
            self._database.execute(f"DELETE FROM terms WHERE rowid IN ({owned})", keys)
            self._database.execute(f"DELETE FROM words WHERE rowid IN ({marks(keys)})", keys)
            for table, column in (("passages", "document"), ("tags", "document"), ("documents", "key")):
                self._database.table(table).delete_where(f"{column} IN ({marks(keys)})", keys)

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
        columns = TABLES[table][0]
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})"
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
            f"SELECT hash, segment, row FROM passages WHERE segment IN ({marks(segments)}) ORDER BY segment, row",
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
