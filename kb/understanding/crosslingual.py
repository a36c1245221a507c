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


def query_vector(encoder: Encoder, query: ParsedQuery) -> Floats:
    """float32, shape (dimension,), of unit length. Raises ModelError when the query cannot be encoded."""
    english = reader_of(encoder, ENGLISH).encode_query(query.meaning)
    vector = english + sum(weight * encoder.encode_query(text) for text, weight in query.hints)
    if query.foreign and isinstance(encoder, Multilingual):
        own = weighed(encoder.reader(query.language), query.foreign, query.faint)
        vector = SHARES["english"] * _unit(vector) + SHARES["own"] * own
    return _unit(vector)


def weighed(encoder: Encoder, text: str, faint: Sequence[Faint]) -> Floats:
    """A query as ``encoder`` reads it, in which ``faint`` words count less where it can let them."""
    if faint and isinstance(encoder, Weighing):
        return encoder.encode_weighed(text, faint)
    return encoder.encode_query(text)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
