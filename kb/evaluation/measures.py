"""How good a ranking is, judged by people: nDCG@10, recall@100 and reciprocal rank, by ir-measures.

nDCG is that of trec_eval: linear gain, and an unjudged document gains nothing (Järvelin and Kekäläinen 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import ir_measures
from ir_measures import RR, R, nDCG

#: The names that people know, in the order in which they are printed.
MEASURES = {"ndcg@10": nDCG @ 10, "recall@100": R @ 100, "mrr@10": RR @ 10}

#: How deep a run must be for these measures.
DEPTH = 100


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The mean of each measure over all queries, and the values of each query."""

    means: Mapping[str, float]
    by_query: Mapping[str, Mapping[str, float]]


def evaluate(rankings: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]]) -> Evaluation:
    """Judge ``rankings`` (document ids, best first, by query id). A query without a ranking counts as 0."""
    run = {query: {document: float(-rank) for rank, document in enumerate(rankings.get(query, ()))} for query in qrels}
    names = {str(measure): name for name, measure in MEASURES.items()}
    by_query = {query: dict.fromkeys(MEASURES, 0.0) for query in qrels}
    for value in ir_measures.iter_calc(list(MEASURES.values()), _plain(qrels), run):
        by_query[value.query_id][names[str(value.measure)]] = value.value
    means = {name: fmean(values[name] for values in by_query.values()) if by_query else 0.0 for name in MEASURES}
    return Evaluation(means=means, by_query=by_query)


def _plain(qrels: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """ir-measures tells its input's form by its type, and takes plain dicts only."""
    return {query: dict(grades) for query, grades in qrels.items()}
