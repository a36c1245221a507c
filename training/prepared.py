"""All that a transformer learns from in one folder, so that another machine, which has an accelerator but neither the
pairs nor the model, can teach it.

Numbers of pieces are written as two planes, the lower 16 bits and the rest, and packed: half of what the texts take.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from training.lessons import Lessons
from training.pairs import Pair
from training.texts import Texts

_TEXTS = ("foreign", "english", "teacher")
_NUMBERS = ("place", "weights", "follows")
_STUDENT, _TEACHER, _WEIGHTS, _GLOSSES, _HELD, _RECORD = (
    "student.json",
    "teacher.json",
    "teacher.safetensors",
    "glosses.npz",
    "held.json",
    "record.json",
)
#: Level of packing: higher ones take long and gain little.
_LEVEL = 6


@dataclass(frozen=True)
class Prepared:
    """``english`` and ``last``: the English texts, and how often each pair is met at the end, where they are known.
    ``teacher``: the weights of a BERT with so many ``heads``. ``glosses``: see :mod:`training.alignment`. ``record``:
    what is to be told of the pairs. ``held``: those to judge by, which are not among the lessons."""

    lessons: Lessons
    glosses: sparse.csr_matrix
    tokenizers: tuple[Tokenizer, Tokenizer]
    teacher: Mapping[str, Tensor]
    heads: int
    record: Mapping[str, Any]
    held: Sequence[Pair] = ()
    english: Sequence[str] = ()
    last: Sequence[float] = ()


def save(prepared: Prepared, folder: Path) -> None:
    """The weights of the teacher in half precision, which is how an accelerator reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, NDArray[Any]] = {}
    for name in _TEXTS:
        texts: Texts = getattr(prepared.lessons, name)
        arrays |= {
            f"{name}.low": (texts.ids & 0xFFFF).astype(np.uint16),
            f"{name}.high": (texts.ids >> 16).astype(np.uint8),
            f"{name}.lengths": np.diff(texts.starts).astype(np.uint16),
        }
    arrays |= {"place": prepared.lessons.place.astype(np.int32), "follows": prepared.lessons.follows}
    arrays["weights"] = prepared.lessons.weights.astype(np.float32)
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda item: _write(folder / f"{item[0]}.npy.xz", item[1]), arrays.items()))
    sparse.save_npz(folder / _GLOSSES, prepared.glosses.astype(np.float32))
    for name, tokenizer in zip((_STUDENT, _TEACHER), prepared.tokenizers, strict=True):
        tokenizer.save(str(folder / name), pretty=False)
    save_file({name: value.half().contiguous() for name, value in prepared.teacher.items()}, folder / _WEIGHTS)
    held = [asdict(pair) for pair in prepared.held]
    (folder / _HELD).write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")
    (folder / _RECORD).write_text(json.dumps({"heads": prepared.heads, **prepared.record}), encoding="utf-8")


def is_prepared(folder: Path) -> bool:
    """Whether :func:`save` came to its end: the record is the last that it writes."""
    return (folder / _RECORD).exists()


def load(folder: Path) -> Prepared:
    """What :func:`save` wrote. Raises FileNotFoundError for a folder that is not whole."""
    names = [f"{name}.{part}" for name in _TEXTS for part in ("low", "high", "lengths")] + list(_NUMBERS)
    with ThreadPoolExecutor() as threads:
        arrays = dict(zip(names, threads.map(lambda name: _read(folder / f"{name}.npy.xz"), names), strict=True))
    texts = {
        name: Texts(
            arrays[f"{name}.low"].astype(np.int32) | (arrays[f"{name}.high"].astype(np.int32) << 16),
            np.concatenate([[0], arrays[f"{name}.lengths"].astype(np.int64).cumsum()]),
        )
        for name in _TEXTS
    }
    lessons = Lessons(
        **texts,
        place=arrays["place"].astype(np.int64),
        weights=arrays["weights"].astype(np.float64),
        follows=arrays["follows"],
    )
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    return Prepared(
        lessons=lessons,
        glosses=sparse.load_npz(folder / _GLOSSES),
        tokenizers=(Tokenizer.from_file(str(folder / _STUDENT)), Tokenizer.from_file(str(folder / _TEACHER))),
        teacher={name: value.to(torch.float32) for name, value in load_file(folder / _WEIGHTS).items()},
        heads=record.pop("heads"),
        record=record,
        held=[Pair(**pair) for pair in json.loads((folder / _HELD).read_text(encoding="utf-8"))],
    )


def _write(path: Path, values: NDArray[Any]) -> None:
    with lzma.open(path, "wb", preset=_LEVEL) as file:
        np.save(file, values)


def _read(path: Path) -> NDArray[Any]:
    with lzma.open(path, "rb") as file:
        return np.asarray(np.load(file))
