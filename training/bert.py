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


def vectors(words: Tensor, mask: Tensor, weights: Weights, *, heads: int) -> Tensor:
    """The mean of the last layer, of unit length: float32, shape (n, dimension).

    ``words``: the vectors of the pieces, of the weights' type, shape (n, tokens, dimension); ``mask``: bool.
    """
    n, tokens, dimension = words.shape
    places = (
        weights["embeddings.position_embeddings.weight"][:tokens]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    states = _normal(words + places, weights, "embeddings.LayerNorm")
    seen = mask[:, None, None, :]
    for number in range(layers(weights)):
        name = f"encoder.layer.{number}"
        query, key, value = (
            _linear(states, weights, f"{name}.attention.self.{side}").view(n, tokens, heads, -1).transpose(1, 2)
            for side in ("query", "key", "value")
        )
        read = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        read = _linear(read.transpose(1, 2).reshape(n, tokens, dimension), weights, f"{name}.attention.output.dense")
        states = _normal(states + read, weights, f"{name}.attention.output.LayerNorm")
        inner = F.gelu(_linear(states, weights, f"{name}.intermediate.dense"))
        inner = _linear(inner, weights, f"{name}.output.dense")
        states = _normal(states + inner, weights, f"{name}.output.LayerNorm")
    kept = mask.unsqueeze(-1).to(states.dtype)
    return F.normalize((states * kept).sum(1, dtype=torch.float32) / kept.sum(1, dtype=torch.float32), dim=-1)


def _linear(states: Tensor, weights: Weights, name: str) -> Tensor:
    return F.linear(states, weights[f"{name}.weight"], weights[f"{name}.bias"])


def _normal(states: Tensor, weights: Weights, name: str) -> Tensor:
    weight = weights[f"{name}.weight"]
    return F.layer_norm(states, weight.shape, weight, weights[f"{name}.bias"], 1e-12)
