"""How does a search grow with the base? Hybrid search at a thousand to a million passages, on this machine.

    python -m benchmarks.scale [--passages 1000 --passages 10000 ...] [--keep FOLDER]

A base of any size is made from the real one: practices are taken over with their tags, their passages with every fifth
word drawn anew (now and then a made-up one, so that the vocabulary grows as it does in real text), their vectors moved
in a random direction (cosine to the real one about 0.8). Storage is that of a reindex; nothing is encoded or cut. The
queries are the judged ones in English, encoded beforehand: what encoding takes is measured by benchmarks.encoding.

Each size is built and asked by a process of its own. Times are by the clock, and of the processor, which other load on
the machine changes less. Memory is what the process alone holds (anonymous pages, before
and after the queries); files that are mapped are counted apart, as the system drops their pages when it needs room.
Recall is the share of the ten best by meaning, as a product over all vectors in float64 finds them, that a search in
the mode ``dense`` finds too.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from benchmarks.quality import OWN, REPOSITORY
from benchmarks.report import WRITE, publish
from indexer.reindex import reindex
from kb.backends import Backend, load_encoder
from kb.config import load_config
from kb.content.model import Organisation, Taxonomy
from kb.engines.database.rows import row_checksum, rows_of
from kb.engines.database.store import DATABASE, Store
from kb.engines.dense import SHARES, Vectors, vector_numbers, write_segment
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.ranking.bands import edges
from kb.types import Document, Floats, Layout, Manifest, Passage, Placement, Positions, Query, Segment, StoredDocument

SIZES = (1_000, 10_000, 100_000, 1_000_000)
#: Passages of one publication, and so of one segment.
TOGETHER = 125_000
#: The share of documents that each filter leaves; None is no filter.
FILTERS: Mapping[str, float | None] = {"none": None, "broad": 0.4, "narrow": 0.01}
#: The largest base of which every text is another one.
LARGEST = 100_000
#: Every so many words another is put in, one in so many of which is made up, out of so many.
_CHANGED, _MADE_UP, _NAMES = 5, 8, 400_000
_NOISE = 0.75
_RECALL_QUERIES = 40


@dataclass(frozen=True, slots=True)
class Source:
    """The real base. ``passages`` and ``vectors`` are those of each document, in order."""

    documents: Sequence[StoredDocument]
    tags: Sequence[Mapping[str, tuple[str, ...]]]
    dates: Sequence[str]
    passages: Sequence[Sequence[Passage]]
    vectors: Sequence[Floats]
    taxonomy: Taxonomy
    organisations: Mapping[str, Organisation]
    manifest: Manifest


def read_source(data: Path) -> Source:
    store = Store(data)
    with store.reading() as reader:
        layout = reader.layout()
        vectors = Vectors.open(data, layout.manifest.segments, layout.manifest.dimension)
        rows = vectors.rows(vector_numbers(vectors, layout))
        documents = reader.documents(layout.ids)
        stored = reader.passages(layout.keys.tolist())
        spans = [slice(int(layout.starts[d]), int(layout.starts[d + 1])) for d in range(len(layout.ids))]
        source = Source(
            documents=[documents[key] for key in layout.ids],
            tags=[_tags(layout, position) for position in range(len(layout.ids))],
            dates=layout.dates,
            passages=[
                [
                    Passage(found.kind, documents[key].title, found.heading, found.text, documents[key].language)
                    for found in (stored[number] for number in layout.keys[span].tolist())
                ]
                for key, span in zip(layout.ids, spans, strict=True)
            ],
            vectors=[rows[span] for span in spans],
            taxonomy=reader.taxonomy(),
            organisations=reader.organisations(),
            manifest=layout.manifest,
        )
    store.close()
    return source


def _tags(layout: Layout, position: int) -> Mapping[str, tuple[str, ...]]:
    return {
        facet: tuple(tags.values[concept] for concept in tags.concepts[tags.documents == position].tolist())
        for facet, tags in layout.tags.items()
    }


class Varied:
    """Texts with other words in them. The same seed makes the same ones."""

    def __init__(self, texts: Sequence[str], seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._words = [word for text in texts for word in text.split()]

    def text(self, text: str) -> str:
        words = text.split()
        changed = self._random.integers(0, max(len(words), 1), size=max(1, len(words) // _CHANGED))
        drawn = self._random.integers(0, len(self._words), size=len(changed))
        names = (_NAMES ** self._random.random(len(changed))).astype(int)  # a few are frequent, most are rare
        for place, (position, word, name) in enumerate(zip(changed, drawn, names, strict=True)):
            if words:
                words[position] = self._words[word] if place % _MADE_UP else made_up(int(name))
        return " ".join(words)

    def vectors(self, vectors: Floats) -> Floats:
        noise = self._random.standard_normal(vectors.shape, dtype=np.float32)
        moved = vectors + _NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def made_up(number: int) -> str:
    """A word that is in no dictionary, of letters only."""
    digest = sha256(str(number).encode()).digest()
    return "".join("bcdfglmnprstvz"[a % 14] + "aeiou"[b % 5] for a, b in zip(digest[:4], digest[4:8], strict=True))


def write_base(source: Source, folder: Path, passages: int, *, seed: int = 1) -> None:
    """Publish so many passages, a part at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    varied = Varied([passage.text for cuts in source.passages for passage in cuts], seed)
    store, segments, written, document = Store(folder), list[Segment](), 0, 0
    while written < passages:
        chosen, count = [], 0
        while count < min(TOGETHER, passages - written):
            chosen.append(document)
            count += len(source.passages[document % len(source.documents)])
            document += 1
        generation = len(segments) + 1
        vectors = varied.vectors(np.concatenate([source.vectors[number % len(source.vectors)] for number in chosen]))
        segments.append(write_segment(folder, vectors, generation=generation))
        with store.writing() as writer:
            row = 0
            for number in chosen:
                place = number % len(source.documents)
                cuts = [replace(passage, text=varied.text(passage.text)) for passage in source.passages[place]]
                placed = {cut.hash: Placement(segments[-1].file, row + ordinal) for ordinal, cut in enumerate(cuts)}
                writer.put(rows_of(_document(source, place, number), cuts), str(number), placed)
                row += len(cuts)
            if generation == 1:
                writer.replace_vocabulary(source.taxonomy, source.organisations, {})
            documents, total = writer.counts()
            writer.publish(
                replace(
                    source.manifest,
                    generation=generation,
                    documents=documents,
                    passages=total,
                    segments=tuple(segments),
                    problems=(),
                    left_out=(),
                    retired={},
                )
            )
        written += count
    store.close()


