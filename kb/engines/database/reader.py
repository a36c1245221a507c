"""What can be asked of one generation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kb.content.codec import organisation_from_json, practice_from_json, taxonomy_from_json
from kb.content.model import Organisation, Taxonomy
from kb.engines.database import postings
from kb.engines.database.layout import read_layout
from kb.engines.database.mending import REBUILD
from kb.engines.database.rows import row_checksum
from kb.engines.database.tables import SCHEMA_VERSION
from kb.engines.database.variables import chunks, marks
from kb.engines.verified import forget_verified
from kb.errors import Damaged, NoIndex
from kb.landscape import Place
from kb.types import Layout, Manifest, Placement, Segment, StoredDocument, StoredPassage

_CHECKSUMS = (
    "SELECT id, title, language, practice, source, checksum FROM documents",
    "SELECT kind, language, heading, text, checksum FROM passages",
)


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
                raise Damaged(f"{self._path}: {finding}; {REBUILD}")
        if rows:
            for statement in _CHECKSUMS:
                for *values, checksum in self.connection.execute(statement):
                    self._verify(checksum, values)

    def _verify(self, checksum: int, values: Iterable[str | None]) -> None:
        if row_checksum(*values) != checksum:
            forget_verified(self._path.parent)
            raise Damaged(f"{self._path} holds a row that is not the one that was written; {REBUILD}")

    def layout(self) -> Layout:
        """All documents and passages, as positions."""
        return read_layout(self.connection, self._path, self.manifest())

    def documents(self, ids: Sequence[str]) -> Mapping[str, StoredDocument]:
        """The documents with these ids, those that there are."""
        found = {}
        for chunk in chunks(ids):
            for document_id, title, language, practice, source, checksum in self.connection.execute(
                f"SELECT id, title, language, practice, source, checksum FROM documents WHERE id IN ({marks(chunk)})",
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
        for chunk in chunks(keys):
            for key, kind, language, heading, text, checksum in self.connection.execute(
                f"SELECT key, kind, language, heading, text, checksum FROM passages WHERE key IN ({marks(chunk)})",
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
        for chunk in chunks(terms):
            for term, places in postings.read(self.connection, chunk).items():
                if any(self._any_document(place.keys.tolist()) for place in places):
                    found.add(term)
        return frozenset(found)

    def analysed(self, keys: Sequence[int]) -> Mapping[int, str]:
        """The analysed text of passages, keywords left out, by key."""
        found: dict[int, str] = {}
        for chunk in chunks(keys):
            found.update(
                self.connection.execute(
                    f"SELECT rowid, title || ' ' || text FROM terms WHERE rowid IN ({marks(chunk)})", chunk
                )
            )
        return found

    def _any_document(self, keys: Sequence[int]) -> bool:
        """Whether one of the documents with these keys is there still; nearly always the first is."""
        return any(
            self.connection.execute(f"SELECT 1 FROM documents WHERE key IN ({marks(chunk)}) LIMIT 1", chunk).fetchone()
            for chunk in chunks(keys)
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
        for chunk in chunks(hashes):
            rows = self.connection.execute(
                f"SELECT hash, segment, row FROM passages WHERE hash IN ({marks(chunk)})", chunk
            )
            found.update((bytes(digest), Placement(segment, row)) for digest, segment, row in rows)
        return found
