"""A student that is a bag: the mean of a text's rows of a table, and a small network on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.engines.encoders.model_files import ModelFiles
from kb.engines.encoders.pieces import TOKENIZER, WEIGHTS, Table
from kb.engines.encoders.static import MAX_TOKENS
from kb.engines.encoders.tensors import open_tensors
from kb.engines.encoders.tokens import Tokens
from kb.types import Faint, Floats


class Bag:
    """An Encoder, and kb.types.Weighing. Thread-safe."""

    def __init__(self, files: ModelFiles) -> None:
        """Raises OSError, and ValueError, LookupError or TypeError where a file is damaged."""
        self.fingerprint = files.fingerprint
        self.max_tokens = MAX_TOKENS
        weights = open_tensors(files.folder / WEIGHTS)
        self._table = Table(weights["table"], weights["table.scale"])
        self._layers = tuple(
            (weights[f"{layer}.weight"].astype(np.float32), weights[f"{layer}.bias"].astype(np.float32))
            for layer in ("first", "last")
        )
        self._tokens = Tokens((files.folder / TOKENIZER).read_text(encoding="utf-8"), most=MAX_TOKENS)
        self.dimension = self._table.dimension

    def encode(self, texts: Sequence[str]) -> Floats:
        """float32, shape (len(texts), dimension), rows of unit length; zero for a text without a piece."""
        means = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for number, encoded in enumerate(self._tokens.encode(texts, special=False)):
            if len(encoded):
                means[number] = self._table.rows(encoded.ids).mean(axis=0)
        return self._read(means)

    def encode_query(self, text: str) -> Floats:
        vector: Floats = self.encode([text])[0]
        return vector

    def encode_weighed(self, text: str, faint: Sequence[Faint]) -> Floats:
        """float32, shape (dimension,), of unit length: the pieces of ``faint`` words count less in the mean."""
        ids, begins = self._tokens.placed(text)
        if not len(ids):
            return self.encode_query(text)
        counts = np.ones((1, len(ids)), dtype=np.float32)
        for word in faint:
            counts[0, (word.start <= begins) & (begins < word.end)] = word.counts
        vector: Floats = self._read(counts @ self._table.rows(ids) / max(float(counts.sum()), 1e-12))[0]
        return vector

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._tokens.offsets(text)

    def _read(self, means: Floats) -> Floats:
        """Texts by the means of their pieces, of unit length; zero for one without."""
        found = self._network(means)
        found[~means.any(axis=1)] = 0
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), dtype=np.float32)

    def _network(self, vectors: Floats) -> Floats:
        (first, before), (last, after) = self._layers
        hidden = vectors @ first.T + before
        hidden /= 1 + np.exp(-np.clip(hidden, -60, 60))  # x * sigmoid(x)
        return np.asarray(hidden @ last.T + after, dtype=np.float32)
