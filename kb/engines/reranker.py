"""Query and text to a score with a CrossEncoder of sentence-transformers (Nogueira and Cho 2019).

Importing this module is cheap; torch is imported when a model is loaded.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kb.engines.encoders.model_files import ModelFiles
from kb.errors import ModelError
from kb.types import Floats

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

#: What the first architecture of a model with a head for scores ends with. Any other gets one with random weights.
_HEADS = ("ForSequenceClassification", "ForCausalLM")


class CrossEncoderReranker:
    """Any CrossEncoder with one score. Thread-safe, one call at a time; loads at first use."""

    def __init__(self, files: ModelFiles, *, threads: int | None = None) -> None:
        """``threads``: how many of its own torch may use for one call; by default as many as there are cores."""
        self.files = files
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: CrossEncoder | None = None

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """The model's logits through a sigmoid, whatever activation it was saved with: the same order, in 0..1.

        Without texts it is loaded all the same, so that a server can make it ready.
        """
        with self._lock:
            if self._loaded is None:
                self._loaded = _load(self.files.folder, self._threads)
            if not texts:
                return np.empty(0, dtype=np.float32)
            from torch.nn import Sigmoid

            pairs = [(query, text) for text in texts]
            scores = self._loaded.predict(pairs, activation_fn=Sigmoid(), show_progress_bar=False)
        return np.asarray(scores, dtype=np.float32)


def _load(folder: Path, threads: int | None) -> CrossEncoder:
    """Load from files only: their hashes were taken, and nothing else may come from the network."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    if not _has_head(folder):
        raise ModelError(
            f"the model in {folder} is not a CrossEncoder; choose another with --reranker, or leave it out"
        )
    try:
        if threads:
            torch.set_num_threads(threads)
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a line for each load, on a stream that is not its own
        model: CrossEncoder = CrossEncoder(str(folder), device="cpu", local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ModelError(
            f"the model in {folder} cannot be loaded ({reason}); choose another with --reranker"
        ) from error
    if model.num_labels != 1:
        raise ModelError(
            f"the model in {folder} gives {model.num_labels} values for a pair, a reranker gives one; "
            "choose another with --reranker"
        )
    return model


def _has_head(folder: Path) -> bool:
    """Whether the model was saved with a head for scores; without one it would be loaded with a random one."""
    own = _read(folder / "config_sentence_transformers.json").get("model_type")
    architectures = _read(folder / "config.json").get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else ""
    return own == "CrossEncoder" or (own is None and str(first).endswith(_HEADS))


def _read(file: Path) -> dict[str, object]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
