"""Texts in rows of one length, several in a row: nothing is lost to padding, and every step has the same shape.

A piece sees those of its own text only (Krell et al. 2021, "Efficient Sequence Packing without Cross-contamination").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.texts import MAX_TOKENS, Texts
from training.tokenizer import CLS, MASK, PAD, SEP

Numbers = NDArray[np.int64]
Small = NDArray[np.int32]


@dataclass(frozen=True)
class Names:
    """Numbers of special tokens in a vocabulary."""

    pad: int
    cls: int
    sep: int
    mask: int

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Names:
        return cls(*(int(tokenizer.token_to_id(name) or 0) for name in (PAD, CLS, SEP, MASK)))


@dataclass(frozen=True)
class Packed:
    """Rows of :data:`~training.texts.MAX_TOKENS` pieces, all of shape (rows, pieces).

    ``ids``: pieces; ``text``: the number of the text that each belongs to, -1 for padding; ``place``: where in it.
    """

    ids: Small
    text: Small
    place: Small


def lengths_of(row: Numbers, n: int) -> Numbers:
    """How many places each of ``n`` texts takes, special tokens included, from the text of each of their pieces."""
    return np.minimum(np.bincount(row, minlength=n) + 2, MAX_TOKENS)


def rows_for(lengths: Numbers, rows: int) -> Numbers:
    """The row of each text, the longest first wherever there is room; -1 for one that fits into none of ``rows``."""
    free = np.full(rows, MAX_TOKENS)
    found = np.full(len(lengths), -1)
    for text in np.argsort(-lengths, kind="stable"):
        row = int((free >= lengths[text]).argmax())
        if free[row] >= lengths[text]:
            free[row] -= lengths[text]
            found[text] = row
    return found


def pack(ids: Numbers, text: Numbers, n: int, names: Names, *, rows: int | None = None) -> tuple[Packed, Numbers]:
    """``ids``: the pieces of ``n`` texts one behind the other, ``text``: whose each is. Also the numbers of those texts
    that found room: in ``rows`` some may not, without it all do."""
    lengths = lengths_of(text, n)
    most = rows or len(lengths)
    row = rows_for(lengths, most)
    kept = np.flatnonzero(row >= 0)
    if rows is None:
        rows = int(row.max(initial=-1)) + 1
    # Where each text begins in its row: what those before it in the same row take.
    order = kept[np.argsort(row[kept], kind="stable")]
    taken = lengths[order].cumsum() - lengths[order]
    first = np.searchsorted(row[order], np.arange(rows))
    begins = np.zeros(n, dtype=np.int64)
    begins[order] = taken - np.append(taken, 0)[np.minimum(first, len(order))][row[order]] + row[order] * MAX_TOKENS
    packed = [np.full(rows * MAX_TOKENS, value, dtype=np.int32) for value in (names.pad, -1, 0)]
    number = np.full(n, -1)
    number[kept] = np.arange(len(kept))
    counts = np.bincount(text, minlength=n)
    column = np.arange(len(text)) - (counts.cumsum() - counts)[text] + 1
    fits = (column < MAX_TOKENS - 1) & (number[text] >= 0)
    packed[0][begins[text[fits]] + column[fits]] = ids[fits]
    packed[0][begins[kept]] = names.cls
    packed[0][begins[kept] + lengths[kept] - 1] = names.sep
    whole = np.repeat(kept, lengths[kept])
    places = np.arange(len(whole)) - np.repeat(lengths[kept].cumsum() - lengths[kept], lengths[kept])
    packed[1][begins[whole] + places] = number[whole]
    packed[2][begins[whole] + places] = places
    return Packed(*(each.reshape(rows, MAX_TOKENS) for each in packed)), kept


def flat(texts: Texts, numbers: Numbers) -> tuple[Numbers, Numbers]:
    """The pieces of ``numbers`` (shape (n, k), -1 for none) one behind the other, and the row of each."""
    used = np.maximum(numbers, 0).ravel()
    starts = texts.starts[used]
    lengths = np.where(numbers.ravel() >= 0, texts.starts[used + 1] - starts, 0)
    ends = lengths.cumsum()
    part = np.repeat(np.arange(len(lengths)), lengths)
    return texts.ids[np.arange(len(part)) + (starts - ends + lengths)[part]].astype(np.int64), part // numbers.shape[1]