#: How the rows of a base are repeated: the keys of documents and of passages move by :documents and :passages.
_REPEATED = """
    INSERT INTO documents SELECT key + :documents * :number, id || :suffix, hash, title, language, date, practice,
        source, checksum(id || :suffix, title, language, practice, source) FROM documents WHERE key <= :documents;
    INSERT INTO passages SELECT key + :passages * :number, document + :documents * :number, ordinal, kind, language,
        heading, text, hash, :segment, row, length, checksum FROM passages WHERE key <= :passages;
    INSERT INTO tags SELECT facet, value, document + :documents * :number FROM tags WHERE document <= :documents;
    INSERT INTO terms (rowid, title, text, keywords) SELECT rowid + :passages * :number, title, text, keywords
        FROM terms WHERE rowid <= :passages;
    INSERT INTO words (rowid, text) SELECT rowid + :documents * :number, text FROM words WHERE rowid <= :documents;
    INSERT INTO postings SELECT term, field, run + :number * :runs, moved(places, :documents * :number) FROM postings
        WHERE run <= :runs;
    INSERT INTO runs SELECT run + :number * :runs, last + :documents * :number, documents, size FROM runs
        WHERE run <= :runs
"""


def repeat_base(base: Path, folder: Path, times: int, *, seed: int = 2) -> None:
    """The base in ``base``, which is one publication, so many times over; each time its vectors move on."""
    (folder / "segments").mkdir(parents=True)
    shutil.copyfile(base / DATABASE, folder / DATABASE)
    varied, segments = Varied(["word"], seed), list(_manifest(base).segments)
    (only,) = segments
    shutil.copyfile(base / "segments" / only.file, folder / "segments" / only.file)
    stored = Vectors.open(base, segments, _manifest(base).dimension)
    store = Store(folder)
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    connection.create_function("checksum", -1, row_checksum)
    connection.create_function("moved", 2, _moved)
    sizes = {
        "documents": connection.execute("SELECT max(key) FROM documents").fetchone()[0],
        "passages": connection.execute("SELECT max(key) FROM passages").fetchone()[0],
        "runs": connection.execute("SELECT max(run) FROM runs").fetchone()[0],
    }
    for number in range(1, times):
        parts = [np.arange(first, min(first + 10_000, only.rows)) for first in range(0, only.rows, 10_000)]
        rows = np.concatenate([varied.vectors(stored.rows(part)) for part in parts])
        segments.append(write_segment(folder, rows, generation=number + 1))
        values = sizes | {"number": number, "suffix": f"-{number}", "segment": segments[-1].file}
        connection.execute("BEGIN")
        for statement in _REPEATED.split(";"):
            connection.execute(statement, values)
        connection.execute("COMMIT")
    connection.close()
    with store.writing() as writer:
        documents, passages = writer.counts()
        named = replace(_manifest(base), generation=times, segments=tuple(segments))
        writer.publish(replace(named, documents=documents, passages=passages))
    store.close()


