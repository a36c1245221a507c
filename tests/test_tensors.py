"""Tensors read where they lie: against the library's own reader, and damaged at every place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from kb.engines.encoders.tensors import open_tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    chance = np.random.default_rng(0)
    tensors: dict[str, NDArray[Any]] = {
        "table": chance.integers(0, 256, (5, 3), dtype=np.uint8),
        "scale": chance.random((5, 1)).astype(np.float16),
        "bias": chance.random(7).astype(np.float32),
        "none": np.zeros((0, 4), dtype=np.float32),
    }
    save_file(tensors, tmp_path / "weights.safetensors", metadata={"format": "np"})
    return tmp_path / "weights.safetensors"


def test_tensors_are_those_of_the_library(path: Path) -> None:
    ours, theirs = open_tensors(path), load_file(path)
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert ours[name].dtype == tensor.dtype
        np.testing.assert_array_equal(ours[name], tensor)


def test_file_that_is_cut_off_anywhere_is_no_file_of_tensors(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises((ValueError, LookupError, TypeError)):
            open_tensors(path)


def test_empty_and_missing_files_are_told(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="empty"):
        open_tensors(path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        open_tensors(path)
