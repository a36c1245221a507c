"""Ranking by words: BM25F (Robertson, Zaragoza and Taylor 2004) over whole documents, from the lists that FTS5 keeps.

FTS5 stores where each term occurs, grows and shrinks with the entries in one transaction, and finds phrases. Its own
BM25 has fixed parameters and knows rows only, here passages; a document's words count together wherever they stand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb.query import Forms, ParsedQuery
from kb.types import Evidence, Layout, Positions

#: BM25F: the weight of each field, and how much the length of the field counts (0 not at all, 1 fully).
WEIGHTS = {"title": 4.0, "text": 1.0, "keywords": 0.5}
LENGTH = {"title": 0.5, "text": 0.6, "keywords": 0.0}
#: How soon a term that occurs again adds nothing more.
K1 = 1.6

#: The weight that the words of a query must have together to say something: that of one in three documents.
TELLING = 1.0

_FIELDS = tuple(WEIGHTS)
_VARIABLES = 500


class FieldLengths:
    """How long each field of each document is, compared with the mean. Shared by all queries of a generation."""

    def __init__(self, layout: Layout) -> None:
        documents = len(layout.ids)
        lengths = layout.lengths.astype(np.float64)
        title_lengths = np.where(layout.titles, lengths, 0.0)
        title = _sums(layout.owners, title_lengths, documents)
        text = _sums(layout.owners, lengths - title_lengths, documents)
        relative = {"title": _relative(title), "text": _relative(text), "keywords": np.ones(documents)}
        #: What a term frequency is divided by: float64, shape (fields, documents).
        self.divisors = np.stack([1 - LENGTH[field] + LENGTH[field] * relative[field] for field in _FIELDS])


class LexicalRetriever:
    """Documents that hold any of a query's terms. Bound to one read transaction."""

    def __init__(
        self, connection: sqlite3.Connection, layout: Layout, by_key: Positions, field_lengths: FieldLengths
    ) -> None:
        """``by_key``: the positions of passages in the order of their keys."""
        self._connection = connection
        self._layout = layout
        self._by_key = by_key
        self._field_lengths = field_lengths

    def retrieve(self, query: ParsedQuery, *, feedback: Positions | None = None) -> Evidence:
        """``strength`` is the share of the query's words that a document holds, each weighing its rarity.

        Words that occur nowhere count against it: a document that holds one word of ten matches weakly. So does a query
        of words that nearly every document holds: finding those says nothing.
        """
        documents, passages = len(self._layout.ids), len(self._layout.keys)
        scores, covered, by_passage, most = np.zeros(documents), np.zeros(documents), np.zeros(passages), 0.0
        found = self._occurrences(query.terms)
        for forms, count in zip(query.terms, query.counts, strict=True):
            places = np.concatenate([found[form] for form in forms if form in found] or [_NOWHERE])
            holding, frequency = self._frequency(places)
            weight = count * _idf(documents, len(holding))
            scores[holding] += weight * frequency * (K1 + 1) / (frequency + K1)
            covered[holding] += weight
            in_text = places[places[:, 1] == _FIELDS.index("text")]
            by_passage[in_text[:, 0]] += weight * in_text[:, 2] / (in_text[:, 2] + K1)
            most += weight
        most = max(most, 1e-9)
        return Evidence(
            documents=scores.astype(np.float32),
            strength=np.clip(covered / max(most, TELLING), 0, 1).astype(np.float32),
            passages=np.clip(by_passage / most, 0, 1).astype(np.float32),
        )

    def holding(self, phrase: Sequence[Forms]) -> Positions:
        """The positions of the passages that hold the words of ``phrase`` side by side."""
        rows = self._connection.execute("SELECT rowid FROM terms WHERE terms MATCH ?", (_phrase(phrase),)).fetchall()
        return self._positions(np.array([key for (key,) in rows], dtype=np.int64))

    def _occurrences(self, terms: Sequence[Forms]) -> dict[str, NDArray[np.int64]]:
        """For each form where it occurs: rows of (passage, field, how often)."""
        forms = list(dict.fromkeys(form for group in terms for form in group))
        rows: dict[str, list[tuple[int, int, int]]] = {}
        for start in range(0, len(forms), _VARIABLES):
            chunk = forms[start : start + _VARIABLES]
            for form, key, field, count in self._connection.execute(
                "SELECT term, doc, col, count(*) FROM occurrences"
                f" WHERE term IN ({', '.join('?' * len(chunk))}) GROUP BY term, doc, col",
                chunk,
            ):
                rows.setdefault(form, []).append((key, _FIELDS.index(field), count))
        found = {}
        for form, places in rows.items():
            columns = np.array(places, dtype=np.int64)
            columns[:, 0] = self._positions(columns[:, 0])
            found[form] = columns
        return found

    def _frequency(self, places: NDArray[np.int64]) -> tuple[Positions, NDArray[np.float64]]:
        """The documents that hold a term, and its weighted frequency in each."""
        owners = self._layout.owners[places[:, 0]]
        weighted = _FIELD_WEIGHTS[places[:, 1]] * places[:, 2] / self._field_lengths.divisors[places[:, 1], owners]
        holding, place = np.unique(owners, return_inverse=True)
        return holding, _sums(place, weighted, len(holding))

    def _positions(self, keys: Positions) -> Positions:
        return self._by_key[np.searchsorted(self._sorted_keys, keys)]

    @cached_property
    def _sorted_keys(self) -> Positions:
        return self._layout.keys[self._by_key]


_FIELD_WEIGHTS = np.array([WEIGHTS[field] for field in _FIELDS])
_NOWHERE = np.empty((0, 3), dtype=np.int64)


def _sums(places: Positions, values: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """The sum of the values at each of ``number`` places."""
    return np.asarray(np.bincount(places, weights=values, minlength=number), dtype=np.float64)


def _relative(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths as multiples of the mean of those that are not 0."""
    held = lengths[lengths > 0]
    return lengths / held.mean() if len(held) else np.ones(len(lengths))


def _idf(documents: int, holding: int) -> float:
    """Inverse document frequency, never below 0: the form that Lucene uses."""
    return float(np.log1p((documents - holding + 0.5) / (holding + 0.5)))


def _phrase(words: Sequence[Forms]) -> str:
    """An FTS5 phrase for each language."""
    phrases = dict.fromkeys(" + ".join(map(_quoted, forms)) for forms in zip(*words, strict=True))
    return " OR ".join(f"({phrase})" for phrase in phrases)


def _quoted(term: str) -> str:
    """Terms hold letters, digits and nothing else, so that no quote can occur in them."""
    return f'"{term}"'
