"""Arrays unpacked into a file, to be mapped into memory: what one question needs of them is read, and little else.

The file is made from something else that is slower to read, named by a key, and can be made again at any time.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Bytes that stand before the arrays, which begin at a whole cache line.
_HEAD = 4096
#: Bytes that are checked at a time, so that checking takes no memory.
_TOGETHER = 2**20


def unpacked(path: Path, key: str) -> Mapping[str, NDArray[Any]] | None:
    """The arrays by their names, read-only; None where there is no file, one with another key, or a damaged one."""
    try:
        with path.open("rb") as file:
            head = json.loads(file.read(_HEAD))
            checksum = _checksum([key, head["arrays"]], iter(lambda: file.read(_TOGETHER), b""))
            if head["key"] != key or head["checksum"] != checksum:
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        found, start = {}, _HEAD
        for name, dtype, shape in head["arrays"]:
            array = np.ndarray(shape, dtype=dtype, buffer=mapped, offset=start)
            found[name], start = array, start + array.nbytes
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found


def unpack(path: Path, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Keep ``arrays``, the widest numbers first. A file that cannot be written costs time, nothing else."""
    ordered = sorted(arrays.items(), key=lambda item: -item[1].itemsize)
    parts = [np.ascontiguousarray(array).view(np.uint8).reshape(-1).data for _, array in ordered]
    listed = [(name, array.dtype.str, array.shape) for name, array in ordered]
    checksum = _checksum([key, listed], iter(parts))
    head = json.dumps({"key": key, "checksum": checksum, "arrays": listed}).encode()
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    with contextlib.suppress(OSError):
        try:
            with unfinished.open("wb") as file:
                file.write(head.ljust(_HEAD))
                file.writelines(parts)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def _checksum(head: Sequence[object], parts: Iterator[bytes | memoryview]) -> int:
    checksum = zlib.crc32(json.dumps(head).encode())
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum
