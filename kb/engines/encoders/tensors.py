"""Tensors of a safetensors file where they lie in it: what is not looked at is not read.

The format (https://github.com/huggingface/safetensors): eight bytes, little-endian, for the length of a header in JSON;
the header, which gives kind, shape and place of each tensor; the tensors. The library's own reader copies each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KINDS: Mapping[str, str] = {"U8": "u1", "I8": "i1", "F16": "<f2", "F32": "<f4", "I64": "<i8"}
_LENGTH = 8


def open_tensors(path: Path) -> Mapping[str, NDArray[Any]]:
    """Read-only arrays by name. Raises OSError, and ValueError, LookupError or TypeError for a file that is damaged."""
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    begin = _LENGTH + int.from_bytes(whole[:_LENGTH].tobytes(), "little")
    if begin > len(whole):
        raise ValueError("its header is cut off")
    header = json.loads(whole[_LENGTH:begin].tobytes())
    return {name: _tensor(whole[begin:], entry) for name, entry in header.items() if name != "__metadata__"}


def _tensor(data: NDArray[np.uint8], entry: Mapping[str, Any]) -> NDArray[Any]:
    first, last = entry["data_offsets"]
    kind, shape = np.dtype(_KINDS[entry["dtype"]]), tuple(entry["shape"])
    if not 0 <= first <= last <= len(data) or last - first != kind.itemsize * prod(shape):
        raise ValueError("it is cut off")
    return data[first:last].view(kind).reshape(shape)
