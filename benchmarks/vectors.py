"""Kinds of vector index that FAISS has, beside the exact scan that serves: time, recall, size, time to build.

    python -m benchmarks.vectors                                1 million vectors, and 100,000
    python -m benchmarks.vectors --vectors 20000 --vectors 50000

The vectors are those of the real passages, moved in a random direction until there are enough (as benchmarks.scale
does); the queries are the judged ones in English. One thread answers, one query at a time, but all cores share the scan
from kb.engines.dense.SHARED_FROM vectors on, as they do when it serves; all threads build. The scan is asked for the
score of every vector, which is what totals, facets and filters rest on, and for the ten best; the
others can give the best ten only. Recall is the share of the ten best by the scan that an index finds too, without a
filter and with one that leaves a hundredth of the vectors.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import faiss
import numpy as np

from benchmarks.machine import describe
from benchmarks.quality import OWN, REPOSITORY
from benchmarks.report import WRITE, publish
from benchmarks.scale import Varied, read_source
from indexer.reindex import reindex
from kb.backends import load_encoder
from kb.config import load_config
from kb.engines.dense import SHARED_FROM, Vectors, cap_threads, write_segment
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.types import Floats, Positions

SIZES = (100_000, 1_000_000)
_BEST = 10
_NARROW = 0.01
#: FAISS asks for so many training vectors a cell at least; more make a better partition, and take longer.
_TRAINING_A_CELL = 40
_TOGETHER = 50_000

_faiss: Any = faiss  # its stubs leave much of it out

Find = Callable[[Floats, Positions | None], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds, bytes; milliseconds of each query; recall without a filter and with a narrow one."""

    built: float
    size: int
    milliseconds: Sequence[float]
    recall: float
    narrow: float


@dataclass(frozen=True, slots=True)
class Kind:
    """How an index is built, and asked: ``parameters`` makes what a search takes beside the query."""

    build: Callable[[Floats], Any]
    parameters: Callable[[Any], Any]


