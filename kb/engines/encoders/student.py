"""A small encoder for many languages whose vectors lie in the space of the default model; shipped with the project.

A table of vectors in four bits, one row for each piece of a word, the mean of a text's rows, and a small network on
it (docs/student.md tells how it was learnt). No torch: a text is read in well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.engines.encoders.model_files import Hashes, ModelFiles, folder_fingerprint
from kb.engines.encoders.static import MAX_TOKENS
from kb.engines.encoders.tensors import open_tensors
from kb.engines.encoders.tokens import Ids, Tokens
from kb.errors import ModelError
from kb.types import Floats

#: The folder of the one that is shipped; its name says which version it is.
STUDENT = Path(__file__).parent.parent.parent / "models" / "european-2"
WEIGHTS, TOKENIZER = "weights.safetensors", "tokenizer.json"
#: What half a byte has more than its value, which may be negative.
MIDDLE = 8


def student_files(hashes: Hashes, folder: Path = STUDENT) -> ModelFiles:
    """Raises ModelError when a file of the student is missing."""
    return ModelFiles(folder.name, folder, folder_fingerprint(folder, hashes, (WEIGHTS, TOKENIZER)))


class Student:
    """An Encoder. Thread-safe."""

    def __init__(self, files: ModelFiles) -> None:
        """Raises ModelError when a file is damaged."""
        self.fingerprint = files.fingerprint
        self.max_tokens = MAX_TOKENS
        try:
            weights = open_tensors(files.folder / WEIGHTS)
            self._table: NDArray[np.uint8] = weights["table"]
            self._scales: NDArray[np.float16] = weights["table.scale"]
            self._layers = tuple(
                (weights[f"{layer}.weight"].astype(np.float32), weights[f"{layer}.bias"].astype(np.float32))
                for layer in ("first", "last")
            )
            self._tokens = Tokens((files.folder / TOKENIZER).read_text(encoding="utf-8"), most=MAX_TOKENS)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ModelError(
                f"the encoder in {files.folder} cannot be loaded ({error}); install the project again"
            ) from error
        self.dimension = 2 * int(self._table.shape[1])

    def encode(self, texts: Sequence[str]) -> Floats:
        """float32, shape (len(texts), dimension), rows of unit length; zero for a text without a piece."""
        means = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for number, encoded in enumerate(self._tokens.encode(texts, special=False)):
            if len(encoded):
                means[number] = self._rows(encoded.ids).mean(axis=0)
        found = self._network(means)
        found[~means.any(axis=1)] = 0
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), dtype=np.float32)

    def encode_query(self, text: str) -> Floats:
        vector: Floats = self.encode([text])[0]
        return vector

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._tokens.offsets(text)

    def _rows(self, ids: Ids) -> Floats:
        """The vectors of pieces, float32, shape (pieces, dimension); a byte holds two values, the even place low."""
        scales = self._scales[ids].astype(np.float32)
        rows = np.empty((len(ids), self.dimension), dtype=np.float32)
        packed = self._table[ids]
        rows[:, 0::2], rows[:, 1::2] = packed & 15, packed >> 4
        rows -= MIDDLE
        return np.asarray((rows.reshape(*scales.shape, -1) * scales[:, :, None]).reshape(rows.shape), dtype=np.float32)

    def _network(self, vectors: Floats) -> Floats:
        (first, before), (last, after) = self._layers
        hidden = vectors @ first.T + before
        hidden /= 1 + np.exp(-np.clip(hidden, -60, 60))  # x * sigmoid(x)
        return np.asarray(hidden @ last.T + after, dtype=np.float32)
