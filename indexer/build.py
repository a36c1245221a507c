"""The steps from documents to a published generation, in order. Every step can be interrupted.

read index - plan - cut - encode (into the vector cache, batch by batch) - write one segment of new vectors - publish
(one SQLite transaction that names the generation and holds its map) - clean up. Until the transaction commits, readers
see the previous generation; what a stopped run left behind is used (vectors) or swept away (segments) by the next.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from indexer.lock import locked
from indexer.passages import Cutting
from indexer.plan import Plan, digest, plan
from indexer.projection import PROJECTION, project
from indexer.words import keep_words
from kb.content.model import Organisation, Taxonomy
from kb.engines.database.rows import PassageRow, Rows
from kb.engines.database.store import Store
from kb.engines.database.writer import Writer
from kb.engines.dense import SEGMENTS, Vectors, document_means, remove_segments, write_segment
from kb.engines.vector_cache import VectorCache
from kb.engines.verified import note_verified, still_verified
from kb.errors import Damaged, ModelError, NoIndex, StoreError
from kb.types import Document, Encoder, Floats, Manifest, Measure, Measured, Placement, Segment
from kb.understanding.crosslingual import reader_of
from kb.workers import spread

#: Passages encoded between two commits of the vector cache: what an interrupted run has to do again at most.
BATCH = 64
#: The smaller segments are merged when there are more than this, all of them when more than this share of their rows
#: is dead. A segment is left alone while it is larger than all smaller ones together, so that a row is copied seldom.
MAX_SEGMENTS = 8
MAX_DEAD = 0.25
#: The vector cache holds what no passage uses any more until that takes more room than what is used and this (bytes):
#: so there is room for a second model, and for texts that are changed back.
CACHE_SPARE = 32 * 2**20
#: Bytes of a cached vector beside its numbers: its key, its checksum, and what pages leave free.
_CACHE_ROW = 400
#: Seconds for which segments that a newer generation dropped stay on disk, for readers that are about to open them.
GRACE = 300.0


class Progress(Protocol):
    """Told of every step as it begins, and how far it has come."""

    def step(self, name: str) -> None: ...
    def advance(self, done: int, total: int) -> None: ...
    def notice(self, message: str) -> None: ...


class Silent:
    """A Progress that says nothing."""

    def step(self, name: str) -> None:
        pass

    def advance(self, done: int, total: int) -> None:
        pass

    def notice(self, message: str) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Contents:
    """What is stored beside the documents."""

    taxonomy: Taxonomy = field(default_factory=lambda: Taxonomy({}))
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What stands beside the documents: ``load`` reads it where its ``digest`` is new; the manifest tells the rest."""

    load: Callable[[], Contents] = Contents
    digest: str = ""
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def inputs(self) -> str:
        """A digest of it all."""
        value = json.dumps([self.digest, self.problems, self.left_out])
        return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Built:
    """What a run did. ``encoded`` and ``reused`` count passages; ``seconds`` maps each step to its time."""

    plan: Plan
    generation: int
    published: bool
    passages: int
    encoded: int
    reused: int
    seconds: Mapping[str, float]


