"""Where does a result begin to fit? The edge between fair and weak, chosen and tested on different queries.

    python -m benchmarks.bands [--mode hybrid] [--write docs/quality.md]

Answerable: the queries of queries.jsonl and answerable.jsonl in tests/quality. Unanswerable: those of
unanswerable.jsonl, once those about other things altogether ("tomato soup recipe"), once those near to what the base is
about ("parental lock on a Samsung smart TV"), once both. A query counts as answered when its best hit has at least the
edge's relevance. Prints the curve over all edges, for English and for the other languages, and the shares that an edge
reaches on queries that had no part in choosing it (leave one out); then, on standard error, what the edge in use gets
wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from benchmarks.quality import OWN, REPOSITORY
from benchmarks.report import WRITE, publish
from indexer.reindex import reindex
from kb.backends import Backend, backend_with, load_encoder
from kb.config import load_config
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.ranking.bands import edges
from kb.text.languages import ENGLISH
from kb.types import Mode, Query

Values = NDArray[np.float64]

ANSWERABLE = ("queries.jsonl", "answerable.jsonl")
UNANSWERABLE = ("unanswerable.jsonl",)
#: The best relevance is looked for among so many hits: the order is that of the scores.
_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries and the relevance of the best hit of each, float64, shape (queries,); 0 where there is none.

    ``near``: bool, same shape, which of them are about something near to what the base holds.
    """

    texts: Sequence[str]
    best: Values
    near: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    answerable: Asked
    unanswerable: Asked
    #: Those in use.
    edges: Mapping[str, float]

    @property
    def kinds(self) -> Mapping[str, Values]:
        """The unanswerable ones by what they are about."""
        best, near = self.unanswerable.best, self.unanswerable.near
        return {"other things": best[~near], "things near": best[near], "both": best}


def asked(backend: Backend, files: Iterable[str], mode: Mode, *, english: bool) -> Asked:
    """The queries in ``files`` that are in English, or those that are not."""
    every = [json.loads(line) for file in files for line in (OWN / file).read_text(encoding="utf-8").splitlines()]
    rows = [row for row in every if (row["language"] == ENGLISH) == english]
    hits = [backend.search(Query(row["text"], mode=mode, limit=_DEPTH)).hits for row in rows]
    return Asked(
        [row["text"] for row in rows],
        np.array([max((hit.relevance for hit in found), default=0.0) for found in hits]),
        np.array([bool(row.get("near")) for row in rows]),
    )


def shares(answerable: Values, unanswerable: Values, edges: Values | float) -> tuple[Values, Values]:
    """For each edge how many answerable queries are answered, and how many unanswerable ones are not."""
    answered = 1 - np.searchsorted(np.sort(answerable), edges) / len(answerable)
    refused = np.searchsorted(np.sort(unanswerable), edges) / len(unanswerable)
    return np.asarray(answered), np.asarray(refused)


def best_edge(answerable: Values, unanswerable: Values) -> float:
    """The edge at which the smaller of the two shares is largest; the middle one of equals."""
    edges = np.unique(np.concatenate([answerable, unanswerable]))
    smaller = np.minimum(*shares(answerable, unanswerable, edges))
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


def curve(groups: Sequence[Group], edges: Values) -> Iterable[str]:
    columns = [
        f"{group.name}: {what}"
        for group in groups
        for what in ("answered", *(f"refused, {kind}" for kind in group.kinds if kind != "both"))
    ]
    yield f"| edge | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for edge in edges:
        cells = []
        for group in groups:
            refused = {kind: shares(group.answerable.best, best, float(edge)) for kind, best in group.kinds.items()}
            cells += [refused["both"][0], *(share for kind, (_, share) in refused.items() if kind != "both")]
        yield f"| {edge:.2f} | {' | '.join(f'{share:.2f}' for share in cells)} |"


def summary(groups: Sequence[Group]) -> Iterable[str]:
    """What each edge in use reaches, and what one does that was chosen on the other queries."""
    yield "| | answerable | unanswerable | edge | answered | refused |"
    yield "|---|---|---|---|---|---|"
    for group in groups:
        for kind, unanswerable in group.kinds.items():
            values = group.answerable.best, unanswerable
            start = f"| {group.name} | {len(values[0])} | {len(values[1])}, {kind} "
            answered, refused = left_out(*values)
            yield f"{start}| left one out, about {best_edge(*values):.2f} | **{answered:.3f}** | **{refused:.3f}** |"
            for name, edge in group.edges.items():
                reached, kept = shares(*values, edge)
                yield f"{start}| {name}, {edge:.2f} | {reached:.3f} | {kept:.3f} |"


def errors(group: Group, edge: float) -> Iterable[str]:
    for title, queries, wrong in (
        ("answerable, refused", group.answerable, group.answerable.best < edge),
        ("unanswerable, answered", group.unanswerable, group.unanswerable.best >= edge),
    ):
        yield f"\n{group.name}, {title}:"
        yield from (f"  {queries.best[place]:.3f}  {queries.texts[place]}" for place in np.flatnonzero(wrong).tolist())


@click.command()
@click.option("--mode", type=click.Choice(get_args(Mode)), default="hybrid", show_default=True)
@WRITE
def main(mode: Mode, write: Path | None) -> None:
    """Print the curve, what the edges reach, and what they get wrong."""
    machine = describe()
    config = load_config(REPOSITORY / "entries")
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    data = config.data / "quality" / "own"
    reindex(config.entries, data, DEFAULT_MODEL, lambda _: encoder)
    with backend_with(encoder, data) as backend:
        groups = [
            Group(
                name,
                asked(backend, ANSWERABLE, mode, english=english),
                asked(backend, UNANSWERABLE, mode, english=english),
                {band: edges(mode, ENGLISH if english else "another")[band] for band in ("fair", "strong")},
            )
            for name, english in (("English", True), ("other languages", False))
        ]
    every = np.concatenate([queries.best for g in groups for queries in (g.answerable, g.unanswerable)])
    low, high = np.percentile(every[every > 0], [5, 98])
    text = "\n".join((*summary(groups), "", *curve(groups, np.linspace(low, high, 15))))
    publish("bands", machine, text, write)
    for group in groups:
        for line in errors(group, group.edges["fair"]):
            click.echo(line, err=True)


if __name__ == "__main__":
    main()
