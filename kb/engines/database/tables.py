"""The tables of the database.

Everything in it is derived from ``entries/``, so a change of schema means a new database, not a migration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kb.engines.database import postings

if TYPE_CHECKING:
    import sqlite_utils

#: Raised whenever the tables, the analyser or the hashes of documents change their meaning.
SCHEMA_VERSION = 12

#: The columns of each table, in order, and its primary key; all columns where that is empty.
TABLES: Mapping[str, tuple[dict[str, type], str]] = {
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


def create_tables(database: sqlite_utils.Database) -> None:
    for name, (columns, key) in TABLES.items():
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
