"""Texts of many languages in one space: who reads which, and what stands for a query that is not in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from kb.text.languages import ENGLISH
from kb.types import Encoder, Faint, Floats, Multilingual, Weighing
from kb.understanding.query import ParsedQuery

#: What makes the vector of a query in another language: the query as its language's encoder reads it, and as the
#: encoder for English does, once with the words in English that are known of it, as far as they are.
SHARES: Mapping[str, float] = {"own": 0.75, "english": 0.25}


#: Which kinds of encoder have several parts. Asking a Protocol takes longer than tokenising a heading.
_MULTILINGUAL: dict[type, bool] = {}


def reader_of(encoder: Encoder, language: str) -> Encoder:
    """The part of ``encoder`` that reads texts in ``language``."""
    kind = type(encoder)
    if kind not in _MULTILINGUAL:
        _MULTILINGUAL[kind] = isinstance(encoder, Multilingual)
    return cast(Multilingual, encoder).reader(language) if _MULTILINGUAL[kind] else encoder


def query_vectors(encoder: Encoder, query: ParsedQuery) -> tuple[Floats, Floats]:
    """What ranks, and what says whether anything fits: float32, shape (dimension,), of unit length, the same one unless
    words of the query are faint. Raises ModelError when the query cannot be encoded.

    What all documents are about tells none of them apart, and tells all of them from what is about something else.
    """
    english = reader_of(encoder, ENGLISH).encode_query(query.meaning)
    vector = _unit(english + sum(weight * encoder.encode_query(text) for text, weight in query.hints))
    if not query.foreign or not isinstance(encoder, Multilingual):
        return vector, vector
    reader = encoder.reader(query.language)
    whole = _both(vector, reader.encode_query(query.foreign))
    return _both(vector, weighed(reader, query.foreign, query.faint)) if query.faint else whole, whole


def _both(english: Floats, own: Floats) -> Floats:
    return _unit(SHARES["english"] * english + SHARES["own"] * own)


def weighed(encoder: Encoder, text: str, faint: Sequence[Faint]) -> Floats:
    """A query as ``encoder`` reads it, in which ``faint`` words count less where it can let them."""
    if faint and isinstance(encoder, Weighing):
        return encoder.encode_weighed(text, faint)
    return encoder.encode_query(text)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
