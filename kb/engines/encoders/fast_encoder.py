"""The fastest sound way to run a model: a table is read, a transformer compiled; else sentence-transformers runs it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

from kb.engines.encoders.chosen import ChosenEncoder
from kb.engines.encoders.compiled import NotCompilable, make_form, open_form
from kb.engines.encoders.encoder import SentenceTransformerEncoder
from kb.engines.encoders.model_files import Hashes, ModelFiles
from kb.engines.encoders.static import StaticEncoder, is_static
from kb.types import Encoder, Floats, Measure, Measured

_LOG = logging.getLogger(__name__)

Way = Literal["compiled", "table", "sentence-transformers"]
_WAYS: Mapping[type, Way] = {StaticEncoder: "table", SentenceTransformerEncoder: "sentence-transformers"}


#: Questions whose vectors are remembered: a page asks for that of its question more than once. No cache of results.
_RECENT = 4


class FastEncoder(ChosenEncoder):
    """An Encoder that chooses its way at first use. Thread-safe.

    Vectors of a compiled model share the space of the model's own, and its fingerprint: see
    :mod:`kb.engines.encoders.compiled`. Where a model cannot be compiled, one line in the log says why, and
    sentence-transformers runs it.
    """

    def __init__(self, files: ModelFiles, data: Path, hashes: Hashes, *, threads: int | None = None) -> None:
        """``data``: where compiled forms are kept. ``threads``: see SentenceTransformerEncoder."""
        super().__init__(files)
        self._data = data
        self._hashes = hashes
        self._threads = threads
        self._recent = lru_cache(maxsize=_RECENT)(self._encoded)

    def encode_query(self, text: str) -> Floats:
        return self._recent(text)

    def _encoded(self, text: str) -> Floats:
        vector = self.chosen.encode_query(text)
        vector.setflags(write=False)  # others are given the same
        return vector

    def measure(self) -> Measure | None:
        chosen = self.chosen
        return chosen.measure() if isinstance(chosen, Measured) else None

    @property
    def way(self) -> Way:
        """How the model is run. Raises ModelError when it cannot be loaded."""
        return _WAYS.get(type(self.chosen), "compiled")

    def _choose(self) -> Encoder:
        if is_static(self.files.folder):
            return StaticEncoder(self.files)
        try:
            compiled = open_form(self._data, self.fingerprint, self._hashes)
            if compiled is None:
                self._compile()
                compiled = open_form(self._data, self.fingerprint, self._hashes)
            if compiled is not None:
                return compiled
            reason = "what was compiled cannot be read again"
        except (NotCompilable, ImportError, OSError) as error:
            reason = str(error)
        _LOG.warning(
            "kb: %s is run by sentence-transformers, which is slower: not compiled, as %s", self.files.name, reason
        )
        return SentenceTransformerEncoder(self.files, threads=self._threads)

    def _compile(self) -> None:
        from kb.engines.encoders.compiling import FORMS, compile_model

        reference = SentenceTransformerEncoder(self.files, threads=self._threads)
        for quantised in FORMS:
            try:
                make_form(self._data, self.fingerprint, partial(compile_model, reference, quantised=quantised))
            except NotCompilable:
                if quantised == FORMS[-1]:
                    raise
            else:
                return
