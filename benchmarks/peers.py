"""The same documents and queries through txtai and chromadb, with the same model.

    python -m benchmarks.peers                       the real entries, with the judged queries of tests/quality
    python -m benchmarks.peers COLLECTION            a folder in BEIR layout
    ... --documents 40 --queries 40                  only a part, to see that it runs
    ... --json FILE                                  write the figures there as well

txtai and chromadb are no dependencies: README.md in this folder says how to make an environment with them. Each system
runs in a process of its own, on disk, as its first pages of documentation show: txtai with content and hybrid search,
chromadb with cosine distance, both given title and text of each document; ours with the pipeline that serves the site.
In each the model is loaded before the clock starts. "After one change" is the time in which a changed document is
found. Memory is the peak of the process, the model included.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import click

from benchmarks.machine import describe
from benchmarks.report import WRITE, publish
from indexer.build import build
from indexer.documents import from_practice
from kb.backends import Backend, load_encoder
from kb.config import load_config
from kb.content.corpus import read_corpus
from kb.engines.encoders.model_files import DEFAULT_MODEL, find_model
from kb.evaluation.collection import Collection, read_collection
from kb.evaluation.measures import evaluate
from kb.types import Document, Query, Section
from kb.understanding.query import MAX_CHARACTERS

_OWN = Path(__file__).resolve().parent.parent / "tests" / "quality"


#: Hits asked for: what a page shows, and what nDCG@10 looks at.
_HITS = 10


class System(Protocol):
    """One way of indexing documents on disk and finding them."""

    def index(self, documents: Mapping[str, Document]) -> None: ...
    def change(self, documents: Mapping[str, Document], changed: Document) -> None: ...
    def find(self, text: str) -> list[str]: ...


def whole(document: Document) -> str:
    """A document as one text: all of it that people read."""
    sections = (text for section in document.sections for text in (*section.heading, section.text))
    return "\n".join(part for part in (document.title, document.summary, *document.questions, *sections) if part)


class Ours:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._encoder = load_encoder(DEFAULT_MODEL, load_config().data)
        self._encoder.encode(["loaded"])
        self._backend = Backend(folder, lambda manifest: self._encoder)

    def index(self, documents: Mapping[str, Document]) -> None:
        build(self._folder, documents, self._encoder, DEFAULT_MODEL)

    def change(self, documents: Mapping[str, Document], changed: Document) -> None:
        self.index({**documents, changed.id: changed})

    def find(self, text: str) -> list[str]:
        return [hit.id for hit in self._backend.search(Query(text[:MAX_CHARACTERS], limit=_HITS)).hits]


class Txtai:
    def __init__(self, folder: Path) -> None:
        import txtai  # type: ignore[import-not-found,unused-ignore]

        self._folder = folder
        model = str(find_model(DEFAULT_MODEL).folder)
        self._embeddings: Any = txtai.Embeddings(path=model, content=True, hybrid=True, gpu=False)
        self._embeddings.batchtransform(["loaded"])

    def index(self, documents: Mapping[str, Document]) -> None:
        self._embeddings.index([(document.id, whole(document)) for document in documents.values()])
        self._embeddings.save(str(self._folder / "txtai"))

    def change(self, documents: Mapping[str, Document], changed: Document) -> None:
        self._embeddings.upsert([(changed.id, whole(changed))])
        self._embeddings.save(str(self._folder / "txtai"))

    def find(self, text: str) -> list[str]:
        return [str(hit["id"]) for hit in self._embeddings.search(text, _HITS)]


class Chroma:
    #: As many documents as it takes at a time.
    _BATCH = 2000

    def __init__(self, folder: Path) -> None:
        import chromadb  # type: ignore[import-not-found,unused-ignore]
        from chromadb.utils import embedding_functions  # type: ignore[import-not-found,unused-ignore]

        model = str(find_model(DEFAULT_MODEL).folder)
        encode = embedding_functions.SentenceTransformerEmbeddingFunction(model_name=model, device="cpu")
        encode(["loaded"])
        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(str(folder / "chroma"), settings=settings)
        self._collection: Any = client.create_collection(
            "documents", embedding_function=encode, metadata={"hnsw:space": "cosine"}
        )

    def index(self, documents: Mapping[str, Document]) -> None:
        listed = list(documents.values())
        for start in range(0, len(listed), self._BATCH):
            batch = listed[start : start + self._BATCH]
            self._collection.add(ids=[one.id for one in batch], documents=[whole(one) for one in batch])

    def change(self, documents: Mapping[str, Document], changed: Document) -> None:
        self._collection.upsert(ids=[changed.id], documents=[whole(changed)])

    def find(self, text: str) -> list[str]:
        return list(self._collection.query(query_texts=[text], n_results=_HITS)["ids"][0])


SYSTEMS: Mapping[str, Callable[[Path], System]] = {"ours": Ours, "txtai": Txtai, "chromadb": Chroma}


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, milliseconds, a mean over all queries, and MiB."""

    seconds_to_index: float
    seconds_after_one_change: float
    median_ms_per_query: float
    ndcg: float
    mebibytes: float