def _moved(places: bytes, by: int) -> bytes:
    keys, counts = np.frombuffer(places, dtype="<i4").reshape(2, -1)
    return np.stack([keys + np.int32(by), counts]).tobytes()


def _document(source: Source, place: int, number: int) -> Document:
    stored = source.documents[place]
    key = f"{stored.id[:50]}-{number:06d}"
    return Document(
        id=key,
        title=stored.title,
        language=stored.language,
        tags=source.tags[place],
        date=source.dates[place],
        practice=replace(stored.practice, id=key) if stored.practice else None,
    )


class Encoded:
    """An encoder that knows a few texts, and no others."""

    max_tokens = 256

    def __init__(self, vectors: Mapping[str, Floats], manifest: Manifest) -> None:
        self._vectors = vectors
        self.fingerprint, self.dimension = manifest.fingerprint, manifest.dimension

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.stack([self._vectors[text] for text in texts])

    def encode_query(self, text: str) -> Floats:
        return self._vectors[text]

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        raise NotImplementedError


def measure(folder: Path, vectors: Mapping[str, Floats], send: Callable[[Mapping[str, object]], None]) -> None:
    """Open the base in ``folder`` and ask it everything, with no filter, a broad and a narrow one."""
    started = time.perf_counter()
    manifest = _manifest(folder)
    encoder = Encoded(vectors, manifest)
    with Backend(folder, lambda _: encoder) as backend:
        backend.search(Query(next(iter(vectors)), exact=True))
        value: dict[str, object] = {"open": time.perf_counter() - started, "memory before": memory()}
        with backend._snapshot() as snapshot:
            layout = snapshot.layout
        for name, share in FILTERS.items():
            filters = _filter(layout, share) if share else {}
            seconds, processor = [], []
            for text in vectors:
                before, used = time.perf_counter(), time.process_time()
                backend.search(Query(text, exact=True, filters=filters))
                seconds.append(time.perf_counter() - before)
                processor.append(time.process_time() - used)
            value[name] = [float(np.percentile(seconds, q)) for q in (50, 95)]
            value[f"{name} processor"] = [float(np.percentile(processor, q)) for q in (50, 95)]
            value[f"{name} filter"] = {facet: list(values) for facet, values in filters.items()}
        value["memory"] = memory()
        value["recall"] = recall(folder, backend, dict(list(vectors.items())[:_RECALL_QUERIES]))
        value |= {"documents": len(layout.ids), "passages": len(layout.keys)}
    send(value)


