"""The files of a student as they are shipped, its table in eight bits: each row as whole numbers and one scale."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from training.bag import Bag

WEIGHTS, TOKENIZER, RECORD = "weights.safetensors", "tokenizer.json", "training.json"


def quantised(table: Tensor) -> tuple[Tensor, Tensor]:
    """Rows as int8 and their scales as float16, symmetric: the largest value of a row is 127."""
    scale = (table.abs().amax(1) / 127).clamp_min(1e-7).half()
    return (table / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8), scale


def export_bag(bag: Bag, tokenizer: Tokenizer, folder: Path, record: Mapping[str, Any]) -> None:
    """Write weights, tokenizer and ``record``."""
    folder.mkdir(parents=True, exist_ok=True)
    vectors, scale = quantised(bag.vectors.weight.detach())
    stored = {"vectors": vectors, "vectors.scale": scale}
    for name, layer in (("first", bag.first), ("last", bag.last)):
        stored |= {f"{name}.weight": layer.weight.detach().half(), f"{name}.bias": layer.bias.detach().half()}
    save_file({name: value.contiguous() for name, value in stored.items()}, folder / WEIGHTS)
    tokenizer.no_truncation()
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    _write(folder / RECORD, record)


def unpack(folder: Path, out: Path) -> None:
    """Write the student in ``folder`` to ``out`` as sentence-transformers loads it."""
    weights = load_file(folder / WEIGHTS)
    table = weights["vectors"].float() * weights["vectors.scale"].float()[:, None]
    modules = ("StaticEmbedding", "Dense", "Dense", "Normalize")
    places = [f"{number}_{name}" for number, name in enumerate(modules)]
    for place in places:
        (out / place).mkdir(parents=True, exist_ok=True)
    _write(out / "modules.json", _modules(modules, places))
    _write(out / "config_sentence_transformers.json", {"prompts": {}, "similarity_fn_name": "cosine"})
    save_file({"embedding.weight": table}, out / places[0] / "model.safetensors")
    (out / places[0] / TOKENIZER).write_bytes((folder / TOKENIZER).read_bytes())
    for place, layer, activation in ((places[1], "first", "SiLU"), (places[2], "last", "Identity")):
        weight, bias = weights[f"{layer}.weight"].float(), weights[f"{layer}.bias"].float()
        module = "activation" if activation == "SiLU" else "linear"
        _write(
            out / place / "config.json",
            {
                "in_features": weight.shape[1],
                "out_features": weight.shape[0],
                "bias": True,
                "activation_function": f"torch.nn.modules.{module}.{activation}",
            },
        )
        save_file({"linear.weight": weight.contiguous(), "linear.bias": bias}, out / place / "model.safetensors")


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _modules(names: Sequence[str], places: Sequence[str]) -> list[Mapping[str, object]]:
    return [
        {"idx": number, "name": str(number), "path": place, "type": f"sentence_transformers.models.{name}"}
        for number, (name, place) in enumerate(zip(names, places, strict=True))
    ]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m training.export STUDENT OUT")
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
