"""How well is it found? Every mode of the pipeline that serves the site, beside two peers, on judged queries.

    python -m benchmarks.quality                      our own judged queries, against the committed baseline
    python -m benchmarks.quality --collections DIR    and every collection in BEIR layout in DIR
    python -m benchmarks.quality --questions          also what the questions of the entries are good for
    ... --write docs/quality.md                       put the tables into that page
    ... --accept                                      make the figures of our own queries the baseline

Peers, in the same run: bm25s (its Lucene variant, English stemmer and stop words) and the default model by itself
(documents as they are, cut by the model, cosine). Exit code 1 when the baseline is undercut.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import bm25s
import click
import numpy as np
import Stemmer

from benchmarks.machine import describe
from benchmarks.report import WRITE, publish
from benchmarks.without import copy_without
from indexer.build import build
from indexer.reindex import reindex
from kb.backends import Backend, backend_with, load_encoder
from kb.config import load_config
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.evaluation.collection import Collection, read_collection
from kb.evaluation.measures import DEPTH, Evaluation, evaluate
from kb.evaluation.significance import compare
from kb.types import Document, Encoder, Mode, Query
from kb.understanding.query import MAX_CHARACTERS

REPOSITORY = Path(__file__).resolve().parent.parent
OWN = REPOSITORY / "tests" / "quality"
BASELINE = Path(__file__).with_name("quality-baseline.json")
#: A mean may fall this far below the baseline before it counts: less than one query in ten moved by one rank. The
#: same model rounds otherwise on another processor, which moves some means by more: accept a baseline there first.
TOLERANCE = 0.002

Rankings = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Task:
    """One set of queries over one set of documents; without documents over the base itself."""

    name: str
    collection: Collection


@dataclass(frozen=True, slots=True)
class Measured:
    system: str
    evaluation: Evaluation
    milliseconds: float


def own_tasks() -> list[Task]:
    """The judged queries of the base: all, those in English, and those in other languages."""
    whole = read_collection(OWN)
    rows = [json.loads(line) for line in (OWN / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    language = {row["_id"]: row["language"] for row in rows}
    kin = {row["kin"] for row in rows if "kin" in row}
    parts: Mapping[str, Callable[[str], bool]] = {
        "own, English": lambda key: language[key] == "en",
        "own, English kin": lambda key: key in kin,
        "own, other languages": lambda key: language[key] != "en",
    }
    return [
        Task(
            name,
            Collection(
                None,
                {key: text for key, text in whole.queries.items() if chosen(key)},
                {key: grades for key, grades in whole.qrels.items() if chosen(key)},
            ),
        )
        for name, chosen in parts.items()
    ]


def tasks_in(folder: Path) -> list[Task]:
    """Every collection in BEIR layout below ``folder``; one task for each of its files of queries."""
    found = []
    for place in sorted(path.parent for path in folder.glob("*/qrels.tsv")):
        for queries in sorted(place.glob("queries*.jsonl")):
            variant = queries.name.removeprefix("queries").removesuffix(".jsonl").removeprefix(".")
            name = f"{place.name} ({variant})" if variant else place.name
            found.append(Task(name, read_collection(place, queries=queries.name)))
    return found


def measure(task: Task, base: Backend, data: Path, encoder: Encoder) -> list[Measured]:
    documents = task.collection.documents
    if documents is None:
        backend, peers = base, _documents_of(base)
    else:
        folder = data / task.name.split(" ")[0]
        build(folder, documents, encoder, DEFAULT_MODEL)
        backend, peers = backend_with(encoder, folder), documents
    systems: dict[str, Callable[[Mapping[str, str]], Rankings]] = {
        mode: _asker(backend, mode) for mode in get_args(Mode)
    }
    systems |= {"bm25s": _bm25s(peers), "MiniLM, cosine": _cosine(peers, encoder)}
    measured = []
    for system, run in systems.items():
        start = time.perf_counter()
        rankings = run(task.collection.queries)
        milliseconds = 1000 * (time.perf_counter() - start) / len(task.collection.queries)
        measured.append(Measured(system, evaluate(rankings, task.collection.qrels), milliseconds))
    if documents is not None:
        backend.close()
    return measured


def _asker(backend: Backend, mode: Mode) -> Callable[[Mapping[str, str]], Rankings]:
    def run(queries: Mapping[str, str]) -> Rankings:
        return {
            key: [hit.id for hit in backend.search(Query(text[:MAX_CHARACTERS], mode=mode, limit=DEPTH)).hits]
            for key, text in queries.items()
        }

    return run


def _bm25s(documents: Mapping[str, Document]) -> Callable[[Mapping[str, str]], Rankings]:
    stemmer = Stemmer.Stemmer("english")
    ids = list(documents)

    def run(queries: Mapping[str, str]) -> Rankings:
        texts = bm25s.tokenize([_whole(d) for d in documents.values()], "en", stemmer=stemmer, show_progress=False)
        index = bm25s.BM25(method="lucene")
        index.index(texts, show_progress=False)
        asked = bm25s.tokenize(list(queries.values()), "en", stemmer=stemmer, show_progress=False)
        found, _ = index.retrieve(asked, k=min(DEPTH, len(ids)), show_progress=False)
        return {key: [ids[number] for number in row] for key, row in zip(queries, found, strict=True)}

    return run


def _cosine(documents: Mapping[str, Document], encoder: Encoder) -> Callable[[Mapping[str, str]], Rankings]:
    ids = np.array(list(documents), dtype=object)

    def run(queries: Mapping[str, str]) -> Rankings:
        vectors = encoder.encode([_whole(document) for document in documents.values()])
        asked = np.stack([encoder.encode_query(text) for text in queries.values()])
        order = np.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :DEPTH]
        return {key: list(ids[row]) for key, row in zip(queries, order, strict=True)}

    return run


def _documents_of(base: Backend) -> Mapping[str, Document]:
    """The practices as a peer would index them: title, summary and Markdown as one text."""
    hits = base.search(Query(limit=1000)).hits
    return {
        hit.id: Document(id=hit.id, title=hit.title, summary=f"{hit.practice.summary}\n{hit.practice.body}")
        for hit in hits
        if hit.practice
    }


def _whole(document: Document) -> str:
    sections = "\n".join(section.text for section in document.sections)
    return "\n".join(part for part in (document.title, document.summary, sections) if part)


def table(results: Mapping[str, Sequence[Measured]]) -> Iterable[str]:
    """nDCG@10 of every system, a row a task, then the mean over those with documents of their own in English."""
    systems = [measured.system for measured in next(iter(results.values()))]
    yield "| nDCG@10 | queries | " + " | ".join(systems) + " |"
    yield "|---|---|" + "---|" * len(systems)
    for name, row in results.items():
        cells = [f"{m.evaluation.means['ndcg@10']:.3f}" for m in row]
        yield f"| {name} | {len(row[0].evaluation.by_query)} | " + " | ".join(cells) + " |"
    english = [row for name, row in results.items() if "(" not in name and not name.startswith("own")]
    if len(english) > 1:
        means = [np.mean([row[n].evaluation.means["ndcg@10"] for row in english]) for n in range(len(systems))]
        yield f"| **mean of the {len(english)} in English** | | " + " | ".join(f"**{m:.3f}**" for m in means) + " |"


def differences(results: Mapping[str, Sequence[Measured]]) -> Iterable[str]:
    """Hybrid against every other system on our own queries, with paired bootstrap intervals."""
    for name, row in results.items():
        if name.startswith("own"):
            by_system = {m.system: _ndcg(m.evaluation) for m in row}
            for other in by_system:
                if other != "hybrid":
                    found = compare(by_system["hybrid"], by_system[other])
                    yield (
                        f"- {name}: hybrid less {other}: {found.mean:+.3f} "
                        f"(95 % interval {found.low:+.3f} to {found.high:+.3f}, p = {found.p_value:.3f})"
                    )


def question_lines(
    modes: Sequence[Mode], tasks: Sequence[Task], results: Mapping[str, Sequence[Measured]], bare: Backend, entries: int
) -> Iterable[str]:
    """nDCG@10 of our own queries with the questions of the entries, less that without them."""
    yield f"What the questions of {entries} entries add (nDCG@10):"
    yield ""
    yield "| | mode | with | without | difference, 95 % interval | p |"
    yield "|---|---|---|---|---|---|"
    for task in tasks:
        measured = {m.system: m.evaluation for m in results[task.name]}
        for mode in modes:
            without = evaluate(_asker(bare, mode)(task.collection.queries), task.collection.qrels)
            found = compare(_ndcg(measured[mode]), _ndcg(without))
            yield (
                f"| {task.name} | {mode} | {measured[mode].means['ndcg@10']:.3f} | {without.means['ndcg@10']:.3f} "
                f"| {found.mean:+.3f}, {found.low:+.3f} to {found.high:+.3f} | {found.p_value:.3f} |"
            )


def _ndcg(evaluation: Evaluation) -> Mapping[str, float]:
    return {key: values["ndcg@10"] for key, values in evaluation.by_query.items()}


def undercut(results: Mapping[str, Sequence[Measured]], baseline: Mapping[str, Any]) -> list[str]:
    """What fell below the committed baseline."""
    return [
        f"{name}, {m.system}: nDCG@10 {m.evaluation.means['ndcg@10']:.4f} is below the baseline {expected:.4f}"
        for name, row in results.items()
        for m in row
        if (expected := baseline.get(name, {}).get(m.system, 0.0)) - TOLERANCE > m.evaluation.means["ndcg@10"]
    ]


@click.command()
@click.option("--collections", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Other collections.")
@click.option("--data", type=click.Path(path_type=Path), help="Where indexes are kept.  [default: .kb/quality]")
@click.option("--questions", is_flag=True, help="Measure our own queries without the questions of the entries, too.")
@WRITE
@click.option("--accept", is_flag=True, help="Make the figures of our own queries the baseline.")
def main(collections: Path | None, data: Path | None, questions: bool, write: Path | None, accept: bool) -> None:
    """Measure, print the tables, and fail when the committed baseline is undercut."""
    machine = describe()
    config = load_config(REPOSITORY / "entries")
    data = data or config.data / "quality"
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    reindex(config.entries, data / "own", DEFAULT_MODEL, lambda _: encoder)
    results: dict[str, list[Measured]] = {}
    with backend_with(encoder, data / "own") as base:
        for task in (*own_tasks(), *(tasks_in(collections) if collections else ())):
            results[task.name] = measure(task, base, data, encoder)
            click.echo(f"{task.name}: " + ", ".join(_figures(m) for m in results[task.name]), err=True)
    publish("tables", machine, "\n".join((*table(results), "", *differences(results))), write)
    if questions:
        entries = copy_without("questions", config.entries, data / "entries-without-questions")
        reindex(data / "entries-without-questions", data / "without-questions", DEFAULT_MODEL, lambda _: encoder)
        with backend_with(encoder, data / "without-questions") as bare:
            text = "\n".join(question_lines(get_args(Mode), own_tasks(), results, bare, entries))
        publish("questions", machine, text, write)
    own = {name: row for name, row in results.items() if name.startswith("own")}
    if accept:
        value = {
            name: {m.system: round(m.evaluation.means["ndcg@10"], 4) for m in row if m.system in get_args(Mode)}
            for name, row in own.items()
        }
        BASELINE.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    failed = undercut(own, json.loads(BASELINE.read_text(encoding="utf-8")))
    for line in failed:
        click.echo(line, err=True)
    sys.exit(1 if failed else 0)


def _figures(measured: Measured) -> str:
    return f"{measured.system} {measured.evaluation.means['ndcg@10']:.3f} ({measured.milliseconds:.0f} ms)"


if __name__ == "__main__":
    main()
