"""Ranking by words: BM25F (Robertson, Zaragoza and Taylor 2004) over whole documents, from their postings.

A document's words count together wherever they stand, which the BM25 of FTS5, with fixed parameters over rows, cannot
do. FTS5 finds phrases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from kb.engines.database import postings
from kb.engines.database.postings import FIELDS, Places
from kb.engines.database.reader import Reader
from kb.ranking.rarity import rarity
from kb.text.analysis import is_translated
from kb.types import Evidence, Floats, Layout, Positions
from kb.understanding.query import Forms, ParsedQuery

#: BM25F: the weight of each field, and how much the length of the field counts (0 not at all, 1 fully).
WEIGHTS = {"title": 4.0, "text": 1.0, "keywords": 0.5, "translated title": 4.0, "translation": 1.0, "letters": 1.0}
LENGTH = {"title": 0.5, "text": 0.6, "keywords": 0.0, "translated title": 0.0, "translation": 0.0, "letters": 0.75}
#: How soon a term that occurs again adds nothing more.
K1 = 1.6

#: What a word counts of which a document holds a sure translation only: that is a guess, and may be another word's.
GUESSED = 0.5
#: The weight that the words of a query must have together to say something: that of one in three documents.
TELLING = 1.0


class FieldLengths:
    """How long each field of each document is, compared with the mean. Shared by all queries of a generation."""

    def __init__(self, layout: Layout) -> None:
        documents = len(layout.ids)
        lengths = np.where(layout.translations, 0.0, layout.lengths.astype(np.float64))
        title_lengths = np.where(layout.titles, lengths, 0.0)
        title = _sums(layout.owners, title_lengths, documents)
        text = _sums(layout.owners, lengths - title_lengths, documents)
        relative = {field: np.ones(documents) for field in FIELDS}
        relative |= {"title": _relative(title), "text": _relative(text), "letters": _relative(title + text)}
        #: What a term frequency is divided by: float64, shape (fields, documents).
        self.divisors = np.stack([1 - LENGTH[field] + LENGTH[field] * relative[field] for field in FIELDS])


class LexicalRetriever:
    """Documents that hold any of a query's terms. Bound to one read transaction."""

    def __init__(
        self, reader: Reader, layout: Layout, by_key: Positions, places: Positions, field_lengths: FieldLengths
    ) -> None:
        """``by_key``: the positions of passages in the order of their keys. ``places``: see :func:`document_places`."""
        self._reader = reader
        self._layout = layout
        self._by_key = by_key
        self._places = places
        self._field_lengths = field_lengths
        self._last: tuple[ParsedQuery, Evidence] | None = None

    def retrieve(self, query: ParsedQuery, *, feedback: Positions | None = None) -> Evidence:
        """``strength`` is the share of the query's words that a document holds, each weighing its rarity.

        Words that occur nowhere count against it: a document that holds one word of ten matches weakly. So does a query
        of words that nearly every document holds: finding those says nothing. A word that is only held in translation
        counts GUESSED as far as that is sure, and nothing where it is unlikely. Pieces of words are no evidence.
        Feedback changes nothing here.
        """
        if self._last is None or self._last[0] != query:
            self._last = (query, self._scored(query))
        return self._last[1]

    def _scored(self, query: ParsedQuery) -> Evidence:
        documents = len(self._layout.ids)
        scores, covered, most = np.zeros(documents), np.zeros(documents), 0.0
        sought = dict.fromkeys(chain(chain.from_iterable(query.terms), query.letters))
        found = postings.read(self._reader.connection, list(sought))
        weights = []
        for forms, count in zip(query.terms, query.counts, strict=True):
            frequency = self._frequency(forms, found, query.certainty)
            holding = np.flatnonzero(frequency)
            weight = count * rarity(documents, len(holding))
            scores[holding] += weight * _bm25(frequency[holding])
            covered[holding] += weight * self._certainty(forms, query, found)[holding]
            weights.append(weight)
            most += weight
        for piece, share in query.letters.items():
            if piece in found:
                holding, frequency = self._holding(found[piece])
                scores[holding] += share * rarity(documents, len(holding)) * _bm25(frequency)
        most = max(most, 1e-9)
        reader, layout = self._reader, self._layout  # not self, which keeps what is returned: a ring would outlive both
        return Evidence(
            documents=scores.astype(np.float32),
            strength=np.clip(covered / max(most, TELLING), 0, 1).astype(np.float32),
            passages=lambda chosen: _by_passage(reader, layout, chosen, query, np.array(weights) / most),
        )

    def holding(self, phrase: Sequence[Forms]) -> Positions:
        """The positions of the passages that hold the words of ``phrase`` side by side."""
        rows = self._reader.connection.execute(
            "SELECT rowid FROM terms WHERE terms MATCH ?", (_phrase(phrase),)
        ).fetchall()
        return self._positions(np.array([key for (key,) in rows], dtype=np.int64))

    def holding_any(self, terms: Sequence[Forms], among: Positions) -> Sequence[int]:
        """How many of the documents ``among`` all hold any form of each term."""
        found = postings.read(self._reader.connection, list(dict.fromkeys(chain.from_iterable(terms))))
        counts = []
        for forms in terms:
            holding = np.zeros(len(self._layout.ids) + 1, dtype=bool)
            for places in chain.from_iterable(found.get(form, ()) for form in forms):
                holding[self._places[np.minimum(places.keys, len(self._places) - 1)]] = True  # the last: gone
            counts.append(int(np.count_nonzero(holding[among])))
        return counts

    def held(self, terms: Sequence[Forms], documents: Positions) -> Mapping[int, frozenset[str]]:
        """The forms of ``terms`` that each of ``documents`` holds, wherever in it."""
        forms: dict[int, set[str]] = {document: set() for document in documents.tolist()}
        found = postings.read(self._reader.connection, list(dict.fromkeys(chain.from_iterable(terms))))
        for form, places in found.items():
            for document in documents[self._field_frequency(places)[documents] > 0].tolist():
                forms[document].add(form)
        return {document: frozenset(each) for document, each in forms.items()}

    def _frequency(
        self, forms: Forms, found: Mapping[str, Sequence[Places]], certainty: Mapping[str, float]
    ) -> NDArray[np.float64]:
        """The weighted frequency of a term in each document, as it is found in its forms; 0 where it is not.

        A form that is a translation counts as far as that is sure (Darwish and Oard 2003, "Probabilistic structured
        query methods"). Translations in documents say the same again: a document does not hold a word more often for
        having some.
        """
        sure = [form for form in forms if not is_translated(form) and certainty.get(form, 1.0) == 1.0]
        frequency = self._field_frequency([places for form in sure for places in found.get(form, ())])
        for form in forms:
            if form in found and certainty.get(form, 1.0) < 1.0:
                frequency += certainty[form] * self._field_frequency(found[form])
        for form in filter(is_translated, forms):
            if form in found:
                frequency = np.maximum(frequency, self._field_frequency(found[form]))
        return frequency

    def _certainty(
        self, forms: Forms, query: ParsedQuery, found: Mapping[str, Sequence[Places]]
    ) -> NDArray[np.float64]:
        """How sure each document holds what was asked for, if it holds one of ``forms``: a translation is a guess, by
        as much as it is sure, and an unlikely one is no evidence."""
        guessed = [form for form in forms if form in query.certainty]
        if not guessed:
            return np.ones(len(self._layout.ids))
        sure = np.zeros(len(self._layout.ids))
        for form in filter(query.is_likely, guessed):
            held = self._field_frequency(found.get(form, ())) > 0
            sure[held] = np.maximum(sure[held], GUESSED * query.certainty[form])
        own = tuple(form for form in forms if form not in query.certainty)
        sure[self._frequency(own, found, {}) > 0] = 1.0
        return sure

    def _field_frequency(self, found: Sequence[Places]) -> NDArray[np.float64]:
        """The weighted frequency of what is found at these places, in each document."""
        frequency = np.zeros(len(self._layout.ids))
        for places in found:
            documents, weighted = self._weighted(places)
            frequency[documents] += weighted
        return frequency

    def _holding(self, found: Sequence[Places]) -> tuple[Positions, NDArray[np.float64]]:
        """The documents in which a term is found, and its weighted frequency there, without a look at all others."""
        if len(found) == 1:
            return self._weighted(found[0])
        frequency = self._field_frequency(found)
        holding = np.flatnonzero(frequency)
        return holding, frequency[holding]

    def _weighted(self, places: Places) -> tuple[Positions, NDArray[np.float64]]:
        """Documents, each once, and the weighted frequency of a term in one field of them."""
        field, keys, counts = places
        documents = self._places[np.minimum(keys, len(self._places) - 1)]
        if documents.min(initial=0) < 0:  # documents that are gone
            counts, documents = counts[documents >= 0], documents[documents >= 0]
        return documents, WEIGHTS[FIELDS[field]] * counts / self._field_lengths.divisors[field, documents]

    def _positions(self, keys: Positions) -> Positions:
        return self._by_key[np.searchsorted(self._sorted_keys, keys)]

    @cached_property
    def _sorted_keys(self) -> Positions:
        return self._layout.keys[self._by_key]