def measure(system: str, folder: Path, collection: Collection) -> Figures:
    assert collection.documents, "documents are given"
    documents = collection.documents
    opened = SYSTEMS[system](folder)
    start = time.perf_counter()
    opened.index(documents)
    indexed = time.perf_counter() - start
    opened.find("the first question waits for what is made only once")
    rankings, taken = {}, []
    for key, text in collection.queries.items():
        start = time.perf_counter()
        rankings[key] = opened.find(text)
        taken.append(time.perf_counter() - start)
    first = next(iter(documents.values()))
    word = "zweckentfremdungsverbot"
    changed = replace(first, sections=(*first.sections, Section((), f"A word that is new: {word}.")))
    start = time.perf_counter()
    opened.change(documents, changed)
    opened.find(word)
    again = time.perf_counter() - start
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    assert peak, "the kernel tells the peak of a process"
    ndcg = evaluate(rankings, collection.qrels).means["ndcg@10"]
    return Figures(indexed, again, statistics.median(taken) * 1000, ndcg, int(peak[1]) / 1024)


def _collection(folder: Path | None) -> Collection:
    collection = read_collection(folder or _OWN)
    if collection.documents is not None:
        return collection
    corpus = read_corpus(load_config().entries)
    documents = {
        id: replace(from_practice(practice, "", corpus.taxonomy, corpus.organisations), practice=None)
        for id, practice in corpus.practices.items()
    }
    return replace(collection, documents=documents)


def part(collection: Collection, documents: int | None, queries: int | None) -> Collection:
    """The first queries, and so many documents: those judged for these first."""
    assert collection.documents is not None, "documents are given"
    asked = dict(list(collection.queries.items())[:queries])
    judged = {id: None for query in asked for id in collection.qrels.get(query, {}) if id in collection.documents}
    kept = list(dict.fromkeys([*judged, *collection.documents]))[:documents]
    qrels = {query: collection.qrels[query] for query in asked}
    return replace(collection, queries=asked, qrels=qrels, documents={id: collection.documents[id] for id in kept})


ROWS: Mapping[str, tuple[str, str]] = {
    "seconds_to_index": ("seconds to index", "{:.1f}"),
    "seconds_after_one_change": ("seconds after one change", "{:.2f}"),
    "median_ms_per_query": ("ms a query, median", "{:.1f}"),
    "ndcg": ("nDCG@10", "{:.3f}"),
    "mebibytes": ("peak memory, MiB", "{:.0f}"),
}


@click.command()
@click.argument("collection", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--system", type=click.Choice(list(SYSTEMS)), help="Only this one, in this process, as JSON.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--documents", type=click.IntRange(1), help="Only so many of them.")
@click.option("--queries", type=click.IntRange(1), help="Only so many of them.")
@WRITE
def main(
    collection: Path | None,
    system: str | None,
    json_file: Path | None,
    documents: int | None,
    queries: int | None,
    write: Path | None,
) -> None:
    """Measure every system and print a Markdown table."""
    line = describe()
    given = part(_collection(collection), documents, queries)
    if system:
        with tempfile.TemporaryDirectory(prefix="kb-peers-", ignore_cleanup_errors=True) as place:
            figures = measure(system, Path(place), given)
        print(json.dumps({name: getattr(figures, name) for name in ROWS}))
        return
    assert given.documents is not None, "documents are given"
    found = {}
    for name in SYSTEMS:
        command = [sys.executable, "-m", "benchmarks.peers", "--system", name]
        command += ["--documents", str(len(given.documents)), "--queries", str(len(given.queries))]
        command += [str(collection)] if collection else []
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode:
            raise click.ClickException(f"{name} failed (above); benchmarks/README.md says how to install it")
        found[name] = json.loads(run.stdout.splitlines()[-1])
    of = f"{len(given.documents):,} documents, {len(given.queries):,} queries, {_HITS} hits a query"
    rows = [
        "| " + " | ".join([collection.name if collection else "the entries", *found]) + " |",
        "|---|" + "---:|" * len(found),
        *(
            f"| {label} | " + " | ".join(form.format(values[key]) for values in found.values()) + " |"
            for key, (label, form) in ROWS.items()
        ),
    ]
    publish(f"peers, {collection.name}" if collection else "peers", line, "\n".join((of, "", *rows)), write)
    if json_file:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
