"""Is one ranking better than another, or was it luck? Paired over the queries that both were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: Resamples of the bootstrap and of the permutation test, and the seed that makes them repeatable.
_RESAMPLES = 9999
_SEED = 20170207


@dataclass(frozen=True, slots=True)
class Comparison:
    """``mean`` is that of the differences (mine less theirs), ``low`` to ``high`` its 95 % bootstrap interval.

    ``p_value``: how often chance alone would give a difference as large (two-sided paired permutation test; Smucker,
    Allan and Carterette 2007). ``gains`` maps each common query to its difference.
    """

    mean: float
    low: float
    high: float
    p_value: float
    gains: Mapping[str, float]

    @property
    def better(self) -> int:
        return sum(gain > 0 for gain in self.gains.values())

    @property
    def worse(self) -> int:
        return sum(gain < 0 for gain in self.gains.values())


def compare(mine: Mapping[str, float], theirs: Mapping[str, float]) -> Comparison:
    """Compare values by query. Queries that only one side has are left out."""
    gains = {key: mine[key] - theirs[key] for key in sorted(mine.keys() & theirs.keys())}
    differences = np.array(list(gains.values()))
    if not differences.any():
        return Comparison(0.0, 0.0, 0.0, 1.0, gains)
    generator = np.random.default_rng(_SEED)
    picked = generator.integers(len(differences), size=(_RESAMPLES, len(differences)))
    low, high = np.percentile(differences[picked].mean(axis=1), [2.5, 97.5])
    test = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=_RESAMPLES, rng=generator
    )
    return Comparison(float(differences.mean()), float(low), float(high), float(test.pvalue), gains)
