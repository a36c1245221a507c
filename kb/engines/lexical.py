"""Ranking by words: BM25 (Robertson and Zaragoza 2009) in SQLite's FTS5 over analysed text."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from kb.query import Forms, ParsedQuery
from kb.types import Layout, Positions, Ranking

#: BM25 weights of the columns title, heading, text, keywords: a word in the title says most about the whole.
COLUMN_WEIGHTS = (2.0, 1.0, 1.0, 0.5)
#: FTS5 fixes k1 = 1.2, so that a term adds at most idf * (k1 + 1), however often it occurs.
_SATURATION = 2.2


class LexicalRetriever:
    """Passages that hold any of a query's terms. Bound to one read transaction."""

    def __init__(self, connection: sqlite3.Connection, layout: Layout, by_key: Positions) -> None:
        """``by_key``: the positions of passages in the order of their keys."""
        self._connection = connection
        self._layout = layout
        self._by_key = by_key

    def retrieve(self, query: ParsedQuery) -> Ranking:
        """``strength`` is the score as a share of the most that any text could reach for the query.

        Terms that occur nowhere count against it: a passage that holds one word of ten matches weakly.
        """
        if not query.terms:
            return _EMPTY
        rows = self._connection.execute(
            "SELECT rowid, -bm25(terms, ?, ?, ?, ?) FROM terms WHERE terms MATCH ?",
            (*COLUMN_WEIGHTS, _any_of(form for forms in query.terms for form in forms)),
        ).fetchall()
        if not rows:
            return _EMPTY
        found = np.array(rows, dtype=np.float64)
        positions = self._positions(found[:, 0].astype(np.int64))
        scores = found[:, 1].astype(np.float32)
        order = np.lexsort((positions, -scores))
        scores = scores[order]
        return Ranking(positions[order], scores, np.clip(scores / self._most(query.terms), 0, 1))

    def holding(self, phrase: Sequence[Forms]) -> Positions:
        """The positions of the passages that hold the words of ``phrase`` side by side."""
        rows = self._connection.execute("SELECT rowid FROM terms WHERE terms MATCH ?", (_phrase(phrase),)).fetchall()
        return self._positions(np.array([key for (key,) in rows], dtype=np.int64))

    def _positions(self, keys: Positions) -> Positions:
        sorted_keys = self._layout.keys[self._by_key]
        return self._by_key[np.searchsorted(sorted_keys, keys)]

    def _most(self, terms: Sequence[Forms]) -> float:
        forms = list(dict.fromkeys(form for group in terms for form in group))
        marks = ", ".join("?" * len(forms))
        frequency = dict(
            self._connection.execute(f"SELECT term, doc FROM vocabulary WHERE term IN ({marks})", forms).fetchall()
        )
        passages = len(self._layout.keys)
        rarest = (max(_idf(passages, frequency.get(form, 0)) for form in group) for group in terms)
        return max(sum(rarest) * _SATURATION, 1e-6)


def _idf(passages: int, holding: int) -> float:
    """FTS5's inverse document frequency, with its floor for words that more than half of all passages hold."""
    return max(math.log((passages - holding + 0.5) / (holding + 0.5)), 1e-6)


def _any_of(forms: Iterable[str]) -> str:
    return " OR ".join(_quoted(form) for form in dict.fromkeys(forms))


def _phrase(words: Sequence[Forms]) -> str:
    """An FTS5 phrase for each language."""
    phrases = dict.fromkeys(" + ".join(map(_quoted, forms)) for forms in zip(*words, strict=True))
    return " OR ".join(f"({phrase})" for phrase in phrases)


def _quoted(term: str) -> str:
    """Terms hold letters, digits and nothing else, so that no quote can occur in them."""
    return f'"{term}"'


_EMPTY = Ranking(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.float32))
