"""Are similar practices about the same thing? Precision at 5 of several ways to find them, on judged pairs.

    python -m benchmarks.similar

The judgements are those of tests/quality/similar.tsv, for 30 practices. A practice without a judgement counts as not
relevant; how many there are is told, since they wrong the way that found them. The shipped way comes first, as
``kb similar`` gives it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import OWN, REPOSITORY
from indexer.reindex import reindex
from kb.backends import backend_with, load_encoder
from kb.config import load_config
from kb.engines.database.store import Store
from kb.engines.dense import Vectors, vector_numbers
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.evaluation.significance import compare
from kb.ranking.similar import TOPICS, in_common
from kb.types import Encoder, Floats, Layout, Positions

DEPTH = 5

#: For a practice the relevance (1 or 0) of others.
Judgements = Mapping[str, Mapping[str, int]]
Way = Callable[[str], Sequence[str]]


def read_judgements(file: Path = OWN / "similar.tsv") -> Judgements:
    found: dict[str, dict[str, int]] = {}
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            found.setdefault(row["practice"], {})[row["similar"]] = int(row["relevant"])
    return found


def precision(way: Way, judgements: Judgements) -> tuple[dict[str, float], int]:
    """Precision at 5 for each practice, and how many of those found have no judgement."""
    values, unjudged = {}, 0
    for practice, judged in judgements.items():
        found = way(practice)[:DEPTH]
        values[practice] = sum(judged.get(other, 0) for other in found) / DEPTH
        unjudged += sum(other not in judged for other in found)
    return values, unjudged


def centroids(vectors: Floats, starts: Positions) -> Floats:
    """The mean direction of each document's passages: float32, shape (documents, dimension), rows of unit length."""
    sums = np.add.reduceat(vectors, starts[:-1], axis=0)
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)


def ways(layout: Layout, vectors: Floats, texts: Sequence[str], encoder: Encoder) -> Iterator[tuple[str, Way]]:
    """Other ways to find similar practices. ``texts`` and ``vectors`` are those of all passages, by position."""
    documents = len(layout.ids)
    means = centroids(vectors, layout.starts)
    cosines = means @ means.T
    topics, organisations = (
        np.stack([in_common(d, layout.tags[facet], documents) for d in range(documents)])
        for facet in ("topic", "organisation")
    )
    bare = centroids(encoder.encode(texts), layout.starts)
    best = np.maximum.reduceat(vectors @ vectors.T, layout.starts[:-1], axis=1)
    nearest = np.maximum.reduceat(best, layout.starts[:-1], axis=0)
    lengths = np.diff(layout.starts).astype(np.float32)[:, np.newaxis]
    each = np.add.reduceat(best, layout.starts[:-1], axis=0) / lengths
    yield "means of passages", _by(cosines, layout)
    yield "means, passages without their title", _by(bare @ bare.T, layout)
    yield "nearest pair of passages", _by(nearest, layout)
    yield "each passage's nearest, mean", _by((each + each.T) / 2, layout)
    yield "topics in common", _by(topics, layout)
    for weight in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        yield f"means + {weight} topics", _by(cosines + weight * topics, layout)
    yield "means - 0.1 same organisation", _by(cosines - 0.1 * (organisations > 0), layout)
    yield (
        f"means + {TOPICS:.1f} topics - 0.1 same organisation",
        _by(cosines + TOPICS * topics - 0.1 * (organisations > 0), layout),
    )


def _by(similarities: NDArray[np.floating[Any]], layout: Layout) -> Way:
    def way(practice: str) -> Sequence[str]:
        document = layout.ids.index(practice)
        order = np.argsort(-similarities[document], kind="stable")
        return [layout.ids[other] for other in order if other != document]

    return way


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Where the index is kept.  [default: .kb/quality/own]")
def main(data: Path | None) -> None:
    """Measure every way and print a table, with the difference to the shipped one."""
    config = load_config(REPOSITORY / "entries")
    data = data or config.data / "quality" / "own"
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    reindex(config.entries, data, DEFAULT_MODEL, lambda _: encoder)
    judgements = read_judgements()
    with backend_with(encoder, data) as backend:
        shipped, unjudged = precision(lambda id: [hit.id for hit in backend.similar(id, limit=DEPTH)], judgements)
    store = Store(data)
    with store.reading() as reader:
        layout = reader.layout()
        stored = reader.passages(layout.keys.tolist())
    store.close()
    opened = Vectors.open(data, layout.manifest.segments, layout.manifest.dimension)
    vectors = opened.rows(vector_numbers(opened, layout))
    texts = [stored[key].text for key in layout.keys.tolist()]
    best = np.mean([min(sum(judged.values()), DEPTH) / DEPTH for judged in judgements.values()])
    click.echo(f"{len(judgements)} practices; with these judgements at best {best:.3f}\n")
    click.echo("| precision at 5 | | unjudged | less the shipped (95 % interval) |\n|---|---|---|---|")
    click.echo(f"| shipped | {np.mean(list(shipped.values())):.3f} | {unjudged} | |")
    for name, way in ways(layout, vectors, texts, encoder):
        values, unjudged = precision(way, judgements)
        found = compare(values, shipped)
        click.echo(
            f"| {name} | {np.mean(list(values.values())):.3f} | {unjudged} "
            f"| {found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f}) |"
        )


if __name__ == "__main__":
    main()