def _flat(vectors: Floats) -> Any:
    index = _faiss.IndexScalarQuantizer(vectors.shape[1], _faiss.ScalarQuantizer.QT_8bit, _faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, len(vectors) // 100_000)])
    index.add(vectors)
    return index


def _ivf(vectors: Floats) -> Any:
    dimension, cells = vectors.shape[1], int(4 * len(vectors) ** 0.5)
    index = _faiss.index_factory(dimension, f"IVF{cells},SQ8", _faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, len(vectors) // (_TRAINING_A_CELL * cells))])
    index.add(vectors)
    return index


def _hnsw(vectors: Floats) -> Any:
    index = _faiss.IndexHNSWSQ(vectors.shape[1], _faiss.ScalarQuantizer.QT_8bit, 32, _faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 80
    index.train(vectors[:: max(1, len(vectors) // 100_000)])
    index.add(vectors)
    return index


KINDS: Mapping[str, Kind] = {
    "8-bit codes, all of them": Kind(_flat, lambda sel: _faiss.SearchParameters(sel=sel)),
    "IVF of 8-bit codes, 16 cells": Kind(_ivf, lambda sel: _faiss.SearchParametersIVF(sel=sel, nprobe=16)),
    "IVF of 8-bit codes, 64 cells": Kind(_ivf, lambda sel: _faiss.SearchParametersIVF(sel=sel, nprobe=64)),
    "HNSW of 8-bit codes, 128 candidates": Kind(_hnsw, lambda sel: _faiss.SearchParametersHNSW(sel=sel, efSearch=128)),
}


def best(scores: Floats, allowed: Positions | None) -> Sequence[int]:
    """The numbers of the ten best of ``allowed``, in no order."""
    numbers = np.arange(len(scores)) if allowed is None else allowed
    held = scores[numbers]
    count = min(_BEST, len(held))
    return [int(number) for number in numbers[np.argpartition(-held, count - 1)[:count]]]


def measure(
    find: Find, queries: Floats, exact: Mapping[bool, Sequence[Sequence[int]]], narrow: Positions
) -> tuple[list[float], float, float]:
    """Milliseconds of each query, and both recalls."""
    find(queries[0], None)
    taken, recalls = [], {}
    for filtered in (False, True):
        shares = []
        for query, wanted in zip(queries, exact[filtered], strict=True):
            start = time.perf_counter()
            found = find(query, narrow if filtered else None)
            taken += [] if filtered else [1000 * (time.perf_counter() - start)]
            shares.append(len(set(found) & set(wanted)) / len(wanted))
        recalls[filtered] = float(np.mean(shares))
    return taken, recalls[False], recalls[True]


def rows(vectors: Floats, queries: Floats) -> dict[str, Measured]:
    """What each kind does with ``vectors`` (float32, shape (n, dimension)); the exact scan first."""
    narrow = np.flatnonzero(np.random.default_rng(3).random(len(vectors)) < _NARROW).astype(np.int64)
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="kb-vectors-") as folder:
        start = time.perf_counter()
        segment = write_segment(Path(folder), vectors, generation=1)
        built = time.perf_counter() - start
        stored = Vectors.open(Path(folder), [segment], vectors.shape[1])
        exact = {
            filtered: [best(stored.similarities(query), narrow if filtered else None) for query in queries]
            for filtered in (False, True)
        }
        scan = measure(lambda query, allowed: best(stored.similarities(query), allowed), queries, exact, narrow)
        found["exact scan of float32 (serves)"] = Measured(built, stored.size, *scan)
        held: tuple[Any, Any, float] | None = None
        for name, kind in KINDS.items():
            if held is None or held[0] is not kind.build:
                cap_threads(os.cpu_count() or 1)
                start = time.perf_counter()
                held = (kind.build, kind.build(vectors), time.perf_counter() - start)
                cap_threads(1)
            index = held[1]

            def ask(query: Floats, allowed: Positions | None, index: Any = index, kind: Kind = kind) -> Sequence[int]:
                selector = None if allowed is None else _faiss.IDSelectorBatch(allowed)
                numbers = index.search(query[np.newaxis], _BEST, params=kind.parameters(selector))[1]
                return [int(number) for number in numbers[0]]

            asked = measure(ask, queries, exact, narrow)
            found[name] = Measured(held[2], _faiss.serialize_index(index).nbytes, *asked)
    return found


def table(measured: Mapping[int, Mapping[str, Measured]]) -> str:
    lines = [
        "| vectors | index | p50 / p95 ms | recall@10 | with a narrow filter | size | build s |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    for size, found in measured.items():
        for name, each in found.items():
            middle, late = np.percentile(each.milliseconds, (50, 95))
            lines.append(
                f"| {size:,} | {name} | {middle:.1f} / {late:.1f} | {each.recall:.3f} | {each.narrow:.3f} "
                f"| {each.size / 1e6:,.0f} MB | {each.built:.1f} |"
            )
    return "\n".join(lines)


@click.command()
@click.option("--vectors", "sizes", type=int, multiple=True, default=SIZES, show_default=True)
@WRITE
def main(sizes: Sequence[int], write: Path | None) -> None:
    """Build, ask, print a table in Markdown."""
    line = describe()
    config = load_config(REPOSITORY / "entries")
    data = config.data / "quality" / "own"
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    reindex(config.entries, data, DEFAULT_MODEL, lambda _: encoder)
    asked = [json.loads(row) for row in (OWN / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    queries = np.stack([encoder.encode_query(row["text"]) for row in asked if row["language"] == "en"])
    real = np.concatenate(read_source(data).vectors)
    cap_threads(1)
    measured = {}
    for size in sizes:
        varied = Varied(["word"], size)
        vectors = np.empty((size, real.shape[1]), dtype=np.float32)
        for first in range(0, size, _TOGETHER):
            count = min(_TOGETHER, size - first)
            vectors[first : first + count] = varied.vectors(real[np.arange(first, first + count) % len(real)])
        measured[size] = rows(vectors, queries)
    publish(
        "vectors",
        line,
        f"{len(queries)} queries, one thread (all cores share a scan of {SHARED_FROM:,})\n\n{table(measured)}",
        write,
    )


if __name__ == "__main__":
    main()
