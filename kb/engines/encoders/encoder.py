"""Text to vectors with sentence-transformers (Reimers and Gurevych 2019): the reference for all other ways.

Importing this module is cheap; torch is imported when a model is loaded.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.engines.encoders.model_files import ModelFiles
from kb.errors import ModelError
from kb.types import Floats

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformerEncoder:
    """Any sentence-transformers model, with its own prompts where it has them. Thread-safe; loads at first use."""

    def __init__(self, files: ModelFiles, *, batch_size: int = 32, threads: int | None = None) -> None:
        """``threads``: how many of its own torch may use for one call; by default as many as there are cores."""
        self.files = files
        self._batch_size = batch_size
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: SentenceTransformer | None = None

    @property
    def fingerprint(self) -> str:
        return self.files.fingerprint

    @property
    def dimension(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads, its special tokens not counted."""
        longest = self.model.max_seq_length or 512
        return int(longest) - int(self._tokenizer.num_special_tokens_to_add())

    def encode(self, texts: Sequence[str]) -> Floats:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        vectors = self.model.encode_document(
            list(texts), batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def encode_query(self, text: str) -> Floats:
        vector = self.model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        encoded = self._tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
        )
        return [(start, end) for start, end in encoded["offset_mapping"]]

    @property
    def _tokenizer(self) -> Any:
        return self.model.tokenizer

    @property
    def model(self) -> SentenceTransformer:
        """The model itself. Raises ModelError when it cannot be loaded."""
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    self._loaded = _load(self.files.folder, self._threads)
        return self._loaded


def _load(folder: Path, threads: int | None) -> SentenceTransformer:
    """Load from files only: their hashes were taken, and nothing else may come from the network."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    try:
        if threads:
            torch.set_num_threads(threads)
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # a line for each load, on a stream that is not its own
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ModelError(f"the model in {folder} cannot be loaded ({reason}); choose another with --model") from error