def document_places(layout: Layout) -> Positions:
    """The position of each document by its key, int64, shape (largest key + 2,); -1 for a key that none has.

    The last one is -1 and stands for all larger keys: postings may name documents that are gone.
    """
    places = np.full(int(layout.document_keys.max(initial=0)) + 2, -1, dtype=np.int64)
    places[layout.document_keys] = np.arange(len(layout.ids))
    return places


def _by_passage(
    reader: Reader, layout: Layout, documents: Sequence[int], query: ParsedQuery, weights: NDArray[np.float64]
) -> Sequence[Floats]:
    """How much of the query the text of each passage of ``documents`` holds."""
    spans = [(int(layout.starts[d]), int(layout.starts[d + 1])) for d in documents]
    keys = [layout.keys[start:end].tolist() for start, end in spans]
    texts = reader.analysed(list(chain.from_iterable(keys)))
    shares = weights.tolist()
    return [
        np.array([_held(Counter(texts.get(key, "").split()), query, shares) for key in several], dtype=np.float32)
        for several in keys
    ]


def _held(words: Mapping[str, int], query: ParsedQuery, weights: Sequence[float]) -> float:
    """The share of a query's weight that ``words`` hold, a word that is repeated counting more, up to all of it.

    Of several forms of a term the last one that is there counts, of unsure translations the best.
    """
    held = 0.0
    for forms, weight in zip(query.terms, weights, strict=True):
        best = 0.0
        for form in reversed(forms):
            if count := words.get(form, 0):
                sure = query.certainty.get(form, 1.0)
                best = max(best, sure * count / (count + K1))
                if sure == 1.0:
                    break
        held += weight * best
    return min(1.0, held)


def _sums(places: Positions, values: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """The sum of the values at each of ``number`` places."""
    return np.asarray(np.bincount(places, weights=values, minlength=number), dtype=np.float64)


def _relative(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths as multiples of the mean of those that are not 0."""
    held = lengths[lengths > 0]
    return lengths / held.mean() if len(held) else np.ones(len(lengths))


def _bm25(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a term scores by its weighted frequency, but for its rarity."""
    return np.asarray(frequency * (K1 + 1) / (frequency + K1))


def _phrase(words: Sequence[Forms]) -> str:
    """An FTS5 phrase for each language."""
    phrases = dict.fromkeys(" + ".join(map(_quoted, forms)) for forms in zip(*words, strict=True))
    return " OR ".join(f"({phrase})" for phrase in phrases)


def _quoted(term: str) -> str:
    """Terms hold letters, digits and nothing else, so that no quote can occur in them."""
    return f'"{term}"'
