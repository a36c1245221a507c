"""Texts as numbers, one behind the other, so that millions of them take little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

#: The longest text that a transformer reads, special tokens included.
MAX_TOKENS = 256

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as numbers, one behind the other: those of text ``i`` are ``ids[starts[i]:starts[i + 1]]``."""

    ids: Ids
    starts: NDArray[np.int64]

    def __getitem__(self, index: int) -> Ids:
        return self.ids[self.starts[index] : self.starts[index + 1]]


def numbers(tokenizer: Tokenizer, texts: Sequence[str]) -> Texts:
    """Texts as the tokenizer reads them, special tokens left out."""
    rows, lengths = [], np.zeros(len(texts), dtype=np.int64)
    for start in range(0, len(texts), 50_000):
        batch = tokenizer.encode_batch_fast(list(texts[start : start + 50_000]), add_special_tokens=False)
        for place, encoded in enumerate(batch, start=start):
            row = np.array(encoded.ids, dtype=np.int32)
            rows.append(row)
            lengths[place] = len(row)
    return Texts(np.concatenate(rows), np.concatenate([[0], np.cumsum(lengths)]))
