"""Text to token ids and back to places in the text, with Hugging Face's tokenizers. The only module that names it.

It imports neither torch nor transformers, and reads one file.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ids = NDArray[np.int64]

#: What a model may ask for, by the name of its input.
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text: ``ids`` and ``types``, int64, shape (tokens,), special tokens included."""

    ids: Ids
    types: Ids

    def __len__(self) -> int:
        return len(self.ids)


class Tokens:
    """A tokenizer by the text of its ``tokenizer.json``. Thread-safe. Raises ValueError for a text that is none."""

    def __init__(self, source: str, *, most: int | None, padding: int = 0, left: bool = False) -> None:
        """``most``: how many tokens of a text are kept, special ones included; ``left``: pad on that side."""
        self._source = source
        self._padding = padding
        self._left = left
        self._cutting = _load(source, most)
        self._whole: Tokenizer | None = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], *, special: bool = True) -> list[Encoded]:
        found = self._cutting.encode_batch(list(texts), add_special_tokens=special)
        return [Encoded(np.array(each.ids, dtype=np.int64), np.array(each.type_ids, dtype=np.int64)) for each in found]

    def placed(self, text: str) -> tuple[Ids, Ids]:
        """The tokens of one text, special ones left out, and the code point at which each begins: int64, (tokens,)."""
        found = self._cutting.encode(text, add_special_tokens=False)
        return np.array(found.ids, dtype=np.int64), np.array([start for start, _ in found.offsets], dtype=np.int64)

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """The (start, end) code points of every token of ``text``, none cut off, special ones left out."""
        if self._whole is None:
            with self._lock:
                if self._whole is None:
                    self._whole = _load(self._source, None)
        return _offsets(self._whole, text)

    def measure(self, max_tokens: int) -> TokenMeasure:
        """What cuts texts to ``max_tokens`` as this does."""
        return TokenMeasure(self._source, max_tokens)

    def special(self) -> int:
        """How many special tokens are put around a text."""
        return int(self._cutting.num_special_tokens_to_add(False))

    def batch(self, rows: Sequence[Encoded]) -> dict[str, Ids]:
        """The inputs of a model, int64, shape (len(rows), tokens of the longest), the rest padding."""
        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), self._padding, dtype=np.int64)
        mask = np.zeros_like(ids)
        types = np.zeros_like(ids)
        for number, row in enumerate(rows):
            place = slice(longest - len(row), longest) if self._left else slice(len(row))
            ids[number, place], mask[number, place], types[number, place] = row.ids, 1, row.types
        return dict(zip(INPUTS, (ids, mask, types), strict=True))


@dataclass(frozen=True)
class TokenMeasure:
    """A kb.types.Measure that can be sent to another process: ``source`` is the text of its ``tokenizer.json``."""

    source: str
    max_tokens: int

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return _offsets(_whole(self.source), text)


@lru_cache(maxsize=2)
def _whole(source: str) -> Tokenizer:
    return _load(source, None)


def _offsets(tokenizer: Tokenizer, text: str) -> list[tuple[int, int]]:
    return list(tokenizer.encode(text, add_special_tokens=False).offsets)


def _load(source: str, most: int | None) -> Tokenizer:
    # It would warn at every fork, and the cores have better work.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    json.loads(source)  # a file that is no JSON is told as ValueError, as everywhere
    try:
        tokenizer = Tokenizer.from_str(source)
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(f"the tokenizer cannot be read: {error}") from error
    tokenizer.no_padding()
    if most is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(most)
    return tokenizer
