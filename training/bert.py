"""The layers of a BERT (Devlin et al. 2019) as plain functions of its weights: what learning runs millions of times.

The names of the weights are those of the files; ``transformers`` writes and reads them, and a test holds that it
computes the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = Mapping[str, Tensor]


def layers(weights: Weights) -> int:
    return 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))


def states(words: Tensor, text: Tensor, place: Tensor, weights: Weights, *, heads: int) -> Tensor:
    """What the last layer makes of each piece, shape (rows, pieces, dimension).

    ``words``: the vectors of the pieces, of the weights' type, in that shape; ``text`` and ``place``: shape (rows,
    pieces), see :class:`training.packing.Packed`.
    """
    n, pieces, dimension = words.shape
    places = F.embedding(place, weights["embeddings.position_embeddings.weight"])
    found = words + places + weights["embeddings.token_type_embeddings.weight"][0]
    found = _normal(found, weights, "embeddings.LayerNorm")
    seen = (text[:, :, None] == text[:, None, :])[:, None]
    for number in range(layers(weights)):
        name = f"encoder.layer.{number}"
        query, key, value = (
            _linear(found, weights, f"{name}.attention.self.{side}").view(n, pieces, heads, -1).transpose(1, 2)
            for side in ("query", "key", "value")
        )
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        read = _linear(read.transpose(1, 2).reshape(n, pieces, dimension), weights, f"{name}.attention.output.dense")
        found = _normal(found + read, weights, f"{name}.attention.output.LayerNorm")
        inner = F.gelu(_linear(found, weights, f"{name}.intermediate.dense"))
        inner = _linear(inner, weights, f"{name}.output.dense")
        found = _normal(found + inner, weights, f"{name}.output.LayerNorm")
    return found


def pooled(states: Tensor, text: Tensor, texts: int) -> Tensor:
    """The mean of the states of each text, of unit length: float32, shape (texts, dimension)."""
    sums = torch.zeros(texts + 1, states.shape[-1], dtype=torch.float32, device=states.device)
    sums = sums.index_add(0, text.reshape(-1) + 1, states.reshape(-1, states.shape[-1]).float())
    return F.normalize(sums[1:], dim=-1)


def _linear(states: Tensor, weights: Weights, name: str) -> Tensor:
    return F.linear(states, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _normal(states: Tensor, weights: Weights, name: str) -> Tensor:
    weight = weights[f"{name}.weight"]
    return F.layer_norm(states, weight.shape, weight, weights[f"{name}.bias"], 1e-12)
