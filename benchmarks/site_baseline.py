"""What one would write in an afternoon: the results page with sentence-transformers, FAISS and FTS5, and no other care.

    python -m benchmarks.site_baseline PORT [ENTRIES [THREADS]]          on 127.0.0.1:PORT

The same entries, the same model, passages of the same size, our own page template, the same ten hits a page with facets
over all matches, the same server with as many threads. Meaning by one encoding a request and a flat FAISS index, words
by FTS5's own BM25, the two added up; practices are parsed from JSON in the database. What it leaves out: feedback,
bands, spelling, other languages, phrases.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import faiss
import numpy as np
from sentence_transformers import SentenceTransformer

from indexer.documents import from_practice
from indexer.passages import cut
from kb.backends import load_encoder
from kb.config import load_config
from kb.content.codec import practice_from_json, practice_to_json
from kb.content.corpus import read_corpus
from kb.content.model import Corpus, Organisation, Taxonomy
from kb.engines.encoders.model_files import DEFAULT_MODEL, find_model
from kb.facets.labels import Labels
from kb.types import FACETS, FacetValue, Hit, HitPassage, Manifest, NamedConcept, Query, Results, Why
from web import create_app
from web.server import serve

if TYPE_CHECKING:
    from kb.backends import Backend

_WORD = re.compile(r"\w+")
#: The documents of so many of the nearest passages, and as many by word, make the result set.
_CANDIDATES = 1000


class Baseline:
    """Stands where :class:`kb.backends.Backend` stands for the pages of the site."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._model = SentenceTransformer(str(find_model(DEFAULT_MODEL).folder), device="cpu")
        self._labels = Labels(corpus.taxonomy, corpus.organisations)
        self._local = threading.local()
        self._folder = tempfile.TemporaryDirectory(prefix="kb-baseline-")
        self._file = Path(self._folder.name) / "baseline.sqlite"
        with closing(sqlite3.connect(self._file)) as database:
            self._fill(database)

    def _fill(self, database: sqlite3.Connection) -> None:
        encoder = load_encoder(DEFAULT_MODEL, load_config().data)
        database.execute("CREATE TABLE practices (id TEXT PRIMARY KEY, value TEXT)")
        database.execute("CREATE TABLE passages (no INTEGER PRIMARY KEY, id TEXT, kind TEXT, heading TEXT, text TEXT)")
        database.execute("CREATE TABLE tags (id TEXT, facet TEXT, value TEXT)")
        database.execute("CREATE INDEX tags_id ON tags (id)")
        database.execute("CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize = 'porter')")
        texts: list[str] = []
        for id, practice in self._corpus.practices.items():
            document = from_practice(practice, "", self._corpus.taxonomy, self._corpus.organisations)
            database.execute("INSERT INTO practices VALUES (?, ?)", (id, json.dumps(practice_to_json(practice))))
            rows = [(id, facet, value) for facet, values in document.tags.items() for value in values]
            database.executemany("INSERT INTO tags VALUES (?, ?, ?)", rows)
            for passage in cut(document, encoder):
                if passage.kind == "title":
                    continue
                row = (len(texts), id, passage.kind, json.dumps(passage.heading), passage.text)
                database.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", row)
                words = (len(texts), practice.title, passage.text)
                database.execute("INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)", words)
                texts.append(passage.encoded_text)
        database.commit()
        vectors = self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.asarray(vectors, dtype=np.float32))

    @property
    def _database(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = sqlite3.connect(self._file)
        found: sqlite3.Connection = self._local.connection
        return found

    def search(self, query: Query) -> Results:
        scores = self._scores(query.text)
        tags = self._tags(list(scores))
        total = self._filtered(scores, tags, query.filters)
        ranked = sorted(total, key=lambda id: (-scores[id][0], id))
        page = ranked[query.offset : query.offset + query.limit]
        hits = tuple(self._hit(id, *scores[id]) for id in page)
        facets = {facet: self._facet(facet, scores, tags, query) for facet in FACETS}
        return Results(query, len(total), hits, facets, 1, fitting=len(total))

    def _scores(self, text: str) -> dict[str, tuple[float, int]]:
        """For each document found its score and its best passage."""
        vector = self._model.encode([text], normalize_embeddings=True, show_progress_bar=False)
        near, numbers = self._index.search(np.asarray(vector, dtype=np.float32), min(_CANDIDATES, self._index.ntotal))
        by_meaning = dict(zip(numbers[0].tolist(), near[0].tolist(), strict=True))
        expression = " OR ".join(f'"{word}"' for word in _WORD.findall(text))
        rows = (
            self._database.execute(
                "SELECT rowid, -bm25(words, 2.0, 1.0) FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?",
                (expression, _CANDIDATES),
            ).fetchall()
            if expression
            else []
        )
        most = max((score for _, score in rows), default=1.0) or 1.0
        by_word = {number: score / most for number, score in rows}
        owners = self._owners(list(by_meaning.keys() | by_word.keys()))
        found: dict[str, tuple[float, int]] = {}
        for number, owner in owners.items():
            score = 0.6 * by_meaning.get(number, 0.0) + 0.4 * by_word.get(number, 0.0)
            if owner not in found or score > found[owner][0]:
                found[owner] = (score, number)
        return found

    def _owners(self, numbers: list[int]) -> dict[int, str]:
        marks = ", ".join("?" * len(numbers))
        return dict(self._database.execute(f"SELECT no, id FROM passages WHERE no IN ({marks})", numbers))

    def _tags(self, ids: list[str]) -> dict[str, dict[str, set[str]]]:
        marks = ", ".join("?" * len(ids))
        found: dict[str, dict[str, set[str]]] = {id: {facet: set() for facet in FACETS} for id in ids}
        for id, facet, value in self._database.execute(f"SELECT id, facet, value FROM tags WHERE id IN ({marks})", ids):
            found[id][facet].add(value)
        return found

    @staticmethod
    def _filtered(
        scores: Mapping[str, object],
        tags: Mapping[str, Mapping[str, set[str]]],
        filters: Mapping[str, tuple[str, ...]],
        but: str = "",
    ) -> list[str]:
        return [
            id
            for id in scores
            if all(tags[id][facet] & set(values) for facet, values in filters.items() if facet != but)
        ]

    def _facet(
        self, facet: str, scores: Mapping[str, object], tags: Mapping[str, Mapping[str, set[str]]], query: Query
    ) -> tuple[FacetValue, ...]:
        chosen = query.filters.get(facet, ())
        left = self._filtered(scores, tags, query.filters, but=facet)
        counts = Counter(value for id in left for value in tags[id][facet])
        values = sorted({*counts, *chosen}, key=lambda value: (-counts[value], value))
        return tuple(
            FacetValue(value, self._labels.label(facet, value), counts[value], value in chosen) for value in values
        )

    def _hit(self, id: str, score: float, number: int) -> Hit:
        (value,) = self._database.execute("SELECT value FROM practices WHERE id = ?", (id,)).fetchone()
        kind, heading, text = self._database.execute(
            "SELECT kind, heading, text FROM passages WHERE no = ?", (number,)
        ).fetchone()
        practice = practice_from_json(json.loads(value))
        passage = HitPassage(tuple(json.loads(heading)), text)
        question = text if kind == "question" else None
        score = float(np.clip(score, 0, 1))
        return Hit(id, practice.title, score, "strong", passage, Why(0.4, 0.6), score, question, practice)

    def manifest(self) -> Manifest:
        """What the ETag of a page is made of."""
        return Manifest(
            generation=1,
            model=DEFAULT_MODEL,
            fingerprint="",
            dimension=self._index.d,
            built_at="",
            documents=len(self._corpus.practices),
            passages=self._index.ntotal,
            segments=(),
        )

    def labels(self) -> Labels:
        return self._labels

    def label(self, facet: str, value: str, language: str = "en") -> str:
        return self._labels.label(facet, value, language)

    def near(self, results: Results, *, language: str = "en") -> tuple[NamedConcept, ...]:
        """The baseline has no advice."""
        return ()

    def in_need(self, results: Results) -> bool:
        return False

    def taxonomy(self) -> Taxonomy:
        return self._corpus.taxonomy

    def organisations(self) -> Mapping[str, Organisation]:
        return self._corpus.organisations

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the baseline has no {name}: it serves pages of results only")


def main() -> None:
    entries = Path(sys.argv[2]) if len(sys.argv) > 2 else load_config().entries
    backend = Baseline(read_corpus(entries))
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    app = create_app(cast("Backend", backend))
    serve(app, "127.0.0.1", int(sys.argv[1]), threads, ready=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
