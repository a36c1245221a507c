"""Models that are a table of vectors, one for each token (StaticEmbedding of sentence-transformers): no network to run.

A text is the mean of its tokens' vectors. The table is read from the model's own file; torch is not needed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kb.engines.encoders.model_files import ModelFiles
from kb.engines.encoders.tokens import TokenMeasure, Tokens
from kb.errors import ModelError
from kb.types import Floats

#: Such a model reads texts of any length; their mean says less and less, so passages are cut here.
MAX_TOKENS = 254
_DOCUMENT = ("document", "passage", "corpus")


def is_static(folder: Path) -> bool:
    """Whether the model in ``folder`` is such a table, by the list of its modules."""
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in _modules(folder)]
    return kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])


class StaticEncoder:
    """An Encoder. Thread-safe."""

    def __init__(self, files: ModelFiles) -> None:
        """Raises ModelError when the table cannot be read."""
        self.fingerprint = files.fingerprint
        self.max_tokens = MAX_TOKENS
        folder = files.folder / str(_modules(files.folder)[0].get("path", ""))
        try:
            from safetensors import SafetensorError
            from safetensors.numpy import load_file

            try:
                self._table = load_file(folder / "model.safetensors")["embedding.weight"]
            except SafetensorError as error:
                raise ValueError(str(error)) from error
            self._tokens = Tokens((folder / "tokenizer.json").read_text(encoding="utf-8"), most=None)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ModelError(
                f"the model in {files.folder} cannot be loaded ({error}); choose another with --model"
            ) from error
        self.dimension = int(self._table.shape[1])
        self._query, self._document = _prompts(files.folder)

    def encode(self, texts: Sequence[str]) -> Floats:
        return self._mean([self._document + text for text in texts])

    def encode_query(self, text: str) -> Floats:
        vector: Floats = self._mean([self._query + text])[0]
        return vector

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._tokens.offsets(text)

    def measure(self) -> TokenMeasure:
        return self._tokens.measure(self.max_tokens)

    def _mean(self, texts: Sequence[str]) -> Floats:
        """A text without a known token is the zero vector, as in sentence-transformers: nothing is near it."""
        found = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, encoded in enumerate(self._tokens.encode(texts, special=False)):
            if len(encoded):
                total = self._table[encoded.ids].astype(np.float32).sum(axis=0)
                found[row] = total / max(float(np.linalg.norm(total)), 1e-12)
        return found


def _prompts(folder: Path) -> tuple[str, str]:
    """What goes before a query and before a passage, as sentence-transformers chooses them."""
    about = _read(folder / "config_sentence_transformers.json")
    settings: dict[str, Any] = about if isinstance(about, dict) else {}
    prompts = settings.get("prompts") or {}
    default = prompts.get(settings.get("default_prompt_name") or "", "")
    return prompts.get("query", default), next((prompts[name] for name in _DOCUMENT if name in prompts), default)


def _modules(folder: Path) -> list[dict[str, Any]]:
    value = _read(folder / "modules.json")
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