def _manifest(folder: Path) -> Manifest:
    store = Store(folder)
    with store.reading() as reader:
        manifest = reader.manifest()
    store.close()
    return manifest


def _filter(layout: Layout, share: float) -> Mapping[str, tuple[str, ...]]:
    """The value that is nearest to being on this share of the documents."""
    shares = {
        (facet, value): count / len(layout.ids)
        for facet, tags in layout.tags.items()
        for value, count in zip(tags.values, np.bincount(tags.concepts, minlength=len(tags.values)), strict=True)
    }
    facet, value = min(shares, key=lambda key: (abs(shares[key] - share), key))
    return {facet: (value,)}


def recall(folder: Path, backend: Backend, vectors: Mapping[str, Floats]) -> Mapping[str, float]:
    """Recall at 10 without a filter and with a narrow one, against the formula over all vectors."""
    with backend._snapshot() as snapshot:
        layout, stored = snapshot.layout, snapshot.generation.vectors
        numbers = vector_numbers(stored, layout)
    narrow = _filter(layout, 0.01)
    ((facet, (value,)),) = narrow.items()
    tags = layout.tags[facet]
    held = np.zeros(len(layout.ids), dtype=bool)
    held[tags.documents[tags.concepts == tags.values.index(value)]] = True
    asked = np.stack(list(vectors.values()))
    exact = np.concatenate(list(_exact(asked, stored, numbers, layout)), axis=1)
    found = {}
    for name, filters, mask in (("none", {}, np.ones_like(held)), ("narrow", narrow, held)):
        shares = []
        for text, scores in zip(vectors, exact, strict=True):
            order = np.argsort(-scores, kind="stable")
            best = {layout.ids[d] for d in order[(mask & (scores >= edges("dense")["weak"]))[order]][:10]}
            hits = backend.search(Query(text, mode="dense", exact=True, filters=filters)).hits
            if best:  # a narrow filter can leave nothing that is near enough
                shares.append(len(best & {hit.id for hit in hits}) / len(best))
        found[name] = float(np.mean(shares)) if shares else 1.0
    return found


def _exact(asked: Floats, stored: Vectors, numbers: Positions, layout: Layout) -> Iterator[NDArray[np.float64]]:
    """The scores by meaning of some documents after the others, shape (queries, documents), in float64."""
    for first in range(0, len(layout.ids), 2000):
        starts = layout.starts[first : first + 2001]
        rows = stored.rows(numbers[starts[0] : starts[-1]]).astype(np.float64)
        hidden = layout.titles[starts[0] : starts[-1]]
        cosines = asked.astype(np.float64) @ rows.T
        apart = (
            hidden | layout.translations[starts[0] : starts[-1]]
        )  # the mean is of what is in the document's language
        sums = np.add.reduceat(np.where(apart[:, np.newaxis], 0, rows), starts[:-1] - starts[0], axis=0)
        means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        passages = np.maximum.reduceat(np.where(hidden, 0, cosines), starts[:-1] - starts[0], axis=1)
        nearest = np.maximum.reduceat(cosines, starts[:-1] - starts[0], axis=1)
        parts = {"passage": passages, "nearest": nearest, "mean": asked @ means.T}
        yield sum(SHARES[name] * np.clip(part, 0, 1) for name, part in parts.items())


def memory() -> Mapping[str, int]:
    """MiB that this process holds alone, and of files that it has mapped; only where Linux tells."""
    fields = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, value, *_ = line.split()
        fields[name.rstrip(":")] = int(value) // 1024
    return {"anonymous": fields["Anonymous"], "mapped": fields["Rss"] - fields["Anonymous"]}


