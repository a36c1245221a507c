"""The teacher's vectors of the English texts, made once and kept beside what is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.engines.encoders.fast_encoder import FastEncoder
from kb.engines.encoders.model_files import Hashes, ModelFiles

_BATCH = 20_000


def targets(teacher: ModelFiles, texts: Sequence[str], cache: Path) -> NDArray[np.float16]:
    """float16, shape (len(texts), dimension), rows of unit length; from ``cache`` if it has them.

    By the compiled form of the teacher, as search has it: five times as fast, and what search compares with.
    """
    name = hashlib.blake2b("\0".join((teacher.fingerprint, *texts)).encode(), digest_size=12).hexdigest()
    path = cache / f"targets-{name}.npy"
    if path.exists():
        return np.asarray(np.load(path, mmap_mode="r"))
    cache.mkdir(parents=True, exist_ok=True)
    encoder = FastEncoder(teacher, cache, Hashes(cache))
    parts = [encoder.encode(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    vectors = np.concatenate(parts).astype(np.float16)
    unfinished = path.with_suffix(".unfinished.npy")
    np.save(unfinished, vectors)
    unfinished.rename(path)
    return vectors
