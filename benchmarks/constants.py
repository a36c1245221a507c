"""How much hangs on each number of the ranking? Every one is varied alone, and chosen on all collections but one.

    python -m benchmarks.constants DIR [--queries 150] [--write docs/quality.md]

DIR holds collections in BEIR layout, of which those with a queries.jsonl are taken. For each number the table gives the
mean nDCG@10 of hybrid search with the value that is shipped, with the best of those tried, and "left one out": each
collection judged with the value that is best on the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import click
import numpy as np

from benchmarks.machine import describe
from benchmarks.quality import REPOSITORY, Task, tasks_in
from benchmarks.report import WRITE, publish
from indexer.build import build
from kb import search
from kb.backends import backend_with, load_encoder
from kb.config import load_config
from kb.engines import dense, lexical
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.evaluation.measures import evaluate
from kb.ranking import fusion
from kb.types import Encoder, Floats, Query
from kb.understanding.query import MAX_CHARACTERS

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Constant:
    """A number of the ranking: where it stands, the values to try beside the shipped one, and how to set one."""

    name: str
    module: ModuleType
    attribute: str
    others: Sequence[float]
    shipped: float
    value: Callable[[float], object] = lambda number: number


def _weights(semantic: float) -> object:
    return {**fusion.WEIGHTS, "hybrid": {"lexical": 1 - semantic, "semantic": semantic}}


def _shares(mean: float) -> object:
    rest = (1 - mean) / (1 - dense.SHARES["mean"])
    return {name: mean if name == "mean" else rest * share for name, share in dense.SHARES.items()}


def _nearest(share: float) -> object:
    return {**dense.SHARES, "nearest": share, "passage": 1 - dense.SHARES["mean"] - share}


def _field(table: Mapping[str, float], field: str) -> Callable[[float], object]:
    return lambda number: {**table, field: number}


#: The numbers on which a ranking in English hangs. Keywords are left out: the collections have none.
CONSTANTS = (
    Constant(
        "share of meaning", search, "WEIGHTS", (0.45, 0.54, 0.6, 0.65), fusion.WEIGHTS["hybrid"]["semantic"], _weights
    ),
    Constant("damping of the word score", fusion, "DAMPING", (20, 30, 60, 80), fusion.DAMPING),
    Constant("share of the mean of the passages", dense, "SHARES", (0, 0.1, 0.3), dense.SHARES["mean"], _shares),
    Constant(
        "share of the nearest, title or passage", dense, "SHARES", (0.2, 0.35, 0.65), dense.SHARES["nearest"], _nearest
    ),
    Constant("feedback", dense, "FEEDBACK", (0, 0.2, 0.4, 0.8, 1.0), dense.FEEDBACK),
    Constant("documents of the feedback", search, "FEEDBACK_DOCUMENTS", (1, 3, 5), search.FEEDBACK_DOCUMENTS),
    Constant("BM25F, k1", lexical, "K1", (0.9, 1.2, 2.0), lexical.K1),
    Constant(
        "BM25F, weight of the title",
        lexical,
        "WEIGHTS",
        (1, 2, 6),
        lexical.WEIGHTS["title"],
        _field(lexical.WEIGHTS, "title"),
    ),
    Constant(
        "BM25F, length of the title",
        lexical,
        "LENGTH",
        (0.25, 0.75),
        lexical.LENGTH["title"],
        _field(lexical.LENGTH, "title"),
    ),
    Constant(
        "BM25F, length of the text",
        lexical,
        "LENGTH",
        (0.4, 0.75),
        lexical.LENGTH["text"],
        _field(lexical.LENGTH, "text"),
    ),
)


class Remembering:
    """An encoder that encodes each query once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Floats] = {}

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def max_tokens(self) -> int:
        return self._encoder.max_tokens

    def encode(self, texts: Sequence[str]) -> Floats:
        return self._encoder.encode(texts)

    def encode_query(self, text: str) -> Floats:
        if text not in self._known:
            self._known[text] = self._encoder.encode_query(text)
        return self._known[text]

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._encoder.token_offsets(text)


@contextmanager
def set_to(constant: Constant, number: float) -> Iterator[None]:
    """The ranking with another value of one number."""
    usual = getattr(constant.module, constant.attribute)
    setattr(constant.module, constant.attribute, constant.value(number))
    try:
        yield
    finally:
        setattr(constant.module, constant.attribute, usual)


def ndcg(task: Task, folder: Path, encoder: Encoder, keys: Sequence[str]) -> float:
    """The mean of hybrid search over the queries ``keys``. A new backend, as it keeps what hangs on some numbers."""
    queries, qrels = task.collection.queries, task.collection.qrels
    with backend_with(encoder, folder) as backend:
        rankings = {
            key: [hit.id for hit in backend.search(Query(queries[key][:MAX_CHARACTERS], limit=_DEPTH)).hits]
            for key in keys
        }
    return evaluate(rankings, {key: qrels[key] for key in keys if key in qrels}).means["ndcg@10"]


def left_out(values: Mapping[float, Sequence[float]]) -> float:
    """The mean when each collection is judged with the number that is best on the others. ``values``: by number."""
    table = np.array(list(values.values()))
    others = (table.sum(axis=1, keepdims=True) - table) / (table.shape[1] - 1)
    return float(table[others.argmax(axis=0), np.arange(table.shape[1])].mean())


def row(constant: Constant, values: Mapping[float, Sequence[float]]) -> str:
    means = {number: float(np.mean(each)) for number, each in values.items()}
    best = max(means, key=lambda number: means[number])
    tried = ", ".join(f"{number:.2g}" for number in sorted(values))
    return (
        f"| {constant.name} | {constant.shipped:.2g} | {tried} | {means[constant.shipped]:.4f} "
        f"| {means[best]:.4f} at {best:.2g} | {min(means.values()):.4f} | {left_out(values):.4f} |"
    )


def table(constants: Iterable[Constant], measure: Callable[[], Sequence[float]]) -> Iterator[str]:
    """A line a number; ``measure`` gives the value of each collection with the numbers as they are set."""
    yield "| | shipped | tried | nDCG@10 as shipped | best | worst | left one out |"
    yield "|---|---|---|---|---|---|---|"
    usual = measure()
    for constant in constants:
        values = {constant.shipped: usual}
        for number in constant.others:
            with set_to(constant, number):
                values[number] = measure()
        yield row(constant, values)


@click.command()
@click.argument("collections", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--queries", default=150, show_default=True, help="At most so many queries of each collection.")
@WRITE
def main(collections: Path, queries: int, write: Path | None) -> None:
    """Measure, and print a table with a line a number."""
    machine = describe()
    config = load_config(REPOSITORY / "entries")
    encoder = Remembering(load_encoder(DEFAULT_MODEL, config.data))
    tasks = [task for task in tasks_in(collections) if "(" not in task.name]
    keys = {}
    for task in tasks:
        assert task.collection.documents is not None
        build(config.data / "quality" / task.name, task.collection.documents, encoder, DEFAULT_MODEL)
        every = sorted(task.collection.queries)
        keys[task.name] = random.Random(task.name).sample(every, min(queries, len(every)))
        click.echo(f"{task.name}: {len(keys[task.name])} queries", err=True)

    def measure() -> Sequence[float]:
        return [ndcg(task, config.data / "quality" / task.name, encoder, keys[task.name]) for task in tasks]

    publish("constants", machine, "\n".join(table(CONSTANTS, measure)), write)


if __name__ == "__main__":
    main()