class _Clock:
    """Times the steps and passes them on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._progress.step(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def _as_it_is(document: Document) -> Document:
    return document


def build(
    folder: Path,
    documents: Mapping[str, Any],
    encoder: Encoder,
    model: str,
    *,
    maker: Callable[[], Callable[[Any], Document]] = lambda: _as_it_is,
    digests: Mapping[str, str] | None = None,
    vocabulary: Vocabulary | None = None,
    full: bool = False,
    map_up_to: int = 0,
    progress: Progress | None = None,
) -> Built:
    """Make the index in ``folder`` hold exactly ``documents`` (by id), encoded by ``encoder``.

    ``maker`` makes what turns the values of ``documents`` into Documents, perhaps in other processes. ``digests`` gives
    for each document what changes with anything of it that is stored; then only those that are to be written are taken
    from ``documents``. ``full`` uses neither the previous index nor the vector cache. A map is made of ``map_up_to``
    documents at most. Raises Busy when another run is under way, StoreError when something cannot be written (the
    previous index is then intact), ModelError from the encoder, WorkerLost.
    """
    progress = progress or Silent()
    clock = _Clock(progress)
    with locked(folder):
        store = Store(folder)
        run = _Run(
            folder=folder,
            store=store,
            documents=documents,
            maker=maker,
            digests=digests,
            encoder=encoder,
            model=model,
            vocabulary=vocabulary or Vocabulary(),
            full=full,
            map_up_to=map_up_to,
            progress=progress,
        )
        try:
            built, manifest = _build(run, clock)
        finally:
            store.close()
        note_verified(folder, _files(run, manifest))  # once no connection of ours can move pages any more
        return built


@dataclass(frozen=True, slots=True)
class _Run:
    folder: Path
    store: Store
    documents: Mapping[str, Any]
    maker: Callable[[], Callable[[Any], Document]]
    digests: Mapping[str, str] | None
    encoder: Encoder
    model: str
    vocabulary: Vocabulary
    full: bool
    map_up_to: int
    progress: Progress


def _build(run: _Run, clock: _Clock) -> tuple[Built, Manifest]:
    with clock.step("reading the index"):
        previous, hashes = _previous(run)
    with clock.step("planning"):
        rewrite = run.full or (previous is not None and previous.fingerprint != run.encoder.fingerprint)
        wanted = run.digests
        if wanted is None:
            make = run.maker()
            wanted = {key: digest(make(kept)) for key, kept in run.documents.items()}
        todo = plan(wanted, hashes, full=rewrite)
    if previous and not (todo.to_write or todo.removed) and previous.inputs == run.vocabulary.inputs:
        with clock.step("cleaning up"):
            _clean_up(run, previous)
            _keep_words(run, (), lambda: _vocabulary(run.store))
        return Built(todo, previous.generation, False, previous.passages, 0, 0, clock.seconds), previous
    with clock.step("cutting into passages"):
        documents = list(_cut(run, todo.to_write))
        keys = list(dict.fromkeys(passage.hash for rows in documents for passage in rows.passages))
        placements = {} if rewrite or not previous else _placements(run.store, keys)
    with clock.step("encoding"):
        new = {passage.hash: passage for rows in documents for passage in rows.passages}
        new = {key: passage for key, passage in new.items() if key not in placements}
        vectors, encoded = _vectors(run.folder, new, run.encoder, run.full, run.progress)
    with clock.step("writing vectors"):
        generation = (previous.generation if previous else 0) + 1
        segments = () if rewrite or not previous else previous.segments
        if vectors:
            written = write_segment(run.folder, np.stack(list(vectors.values())), generation=generation)
            placements = {**placements, **_placed(written, vectors)}
            segments = (*segments, written)
    with clock.step("publishing"):
        same_space = previous is not None and not rewrite
        manifest = Manifest(
            generation=generation,
            model=run.model,
            fingerprint=run.encoder.fingerprint,
            dimension=previous.dimension if previous and same_space else run.encoder.dimension,
            built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            documents=0,
            passages=0,
            segments=segments,
            problems=run.vocabulary.problems,
            left_out=run.vocabulary.left_out,
            inputs=run.vocabulary.inputs,
        )
        run.store.close()  # the writer empties its log when it is the last to leave
        with run.store.writing() as writer:
            writer.remove(todo.to_remove)
            for rows in documents:
                writer.put(rows, wanted[rows.id], placements)
            manifest = _publish(run, writer, manifest, previous)
            _map(run, writer, manifest)
            _keep_words(run, writer.words, writer.vocabulary)
    with clock.step("cleaning up"):
        _clean_up(run, manifest)
        _prune(run, manifest)
    total = sum(len(rows.passages) for rows in documents)
    return Built(todo, generation, True, manifest.passages, encoded, total - encoded, clock.seconds), manifest


def _previous(run: _Run) -> tuple[Manifest | None, Mapping[str, str]]:
    """The index as it is. A damaged one is set aside: everything in it is derived.

    All of it is read where its files are not those that were verified last, or everything is to be made anew.
    """
    try:
        with run.store.reading() as reader:
            manifest = reader.manifest()
            if run.full or not still_verified(run.folder, _files(run, manifest)):
                reader.check()
                Vectors.open(run.folder, manifest.segments, manifest.dimension)
            return manifest, reader.hashes()
    except NoIndex:
        return None, {}
    except Damaged as error:
        run.progress.notice(f"building the index anew: {error}")
        run.store.set_aside()
        return None, {}


def _cut(run: _Run, ids: Sequence[str]) -> Iterator[Rows]:
    """The documents with these ids, cut: by all cores where there are many and the encoder's measure can be sent."""
    if not ids:
        return
    measure = measure_of(run.encoder)
    cutting = Cutting(run.maker(), measure or run.encoder)
    with contextlib.closing(
        spread(cutting, (run.documents[key] for key in ids), len(ids), workers=None if measure else 1)
    ) as found:
        yield from found


