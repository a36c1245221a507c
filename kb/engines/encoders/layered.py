"""A student with the layers of its teacher: its table is read where it lies, its layers are compiled once.

No torch: the network is built from the weights, and numpy runs it where it cannot be compiled.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.engines.encoders.compiled import (
    SAMPLES,
    Description,
    NotCompilable,
    Parts,
    make_form,
    open_form,
)
from kb.engines.encoders.layers import KINDS, PLACES, Layers
from kb.engines.encoders.model_files import Hashes, ModelFiles
from kb.engines.encoders.openvino_layers import MASK, WORDS, network_of
from kb.engines.encoders.openvino_runtime import Network, quantise
from kb.engines.encoders.pieces import TOKENIZER, WEIGHTS, Table
from kb.engines.encoders.tensors import open_tensors
from kb.engines.encoders.tokens import Ids, Tokens
from kb.types import Encoder, Floats

_LOG = logging.getLogger(__name__)

CONFIG = "config.json"
TABLE, SCALE = "table", ".scale"
#: Texts that numpy reads at a time.
_TOGETHER = 16


def open_layered(files: ModelFiles, data: Path, hashes: Hashes) -> Encoder:
    """``data``: where compiled forms are kept. Raises OSError, and ValueError, LookupError, TypeError or AttributeError
    where a file is damaged.

    Where it cannot be compiled, one line in the log says why, and numpy runs it, which is slower.
    """
    stored = open_stored(files.folder)
    feed = feed_of(stored)
    try:
        compiled = open_form(data, files.fingerprint, hashes, feed)
        if compiled is None:
            make_form(data, files.fingerprint, lambda: _compiled(stored, feed))
            compiled = open_form(data, files.fingerprint, hashes, feed)
        if compiled is not None:
            return compiled
        reason = "what was compiled cannot be read again"
    except (NotCompilable, ImportError, OSError) as error:
        reason = str(error)
    plain = PlainLayered(files.fingerprint, stored)
    _LOG.warning("kb: %s is run by numpy, which is slower: not compiled, as %s", files.name, reason)
    return plain


@dataclass(frozen=True)
class Stored:
    """A student as it is stored. ``tokenizer``: the text of its file; ``weights``: the layers', as they lie there;
    ``most``: tokens that are read."""

    table: Table
    tokenizer: str
    weights: Mapping[str, NDArray[Any]]
    heads: int
    most: int

    def layers(self) -> Layers:
        """Matrices are stored as whole numbers, with a scale for each row."""
        read = {
            name: value.astype(np.float32) * self.weights[name + SCALE].astype(np.float32)[:, None]
            if name + SCALE in self.weights
            else value.astype(np.float32)
            for name, value in self.weights.items()
            if not name.endswith(SCALE)
        }
        return Layers(read, self.heads)


@dataclass(frozen=True)
class WordFeed:
    """What the layers read, from what a tokenizer gives. ``places``: see :meth:`Layers.places`, of all places."""

    table: Table
    places: Floats

    def __call__(self, batch: Mapping[str, Ids]) -> Mapping[str, NDArray[Any]]:
        ids = batch["input_ids"]
        return {WORDS: self.table.rows(ids) + self.places[: ids.shape[1]], MASK: batch["attention_mask"]}


def feed_of(stored: Stored) -> WordFeed:
    few = {name: value for name, value in stored.weights.items() if name.startswith((PLACES, KINDS))}
    return WordFeed(stored.table, replace(stored, weights=few).layers().places(stored.most))


def open_stored(folder: Path) -> Stored:
    """Raises OSError, and ValueError, LookupError or TypeError where a file is damaged."""
    weights = dict(open_tensors(folder / WEIGHTS))
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    return Stored(
        table=Table(weights.pop(TABLE), weights.pop(TABLE + SCALE)),
        tokenizer=(folder / TOKENIZER).read_text(encoding="utf-8"),
        weights=weights,
        heads=int(config["num_attention_heads"]),
        most=int(config["max_position_embeddings"]),
    )


class PlainLayered:
    """An Encoder: numpy reads it. Thread-safe."""

    def __init__(self, fingerprint: str, stored: Stored) -> None:
        """Raises ValueError for a tokenizer that is none."""
        self.fingerprint = fingerprint
        self.max_tokens = stored.most - 2
        self.dimension = stored.table.dimension
        self._feed, self._layers = feed_of(stored), stored.layers()
        self._tokens = Tokens(stored.tokenizer, most=stored.most)

    def encode(self, texts: Sequence[str]) -> Floats:
        rows = self._tokens.encode(texts)
        found = np.empty((len(rows), self.dimension), dtype=np.float32)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        for start in range(0, len(order), _TOGETHER):
            taken = order[start : start + _TOGETHER]
            fed = self._feed(self._tokens.batch([rows[row] for row in taken]))
            found[taken] = self._layers.read(fed[WORDS], fed[MASK])
        return found

    def encode_query(self, text: str) -> Floats:
        vector: Floats = self.encode([text])[0]
        return vector

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._tokens.offsets(text)


def _compiled(stored: Stored, feed: WordFeed) -> Parts:
    """What :func:`~kb.engines.encoders.compiled.make_form` asks for. Raises NotCompilable."""
    reference = PlainLayered("", stored).encode(SAMPLES)
    try:
        network = network_of(stored.layers())
        quantise(network)
        ready = Network(network)
    except RuntimeError as error:
        raise NotCompilable(f"its layers cannot be compiled ({error})") from error
    return Parts(
        network=ready,
        tokenizer=stored.tokenizer,
        description=Description(most=stored.most, padding=0, left=False, query="", document=""),
        reference=np.vstack([reference, reference]),
        feed=feed,
    )
