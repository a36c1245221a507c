"""Would another judge have judged alike? Weighted kappa of two judges on the same pairs of query and practice.

    python -m benchmarks.agreement

The first judgements are tests/quality/qrels.tsv, the second, of a sample, tests/quality/second-judge.tsv.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from benchmarks.quality import OWN

GRADES = 3


def kappa(pairs: Sequence[tuple[int, int]], *, power: int = 1) -> float:
    """Cohen's weighted kappa (Cohen 1968) of grades; the distance of two counts linearly, or to that ``power``."""
    counts = np.zeros((GRADES, GRADES))
    np.add.at(counts, tuple(np.array(pairs).T), 1)
    grades = np.arange(GRADES)
    distance = np.abs(grades[:, np.newaxis] - grades) ** power
    chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    return float(1 - (distance * counts).sum() / (distance * chance).sum())


def judgements(file: Path) -> dict[tuple[str, str], int]:
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    return {(query, practice): int(score) for query, practice, score in rows}


@click.command()
def main() -> None:
    """Print how far two judges agree."""
    first, second = judgements(OWN / "qrels.tsv"), judgements(OWN / "second-judge.tsv")
    pairs = [(first[pair], score) for pair, score in second.items()]
    same = float(np.mean([one == other for one, other in pairs]))
    click.echo(
        f"{len(pairs)} pairs of {len({query for query, _ in second})} queries: the same grade for {same:.0%}; "
        f"kappa with linear weights {kappa(pairs):.2f}, with quadratic ones {kappa(pairs, power=2):.2f}"
    )


if __name__ == "__main__":
    main()