def _in_own_process(target: Callable[..., None], *arguments: object) -> Mapping[str, object]:
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(target, send, arguments))
    process.start()
    send.close()
    try:
        found: Mapping[str, object] = receive.recv()
    except EOFError:
        raise click.ClickException(f"{target.__name__} ended without a result") from None
    process.join()
    return found


def _run(target: Callable[..., None], pipe: object, arguments: Sequence[object]) -> None:
    target(*arguments, pipe.send)  # type: ignore[attr-defined]


def build(data: Path, folder: Path, passages: int, send: Callable[[Mapping[str, object]], None]) -> None:
    """Make a base in ``folder``; beyond LARGEST passages it is one of that size, repeated."""
    if passages > LARGEST:
        base = folder.with_name(f"scale-{LARGEST}")
        if not (base / DATABASE).exists():
            write_base(read_source(data), base, LARGEST)
    source = read_source(data) if passages <= LARGEST else None
    started = time.perf_counter()
    if source:
        write_base(source, folder, passages)
    else:
        repeat_base(base, folder, -(-passages // LARGEST))
    seconds = time.perf_counter() - started
    sizes = {
        "database": sum(path.stat().st_size for path in folder.glob("index.sqlite*")),
        "vectors": sum(path.stat().st_size for path in (folder / "segments").iterdir()),
    }
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
    send({"seconds": seconds, "peak": peak, "disk": sizes})


_HEAD = """
| passages | documents | build s | database | vectors | open s | own memory | mapped | no filter p50 / p95 \
| broad | narrow | processor: no filter | broad | narrow | recall@10 | narrow |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


@click.command()
@click.option("--passages", "sizes", type=int, multiple=True, default=SIZES, show_default=True)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the bases there, and use those that are there.")
@WRITE
def main(sizes: Sequence[int], keep: Path | None, write: Path | None) -> None:
    """Build, ask, print a table in Markdown."""
    line = describe()
    config = load_config(REPOSITORY / "entries")
    data = config.data / "quality" / "own"
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    reindex(config.entries, data, DEFAULT_MODEL, lambda _: encoder)
    rows = [json.loads(line) for line in (OWN / "queries.jsonl").read_text(encoding="utf-8").splitlines()]
    vectors = {row["text"]: encoder.encode_query(row["text"]) for row in rows if row["language"] == "en"}
    lines = [f"{len(vectors)} queries, milliseconds without encoding", _HEAD]
    place = keep or Path(tempfile.mkdtemp(dir=config.data))
    try:
        for size in sizes:
            folder = place / f"scale-{size}"
            if not (folder / "built.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
                built = _in_own_process(build, data, folder, size)
                (folder / "built.json").write_text(json.dumps(built))
            built = json.loads((folder / "built.json").read_text())
            lines.append(_row(built, _in_own_process(measure, folder, vectors)))
            click.echo(lines[-1], err=True)
            if not keep:
                shutil.rmtree(folder)
    finally:
        if not keep:
            shutil.rmtree(place)
    publish("scale", line, "\n".join(lines), write)


def _row(built: Mapping[str, object], found: Mapping[str, object]) -> str:
    def milliseconds(name: str) -> str:
        return " / ".join(f"{1000 * value:.0f}" for value in found[name])  # type: ignore[attr-defined]

    disk, held, share = built["disk"], found["memory"], found["recall"]
    assert isinstance(disk, dict)
    assert isinstance(held, dict)
    assert isinstance(share, dict)
    return (
        f"| {found['passages']:,} | {found['documents']:,} | {built['seconds']:.0f} | {disk['database'] / 1e6:,.0f} MB "
        f"| {disk['vectors'] / 1e6:,.0f} MB | {found['open']:.1f} | {held['anonymous']:,} MiB | {held['mapped']:,} MiB "
        f"| {' | '.join(map(milliseconds, (*FILTERS, *(f'{name} processor' for name in FILTERS))))} "
        f"| {share['none']:.3f} | {share['narrow']:.3f} |"
    )


if __name__ == "__main__":
    main()
