"""Test collections in BEIR layout (Thakur et al. 2021): corpus.jsonl[.gz], queries.jsonl, qrels.tsv."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kb.errors import UsageError
from kb.text.languages import language_of
from kb.types import Document, Section

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"
QRELS = "qrels.tsv"


@dataclass(frozen=True, slots=True)
class Collection:
    """``documents`` is None where the folder has no corpus: then the queries are put to the base itself.

    ``queries`` maps ids to texts, those with judgements only; ``qrels`` maps query ids to grades by document id.
    """

    documents: Mapping[str, Document] | None
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def read_collection(folder: Path, *, corpus: str | None = None, queries: str | None = None) -> Collection:
    """Read a folder; ``corpus`` and ``queries`` choose other files of it. Raises UsageError for one that is not so."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; give one in BEIR layout ({CORPUS}, {QUERIES}, {QRELS})")
    qrels = _read_qrels(folder / QRELS)
    texts = {str(row["_id"]): _text(row, "text") for row in _rows(folder / (queries or QUERIES))}
    judged = {key: text for key, text in texts.items() if any(grade > 0 for grade in qrels.get(key, {}).values())}
    if not judged:
        raise UsageError(f"no query of {folder / (queries or QUERIES)} has a judgement above 0 in {QRELS}")
    file = _corpus_file(folder, corpus)
    return Collection(
        documents={document.id: document for document in map(_document, _rows(file))} if file else None,
        queries=judged,
        qrels={key: qrels[key] for key in judged},
    )


def _corpus_file(folder: Path, name: str | None) -> Path | None:
    if name:
        return folder / name
    return next((folder / file for file in (CORPUS, f"{CORPUS}.gz") if (folder / file).exists()), None)


def _document(row: Mapping[str, Any]) -> Document:
    text = _text(row, "text")
    return Document(
        id=str(row["_id"]),
        title=_text(row, "title"),
        language=_text(row, "language") or language_of(text),
        sections=(Section((), text),) if text.strip() else (),
    )


def _text(row: Mapping[str, Any], field: str) -> str:
    return str(row.get(field) or "")


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    for number, line in _lines(file):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UsageError(f"{file}:{number}: {error.msg}; each line must be one JSON object") from error
        if not isinstance(row, dict) or "_id" not in row:
            raise UsageError(f'{file}:{number}: no "_id"; each line must be a JSON object with "_id" and "text"')
        yield row


def _read_qrels(file: Path) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for number, line in _lines(file):
        fields = line.split("\t")
        try:
            query, document, grade = fields
            qrels.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            if number == 1:
                continue  # the header
            raise UsageError(
                f"{file}:{number}: found {line[:60]!r}; write query id, document id and a whole number, split by tabs"
            ) from error
    return qrels


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{file} cannot be read ({reason}); give a folder in BEIR layout") from error
