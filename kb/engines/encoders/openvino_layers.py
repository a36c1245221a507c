"""The layers of a student as a network for OpenVINO: built from its weights, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from kb.engines.encoders.layers import EPSILON, Layers
from kb.engines.encoders.openvino_runtime import operations, package

#: The inputs of the network: see :meth:`kb.engines.encoders.layers.Layers.read`.
WORDS, MASK = "words", "mask"


def network_of(layers: Layers) -> Any:
    """What :meth:`Layers.read` computes, as openvino.Model. Raises ImportError without the runtime."""
    ov, ops = package(), operations()

    def constant(values: Any) -> Any:
        return ops.constant(np.ascontiguousarray(values, dtype=np.float32))

    def linear(states: Any, name: str) -> Any:
        product = ops.matmul(states, constant(layers.weights[f"{name}.weight"]), False, True)
        return ops.add(product, constant(layers.weights[f"{name}.bias"]))

    def normal(states: Any, name: str) -> Any:
        centred = ops.mvn(states, ops.constant(np.array([-1], dtype=np.int64)), True, EPSILON, "inside_sqrt")
        scaled = ops.multiply(centred, constant(layers.weights[f"{name}.weight"]))
        return ops.add(scaled, constant(layers.weights[f"{name}.bias"]))

    def shaped(values: Any, *shape: int) -> Any:
        return ops.reshape(values, ops.constant(np.array(shape, dtype=np.int64)), True)

    def turned(values: Any) -> Any:
        return ops.transpose(values, ops.constant(np.array([0, 2, 1, 3], dtype=np.int64)))

    dimension = layers.weights["embeddings.LayerNorm.weight"].shape[0]
    words = ops.parameter(ov.PartialShape([-1, -1, dimension]), ov.Type.f32, WORDS)
    mask = ops.parameter(ov.PartialShape([-1, -1]), ov.Type.i64, MASK)
    for parameter, name in ((words, WORDS), (mask, MASK)):
        parameter.output(0).get_tensor().set_names({name})
    seen = ops.unsqueeze(ops.convert(mask, "boolean"), ops.constant(np.array([1, 2], dtype=np.int64)))
    states = normal(words, "embeddings.LayerNorm")
    for number in range(layers.count):
        name = f"encoder.layer.{number}"
        query, key, value = (
            turned(shaped(linear(states, f"{name}.attention.self.{side}"), 0, 0, layers.heads, -1))
            for side in ("query", "key", "value")
        )
        read = turned(ops.scaled_dot_product_attention(query, key, value, seen))
        read = linear(shaped(read, 0, 0, dimension), f"{name}.attention.output.dense")
        states = normal(ops.add(states, read), f"{name}.attention.output.LayerNorm")
        inner = linear(ops.gelu(linear(states, f"{name}.intermediate.dense"), "erf"), f"{name}.output.dense")
        states = normal(ops.add(states, inner), f"{name}.output.LayerNorm")
    kept = ops.unsqueeze(ops.convert(mask, "f32"), ops.constant(np.array(2, dtype=np.int64)))
    sums = ops.reduce_sum(ops.multiply(states, kept), ops.constant(np.array([1], dtype=np.int64)))
    vectors = ops.normalize_l2(sums, ops.constant(np.array([1], dtype=np.int64)), EPSILON, "add")
    return ov.Model([vectors], [words, mask], "student")
