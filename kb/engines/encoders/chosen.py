"""Encoders that are read when a text first asks for them: most commands never do."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence

from kb.engines.encoders.model_files import ModelFiles
from kb.types import Encoder, Floats


class ChosenEncoder(ABC):
    """An Encoder that another does the work of, chosen at first use. Thread-safe."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self._lock = threading.Lock()
        self._chosen: Encoder | None = None

    @abstractmethod
    def _choose(self) -> Encoder:
        """What does the work. Raises ModelError when it cannot be loaded."""

    @property
    def chosen(self) -> Encoder:
        """What does the work. Raises ModelError when it cannot be loaded."""
        if self._chosen is None:
            with self._lock:
                if self._chosen is None:
                    self._chosen = self._choose()
        return self._chosen

    @property
    def fingerprint(self) -> str:
        return self.files.fingerprint

    @property
    def dimension(self) -> int:
        return self.chosen.dimension

    @property
    def max_tokens(self) -> int:
        return self.chosen.max_tokens

    def encode(self, texts: Sequence[str]) -> Floats:
        return self.chosen.encode(texts)

    def encode_query(self, text: str) -> Floats:
        return self.chosen.encode_query(text)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self.chosen.token_offsets(text)
