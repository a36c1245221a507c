"""The teacher's vectors of the English texts, made once and kept beside what is trained."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.teacher import Teacher, encode


def targets(teacher: Teacher, tokenizer: Tokenizer, texts: Sequence[str], cache: Path) -> NDArray[np.float16]:
    """float16, shape (len(texts), dimension), rows of unit length; from ``cache`` if it has them."""
    name = hashlib.blake2b("\0".join(texts).encode(), digest_size=12).hexdigest()
    path = cache / f"targets-{name}.npy"
    if path.exists():
        return np.asarray(np.load(path, mmap_mode="r"))
    vectors = encode(teacher, tokenizer, texts).astype(np.float16)
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished.npy")
    np.save(unfinished, vectors)
    unfinished.rename(path)
    return vectors
