"""The files of a student as they are shipped, in few bits, and as sentence-transformers loads them.

    python -m training.export STUDENT OUT

Tables of pieces are kept in four bits; of what is behind them, a bag keeps all in half precision, a transformer its
matrices in eight bits.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from kb.engines.encoders.pieces import MIDDLE
from training.bag import Bag
from training.quantisation import GROUP, in_eight_bits, in_four_bits, packed
from training.texts import MAX_TOKENS
from training.tokenizer import CLS, MASK, PAD, SEP, UNKNOWN
from training.transformer import WORDS, Transformer

WEIGHTS, TOKENIZER, RECORD, CONFIG = "weights.safetensors", "tokenizer.json", "training.json", "config.json"
TABLE, SCALE = "table", ".scale"
_NAMES = {"pad_token": PAD, "unk_token": UNKNOWN, "cls_token": CLS, "sep_token": SEP, "mask_token": MASK}


def export_bag(bag: Bag, tokenizer: Tokenizer, folder: Path, record: Mapping[str, Any]) -> None:
    """Write weights, tokenizer and ``record``."""
    stored = _packed(bag.vectors)
    for name, layer in (("first", bag.first), ("last", bag.last)):
        stored |= {f"{name}.weight": layer.weight.detach().half(), f"{name}.bias": layer.bias.detach().half()}
    _store(stored, tokenizer, folder, record)


def export_transformer(student: Transformer, tokenizer: Tokenizer, folder: Path, record: Mapping[str, Any]) -> None:
    """Write weights, tokenizer, form and ``record``."""
    stored = _packed(student.table)
    for name, value in student.weights().items():
        if value.ndim == 2:
            stored[name], stored[name + SCALE] = in_eight_bits(value.detach())
        else:
            stored[name] = value.detach().half()
    _store(stored, tokenizer, folder, record)
    _write(folder / CONFIG, _form(student))


def _packed(table: Tensor) -> dict[str, Tensor]:
    whole, scale = in_four_bits(table.detach())
    return {TABLE: packed(whole), TABLE + SCALE: scale}


def load_transformer(folder: Path) -> Transformer:
    """The student that :func:`export_transformer` wrote, as exact as it is stored."""
    stored = load_file(folder / WEIGHTS)
    form = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    table = torch.from_numpy(table_of(stored.pop(TABLE).numpy(), stored.pop(TABLE + SCALE).numpy()))
    body = {
        name: value.float() * stored[name + SCALE].float()[:, None] if name + SCALE in stored else value.float()
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }
    return Transformer(table, body, heads=form["num_attention_heads"])


def table_of(packed: NDArray[np.uint8], scale: NDArray[np.float16]) -> NDArray[np.float32]:
    """Vectors of pieces, float32, shape (pieces, dimension).

    ``packed``: shape (pieces, dimension / 2), the even places low; ``scale``: shape (pieces, groups).
    """
    whole = np.empty((packed.shape[0], 2 * packed.shape[1]), dtype=np.float32)
    whole[:, 0::2], whole[:, 1::2] = packed & 15, packed >> 4
    grouped = (whole - MIDDLE).reshape(len(whole), -1, GROUP) * scale.astype(np.float32)[:, :, None]
    return np.asarray(grouped.reshape(whole.shape), dtype=np.float32)


def unpack(folder: Path, out: Path) -> None:
    """Write the student in ``folder`` to ``out`` as sentence-transformers loads it."""
    (_unpack_transformer if (folder / CONFIG).exists() else _unpack_bag)(folder, out)


def _unpack_bag(folder: Path, out: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    table = torch.from_numpy(table_of(weights[TABLE].numpy(), weights[TABLE + SCALE].numpy()))
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


def _unpack_transformer(folder: Path, out: Path) -> None:
    student = load_transformer(folder)
    pooling = out / "1_Pooling"
    pooling.mkdir(parents=True, exist_ok=True)
    weights = {WORDS: student.table, **student.weights()}
    save_file({name: value.detach().contiguous() for name, value in weights.items()}, out / "model.safetensors")
    (out / TOKENIZER).write_bytes((folder / TOKENIZER).read_bytes())
    written: Mapping[Path, object] = {
        out / "modules.json": _modules(("Transformer", "Pooling", "Normalize"), ("", pooling.name, "2_Normalize")),
        out / CONFIG: _form(student),
        out / "config_sentence_transformers.json": {"prompts": {}, "similarity_fn_name": "cosine"},
        out / "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        out / "special_tokens_map.json": _NAMES,
        out / "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", **_NAMES},
        pooling / CONFIG: {"word_embedding_dimension": student.table.shape[1], "pooling_mode_mean_tokens": True},
    }
    for path, value in written.items():
        _write(path, value)


def _form(student: Transformer) -> Mapping[str, object]:
    """What ``transformers`` must know of the student, a BERT without a pooler."""
    weights = student.weights()
    inner, dimension = weights["encoder.layer.0.intermediate.dense.weight"].shape
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": len(student.table),
        "hidden_size": dimension,
        "intermediate_size": inner,
        "num_attention_heads": student.heads,
        "num_hidden_layers": student.layers,
        "max_position_embeddings": MAX_TOKENS,
        "type_vocab_size": len(weights["embeddings.token_type_embeddings.weight"]),
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
    }


def _store(stored: Mapping[str, Tensor], tokenizer: Tokenizer, folder: Path, record: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous().cpu() for name, value in stored.items()}, folder / WEIGHTS)
    tokenizer.no_truncation()
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    _write(folder / RECORD, record)


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
