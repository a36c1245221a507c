"""Where does a result begin to fit? The edge between fair and weak, chosen and tested on different queries.

    python -m benchmarks.bands [--mode hybrid]

Answerable: the English queries of tests/quality. Unanswerable: those of unanswerable.jsonl, half of them near misses.
A query counts as answered when its best hit has at least the edge's relevance. Prints the curve over all edges, and the
shares that an edge reaches on queries that had no part in choosing it (leave one out).
"""

from __future__ import annotations

import json
from typing import get_args

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import OWN, REPOSITORY
from indexer.reindex import reindex
from kb.backends import Backend, backend_with, load_encoder
from kb.bands import EDGES
from kb.config import load_config
from kb.engines.model_files import DEFAULT_MODEL
from kb.types import Mode, Query

Values = NDArray[np.float64]


def best_relevances(backend: Backend, file: str, mode: Mode) -> tuple[list[str], Values]:
    """The relevance of the best hit of each English query in ``file`` (0 where there is none), with its text."""
    rows = [json.loads(line) for line in (OWN / file).read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows if row.get("language", "en") == "en"]
    hits = [backend.search(Query(text, mode=mode, limit=50)).hits for text in texts]
    return texts, np.array([max((hit.relevance for hit in found), default=0.0) for found in hits])


def shares(answerable: Values, unanswerable: Values, edge: float) -> tuple[float, float]:
    """How many answerable queries are answered, and how many unanswerable ones are not."""
    return float((answerable >= edge).mean()), float((unanswerable < edge).mean())


def best_edge(answerable: Values, unanswerable: Values) -> float:
    """The edge at which the smaller of the two shares is largest; the middle one of equals."""
    edges = np.unique(np.concatenate([answerable, unanswerable]))
    smaller = np.array([min(shares(answerable, unanswerable, edge)) for edge in edges])
    best = np.flatnonzero(smaller == smaller.max())
    return float(edges[best[len(best) // 2]])


def left_out(answerable: Values, unanswerable: Values) -> tuple[float, float]:
    """Both shares when each query is judged by an edge that was chosen without it."""
    answered = [
        value >= best_edge(np.delete(answerable, place), unanswerable) for place, value in enumerate(answerable)
    ]
    refused = [
        value < best_edge(answerable, np.delete(unanswerable, place)) for place, value in enumerate(unanswerable)
    ]
    return float(np.mean(answered)), float(np.mean(refused))


@click.command()
@click.option("--mode", type=click.Choice(get_args(Mode)), default="hybrid", show_default=True)
def main(mode: Mode) -> None:
    """Print the curve, the best edge, and what it reaches on queries that it has not seen."""
    config = load_config(REPOSITORY / "entries")
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    data = config.data / "quality" / "own"
    reindex(config.entries, data, DEFAULT_MODEL, lambda _: encoder)
    with backend_with(encoder, data) as backend:
        asked, answerable = best_relevances(backend, "queries.jsonl", mode)
        foreign, unanswerable = best_relevances(backend, "unanswerable.jsonl", mode)
    click.echo("| edge | answerable, answered | unanswerable, refused |\n|---|---|---|")
    low, high = np.percentile(np.concatenate([answerable, unanswerable]), [2, 98])
    for edge in np.linspace(low, high, 15):
        answered, refused = shares(answerable, unanswerable, float(edge))
        click.echo(f"| {edge:.2f} | {answered:.2f} | {refused:.2f} |")
    answered, refused = left_out(answerable, unanswerable)
    edge = best_edge(answerable, unanswerable)
    click.echo(f"\nbest edge {edge:.3f}; leaving one out, {answered:.3f} answered and {refused:.3f} refused")
    used = EDGES[mode]["fair"]
    answered, refused = shares(answerable, unanswerable, used)
    click.echo(f"edge in use {used}: {answered:.3f} answered and {refused:.3f} refused")
    for title, texts, values, wrong in (
        ("answerable, refused", asked, answerable, answerable < used),
        ("unanswerable, answered", foreign, unanswerable, unanswerable >= used),
    ):
        click.echo(f"\n{title}:")
        for place in np.flatnonzero(wrong):
            click.echo(f"  {values[place]:.3f}  {texts[place]}")


if __name__ == "__main__":
    main()
