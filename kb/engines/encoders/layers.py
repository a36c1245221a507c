"""The layers of a BERT (Devlin et al. 2019) in numpy, from vectors of pieces to vectors of texts.

What a student is compared with when it is compiled, and what reads its texts where it cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.types import Floats

EPSILON = 1e-12
#: Weights of where a piece stands, and of which kind of text it is in.
PLACES, KINDS = "embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"


@dataclass(frozen=True)
class Layers:
    """``weights``: float32, by the names that ``transformers`` gives them. ``heads``: of attention, in each layer."""

    weights: Mapping[str, Floats]
    heads: int

    @property
    def count(self) -> int:
        return 1 + max(int(name.split(".")[2]) for name in self.weights if name.startswith("encoder.layer."))

    def places(self, tokens: int) -> Floats:
        """What is added to the vectors of the first ``tokens`` pieces for where they stand."""
        return np.asarray(self.weights[PLACES][:tokens] + self.weights[KINDS][0], dtype=np.float32)

    def read(self, words: Floats, mask: NDArray[np.int64]) -> Floats:
        """The mean of the last layer, of unit length: float32, shape (texts, dimension).

        ``words``: float32, shape (texts, tokens, dimension), their places added; ``mask``: 1 for text, 0 for padding.
        """
        texts, tokens, dimension = words.shape
        states = self._normal(words, "embeddings.LayerNorm")
        unseen = np.where(mask, np.float32(0), np.float32(-1e9))[:, None, None, :]
        for number in range(self.count):
            name = f"encoder.layer.{number}"
            query, key, value = (
                self._linear(states, f"{name}.attention.self.{side}")
                .reshape(texts, tokens, self.heads, -1)
                .transpose(0, 2, 1, 3)
                for side in ("query", "key", "value")
            )
            scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1])) + unseen
            scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
            scores /= scores.sum(axis=-1, keepdims=True)
            read = (scores @ value).transpose(0, 2, 1, 3).reshape(texts, tokens, dimension)
            read = self._linear(read, f"{name}.attention.output.dense")
            states = self._normal(states + read, f"{name}.attention.output.LayerNorm")
            inner = self._linear(_gelu(self._linear(states, f"{name}.intermediate.dense")), f"{name}.output.dense")
            states = self._normal(states + inner, f"{name}.output.LayerNorm")
        sums = (states * mask[:, :, None]).sum(axis=1)
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    def _linear(self, states: Floats, name: str) -> Floats:
        return np.asarray(states @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"])

    def _normal(self, states: Floats, name: str) -> Floats:
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return np.asarray(centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"])


def _gelu(values: Floats) -> Floats:
    """x times the share of the normal distribution below x; the error function by Abramowitz and Stegun 7.1.26, off by
    1.5e-7 at most."""
    size = np.abs(values) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = t * (np.float32(factor) + series)
    erf = np.copysign(1 - series * np.exp(-size * size), values)
    return np.asarray(values * (1 + erf) / 2, dtype=np.float32)
