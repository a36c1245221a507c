"""All documents and passages of a generation as columns of numbers, read in one go."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.engines.database.mending import REBUILD
from kb.errors import Damaged
from kb.types import FACETS, Layout, Manifest, Positions, Tags

_PASSAGE_COLUMNS = np.dtype(
    [
        (name, np.int64)
        for name in ("key", "document", "ordinal", "question", "title", "translation", "length", "segment", "row")
    ]
)


def read_layout(connection: sqlite3.Connection, path: Path, manifest: Manifest) -> Layout:
    """All documents and passages of the generation. Raises Damaged where they do not belong together."""
    documents = connection.execute("SELECT key, id, date, language FROM documents ORDER BY id").fetchall()
    document_keys = np.array([row[0] for row in documents], dtype=np.int64)
    columns = _passage_columns(connection, manifest)
    owners = _places(document_keys, np.asarray(columns["document"], dtype=np.int64))
    if (owners < 0).any() or (columns["segment"] < 0).any():
        raise Damaged(f"{path} refers to what is not there; {REBUILD}")
    order = np.lexsort((columns["ordinal"], owners))
    columns, owners = columns[order], owners[order]
    starts = np.searchsorted(owners, np.arange(len(documents) + 1))
    if len(documents) != manifest.documents or len(columns) != manifest.passages or (np.diff(starts) < 1).any():
        raise Damaged(f"{path} is not whole; {REBUILD}")
    return Layout(
        manifest=manifest,
        ids=tuple(row[1] for row in documents),
        dates=tuple(row[2] for row in documents),
        spoken=_by_language([row[3] for row in documents]),
        translated=_translated(connection),
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
        tags=_tags(connection, path, document_keys),
    )


def _by_language(languages: Sequence[str]) -> Mapping[str, Positions]:
    found: dict[str, list[int]] = {}
    for place, language in enumerate(languages):
        found.setdefault(language, []).append(place)
    return {language: np.array(places, dtype=np.int64) for language, places in sorted(found.items())}


def _translated(connection: sqlite3.Connection) -> tuple[str, ...]:
    rows = connection.execute("SELECT DISTINCT language FROM passages WHERE kind = 'translation' ORDER BY language")
    return tuple(language for (language,) in rows)


def _passage_columns(connection: sqlite3.Connection, manifest: Manifest) -> NDArray[np.void]:
    """All passages by their keys, as rows of _PASSAGE_COLUMNS; -1 stands for a segment that is not there.

    Each column comes as one text of numbers: a million rows as tuples would take three times as long.
    """
    files = [segment.file for segment in manifest.segments]
    number = f"CASE segment {' '.join(f'WHEN ? THEN {n}' for n in range(len(files)))} ELSE -1 END" if files else "-1"
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
    texts = connection.execute(
        f"SELECT {', '.join(f'group_concat({value})' for value in values)} FROM passages", files
    ).fetchone()
    found = np.empty(texts[0].count(",") + 1 if texts[0] else 0, dtype=_PASSAGE_COLUMNS)
    for name, text in zip(_PASSAGE_COLUMNS.names or (), texts, strict=True):
        found[name] = _numbers(text)
    return found


def _tags(connection: sqlite3.Connection, path: Path, document_keys: Positions) -> Mapping[str, Tags]:
    by_facet: dict[str, list[tuple[str, Positions]]] = {facet: [] for facet in FACETS}
    for facet, value, keys in connection.execute(
        "SELECT facet, value, group_concat(document) FROM tags GROUP BY facet, value ORDER BY facet, value"
    ):
        if facet in by_facet:
            by_facet[facet].append((value, _numbers(keys)))
    found = {}
    for facet, having in by_facet.items():
        held = np.concatenate([keys for _, keys in having] or [_numbers(None)])
        documents = _places(document_keys, held)
        if (documents < 0).any():
            raise Damaged(f"{path} refers to a document that is not there; {REBUILD}")
        found[facet] = Tags(
            values=tuple(value for value, _ in having),
            documents=documents,
            concepts=np.repeat(np.arange(len(having), dtype=np.int64), [len(keys) for _, keys in having]),
        )
    return found


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
