"""Vectors of the pieces of words in four bits, where they lie in their file: most of what a student is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.types import Floats

#: The files of a student: tensors, and the tokenizer that says which piece has which row.
WEIGHTS, TOKENIZER = "weights.safetensors", "tokenizer.json"
#: What half a byte has more than its value, which may be negative.
MIDDLE = 8


@dataclass(frozen=True)
class Table:
    """Vectors of pieces. ``packed``: two numbers in a byte, the even place low, shape (pieces, dimension / 2);
    ``scales``: of groups of a row, shape (pieces, groups)."""

    packed: NDArray[np.uint8]
    scales: NDArray[np.float16]

    @property
    def dimension(self) -> int:
        return 2 * int(self.packed.shape[1])

    def rows(self, ids: NDArray[np.integer]) -> Floats:
        """float32, shape (\\*ids.shape, dimension)."""
        scales, packed = self.scales[ids].astype(np.float32), self.packed[ids]
        rows = np.empty((*ids.shape, self.dimension), dtype=np.float32)
        rows[..., 0::2], rows[..., 1::2] = packed & 15, packed >> 4
        rows -= MIDDLE
        return np.asarray((rows.reshape(*scales.shape, -1) * scales[..., None]).reshape(rows.shape), dtype=np.float32)