def measure_of(encoder: Encoder) -> Measure | None:
    """What measures texts as ``encoder`` does, and can be sent to another process; None without."""
    return encoder.measure() if isinstance(encoder, Measured) else None


def _files(run: _Run, manifest: Manifest) -> list[Path]:
    return [*run.store.files(), *(run.folder / SEGMENTS / segment.file for segment in manifest.segments)]


def _placements(store: Store, hashes: Sequence[bytes]) -> Mapping[bytes, Placement]:
    with store.reading() as reader:
        return reader.placements(hashes)


def _vectors(
    folder: Path, new: Mapping[bytes, PassageRow], encoder: Encoder, full: bool, progress: Progress
) -> tuple[dict[bytes, Floats], int]:
    """The vectors of new passages, from the cache or else encoded, and how many were encoded."""
    if not new:
        return {}, 0
    by_reader: dict[str, tuple[Encoder, list[bytes]]] = {}
    for key, passage in new.items():
        reader = reader_of(encoder, passage.language)
        by_reader.setdefault(reader.fingerprint, (reader, []))[1].append(key)
    found: dict[bytes, Floats] = {}
    with VectorCache(folder) as cache:
        if not full:
            for reader, keys in by_reader.values():
                found |= cache.get(reader.fingerprint, keys, encoder.dimension)
        missing = len(new) - len(found)
        done = 0
        for reader, keys in by_reader.values():
            # Passages of like length together, so that little of a batch is padding.
            todo = sorted((key for key in keys if key not in found), key=lambda key: len(new[key].encoded_text))
            for start in range(0, len(todo), BATCH):
                progress.advance(done, missing)
                batch = todo[start : start + BATCH]
                vectors = reader.encode([new[key].encoded_text for key in batch])
                cache.put(reader.fingerprint, batch, vectors)
                found.update(zip(batch, vectors, strict=True))
                done += len(batch)
        progress.advance(missing, missing)
    return {key: found[key] for key in new}, missing


def _placed(segment: Segment, keys: Mapping[bytes, Floats] | Sequence[bytes]) -> dict[bytes, Placement]:
    return {key: Placement(segment.file, row) for row, key in enumerate(keys)}


def _publish(run: _Run, writer: Writer, manifest: Manifest, previous: Manifest | None) -> Manifest:
    """Store what stands beside the documents, drop and merge segments, and name the generation."""
    if writer.vocabulary_digest() != run.vocabulary.digest or not run.vocabulary.digest:
        contents = run.vocabulary.load()
        writer.replace_vocabulary(contents.taxonomy, contents.organisations, contents.aliases, run.vocabulary.digest)
    live = {segment: writer.live_rows(segment.file) for segment in manifest.segments}
    manifest = replace(manifest, segments=tuple(segment for segment, rows in live.items() if rows))
    if merged := _to_merge(manifest.segments, sum(live.values())):
        segment, moves = _merged(run.folder, merged, manifest, writer.placements([one.file for one in merged]))
        writer.move_vectors(moves)
        manifest = replace(manifest, segments=(*(one for one in manifest.segments if one not in merged), segment))
    document_count, passage_count = writer.counts()
    manifest = replace(manifest, documents=document_count, passages=passage_count, retired=_retired(previous, manifest))
    writer.publish(manifest)
    return manifest


