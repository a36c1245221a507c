"""Passages a second and milliseconds a query: compiled, beside sentence-transformers, in one run.

    python -m benchmarks.encoding [--model M] [--passages N] [--rounds N] [--write]

The passages are those of the project's own entries, every so many of them, sorted by length as a reindex does; both
ways encode the same ones in turn, round by round, so that other load meets both, and the best round of each counts.
The baseline is sentence-transformers with torch in float32, as it comes: all cores, batches of 32. Processor times
count all threads, and say what each way asks for when the machine is busy with something else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.machine import describe
from benchmarks.report import WRITE, publish
from indexer.documents import from_practice
from indexer.passages import cut
from kb.backends import load_encoder
from kb.config import Config, load_config
from kb.content.corpus import read_corpus
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.types import Encoder, Floats

#: Texts up to so many characters, about 15 tokens, stand for queries.
_QUERY_CHARACTERS = 75


@dataclass(slots=True)
class Measured:
    """Seconds of the best round, by the clock and by the processor; milliseconds of each query, likewise."""

    seconds: float
    processor: float
    query: list[float]
    query_processor: list[float]
    vectors: Floats


def measure(encoder: Encoder, passages: Sequence[str], queries: Sequence[str]) -> Measured:
    vectors, seconds, processor = _timed(lambda: encoder.encode(passages))
    asked = [_timed(lambda text=text: encoder.encode_query(text)) for text in queries]  # type: ignore[misc]
    return Measured(
        seconds, processor, [1000 * each for _, each, _ in asked], [1000 * each for *_, each in asked], vectors
    )


def _timed(work: Callable[[], Floats]) -> tuple[Floats, float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - clock, time.process_time() - processor


def _better(one: Measured | None, other: Measured) -> Measured:
    if one is None:
        return other
    return Measured(
        min(one.seconds, other.seconds),
        min(one.processor, other.processor),
        one.query + other.query,
        one.query_processor + other.query_processor,
        one.vectors,
    )


def passages_of(config: Config, encoder: Encoder, number: int) -> list[str]:
    """About ``number`` passages of the entries, evenly chosen, shortest first."""
    corpus = read_corpus(config.entries)
    texts = list(
        dict.fromkeys(
            passage.encoded_text
            for practice in corpus.practices.values()
            for passage in cut(from_practice(practice, "", corpus.taxonomy, corpus.organisations), encoder)
        )
    )
    return sorted(texts[:: max(1, len(texts) // number)], key=len)


def table(measured: dict[str, Measured], count: int) -> str:
    """A Markdown table; the first is the baseline."""
    base = next(iter(measured.values()))
    rows = []
    for name, each in measured.items():
        cosines = (each.vectors * base.vectors).sum(axis=1)
        rows.append(
            f"| {name} | {count / each.seconds:.1f} | {base.seconds / each.seconds:.2f} "
            f"| {base.processor / each.processor:.2f} | {median(each.query):.1f} "
            f"| {median(base.query) / median(each.query):.2f} "
            f"| {median(base.query_processor) / median(each.query_processor):.2f} "
            f"| {cosines.mean():.4f} / {cosines.min():.4f} |"
        )
    head = (
        "| encoder | passages/s | times | by processor time | ms a query | times | by processor time "
        "| cosine, mean / least |"
    )
    return "\n".join([head, "|---|" + "--:|" * 7, *rows])


@click.command()
@click.option("--model", default=DEFAULT_MODEL, show_default=True)
@click.option("--passages", "number", default=300, show_default=True, help="About how many are encoded.")
@click.option("--rounds", default=3, show_default=True)
@WRITE
def main(model: str, number: int, rounds: int, write: Path | None) -> None:
    config = load_config()
    line = describe()
    encoders = {
        "sentence-transformers, float32": load_encoder(model),
        "compiled": load_encoder(model, config.data / "benchmarks"),
    }
    passages = passages_of(config, encoders["compiled"], number)
    queries = [text for text in passages if len(text) <= _QUERY_CHARACTERS][:40]
    for encoder in encoders.values():
        encoder.encode(passages[:8])
        encoder.encode_query(queries[0])
    measured: dict[str, Measured] = {}
    for _ in range(rounds):
        for name, encoder in encoders.items():
            measured[name] = _better(measured.get(name), measure(encoder, passages, queries))
    lengths = np.array([len(encoders["compiled"].token_offsets(text)) for text in passages])
    told = (
        f"{len(passages)} passages of {lengths.mean():.0f} tokens on average ({lengths.max()} at most), "
        f"{len(queries)} queries, best of {rounds} rounds"
    )
    publish("encoding", line, f"{told}\n\n{table(measured, len(passages))}", write)


if __name__ == "__main__":
    main()