def _map(run: _Run, writer: Writer, manifest: Manifest) -> None:
    """Give every document its place on the map, unless nothing of what was encoded has changed since it got one."""
    if manifest.documents > run.map_up_to:
        if run.map_up_to:
            run.progress.notice(f"no map is made of more than {run.map_up_to:,} documents")
        writer.replace_places({}, "")
        return
    digest = f"{PROJECTION}:{writer.texts_digest(manifest.fingerprint)}"
    if run.full or digest != writer.places_digest():
        layout = writer.published()
        vectors = Vectors.open(run.folder, manifest.segments, manifest.dimension, verify=False)
        places = project(document_means(vectors, layout))
        writer.replace_places({id: (x, y) for id, (x, y) in zip(layout.ids, places.tolist(), strict=True)}, digest)


def _keep_words(run: _Run, new: Collection[str], documents: Callable[[], Mapping[str, int]]) -> None:
    """While the transaction is open: words that no generation has do no harm, those without a vector cost time."""
    told = run.progress
    keep_words(run.folder, run.encoder, new, documents, full=run.full, advance=told.advance, notice=told.notice)


def _vocabulary(store: Store) -> Mapping[str, int]:
    with store.reading() as reader:
        return reader.vocabulary()


def _to_merge(segments: Sequence[Segment], live: int) -> tuple[Segment, ...]:
    """The segments that are to become one: none, all, or the smaller ones."""
    rows = sum(segment.rows for segment in segments)
    if rows - live > MAX_DEAD * rows:
        return tuple(segments)
    if len(segments) <= MAX_SEGMENTS:
        return ()
    smallest, *others = sorted(segments, key=lambda segment: segment.rows)
    chosen, held = [smallest], smallest.rows
    for segment in others:
        if len(chosen) > 1 and segment.rows > held:
            break
        chosen.append(segment)
        held += segment.rows
    return tuple(chosen)


def _merged(
    folder: Path, segments: Sequence[Segment], manifest: Manifest, live: Mapping[bytes, Placement]
) -> tuple[Segment, dict[bytes, Placement]]:
    """One segment that holds the live rows of several, and where they lie now."""
    vectors = Vectors.open(folder, segments, manifest.dimension)
    offset = {segment.file: int(start) for segment, start in zip(segments, vectors.offsets, strict=False)}
    numbers = np.array([offset[place.segment] + place.row for place in live.values()], dtype=np.int64)
    segment = write_segment(folder, vectors.rows(numbers), generation=manifest.generation)
    return segment, _placed(segment, list(live))


def _retired(previous: Manifest | None, manifest: Manifest) -> dict[str, float]:
    """Segments that this generation does not use, with the time when the last one that did was replaced."""
    if previous is None:
        return {}
    now = time.time()
    current = {segment.file for segment in manifest.segments}
    dropped = {segment.file: now for segment in previous.segments if segment.file not in current}
    waiting = {file: since for file, since in previous.retired.items() if now - since < GRACE}
    return {**dropped, **waiting}


def _clean_up(run: _Run, manifest: Manifest) -> None:
    now = time.time()
    waiting = (file for file, since in manifest.retired.items() if now - since < GRACE)
    remove_segments(run.folder, frozenset((*(segment.file for segment in manifest.segments), *waiting)))


def _prune(run: _Run, manifest: Manifest) -> None:
    """Let the vector cache forget what no passage uses, once there is much of it."""
    used = manifest.passages * (4 * manifest.dimension + _CACHE_ROW)
    try:
        with VectorCache(run.folder) as cache:
            if cache.size() <= 2 * used + CACHE_SPARE:
                return
            with run.store.reading() as reader:
                cache.keep_only(
                    (reader_of(run.encoder, language).fingerprint, digest) for language, digest in reader.encoded()
                )
    except (ModelError, StoreError) as error:  # the generation is published; the next one tries again
        run.progress.notice(f"vectors that nothing uses any more stay in the cache: {error}")
