"""The steps from documents to a published generation, in order. Every step can be interrupted.

read index - plan - cut - encode (into the vector cache, batch by batch) - write one segment of new vectors - publish
(one SQLite transaction that names the generation) - clean up. Until the transaction commits, readers see the previous
generation; what a stopped run left behind is used (vectors) or swept away (segments) by the next.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from indexer.lock import locked
from indexer.passages import cut
from indexer.plan import Plan, digest, plan
from kb.content.model import Organisation, Taxonomy
from kb.engines.dense import Vectors, remove_segments, write_segment
from kb.engines.store import Store
from kb.engines.vector_cache import VectorCache
from kb.errors import Damaged, NoIndex
from kb.types import Document, Encoder, Floats, Manifest, Passage, Placement, Segment

#: Passages encoded between two commits of the vector cache: what an interrupted run has to do again at most.
BATCH = 64
#: Segments are merged into one when there are more than this, or when more than this share of their rows is dead.
MAX_SEGMENTS = 8
MAX_DEAD = 0.25
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
class Vocabulary:
    """What is stored beside the documents. ``inputs`` is a digest of it all."""

    taxonomy: Taxonomy = field(default_factory=lambda: Taxonomy({}))
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    inputs: str = ""


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


def build(
    folder: Path,
    documents: Mapping[str, Document],
    encoder: Encoder,
    model: str,
    *,
    vocabulary: Vocabulary | None = None,
    full: bool = False,
    progress: Progress | None = None,
) -> Built:
    """Make the index in ``folder`` hold exactly ``documents`` (by id), encoded by ``encoder``.

    ``full`` uses neither the previous index nor the vector cache. Raises Busy when another run is under way,
    StoreError when something cannot be written (the previous index is then intact), ModelError from the encoder.
    """
    progress = progress or Silent()
    vocabulary = vocabulary or Vocabulary()
    clock = _Clock(progress)
    with locked(folder):
        store = Store(folder)
        try:
            return _build(folder, store, documents, encoder, model, vocabulary, full, progress, clock)
        finally:
            store.close()


def _build(
    folder: Path,
    store: Store,
    documents: Mapping[str, Document],
    encoder: Encoder,
    model: str,
    vocabulary: Vocabulary,
    full: bool,
    progress: Progress,
    clock: _Clock,
) -> Built:
    with clock.step("reading the index"):
        previous, hashes, placements = _previous(folder, store, progress)
    with clock.step("planning"):
        rewrite = full or (previous is not None and previous.fingerprint != encoder.fingerprint)
        if rewrite:
            placements = {}
        wanted = {key: digest(document) for key, document in documents.items()}
        todo = plan(wanted, hashes, full=rewrite)
    if previous and not (todo.to_write or todo.removed) and previous.inputs == vocabulary.inputs:
        with clock.step("cleaning up"):
            _clean_up(folder, previous)
        return Built(todo, previous.generation, False, previous.passages, 0, 0, clock.seconds)
    with clock.step("cutting into passages"):
        passages = {key: cut(documents[key], encoder) for key in todo.to_write}
    with clock.step("encoding"):
        new = {p.hash: p for cuts in passages.values() for p in cuts if p.hash not in placements}
        vectors, encoded = _vectors(folder, new, encoder, full, progress)
    with clock.step("writing vectors"):
        generation = (previous.generation if previous else 0) + 1
        segments = () if rewrite or not previous else previous.segments
        if vectors:
            written = write_segment(folder, np.stack(list(vectors.values())), generation=generation)
            placements = {**placements, **_placed(written, vectors)}
            segments = (*segments, written)
    with clock.step("publishing"):
        manifest = _publish(
            folder,
            store,
            documents,
            wanted,
            todo,
            passages,
            placements,
            vocabulary,
            Manifest(
                generation=generation,
                model=model,
                fingerprint=encoder.fingerprint,
                dimension=encoder.dimension,
                built_at=datetime.now(UTC).isoformat(timespec="seconds"),
                documents=0,
                passages=0,
                segments=segments,
                problems=vocabulary.problems,
                left_out=vocabulary.left_out,
                inputs=vocabulary.inputs,
            ),
            previous,
        )
    with clock.step("cleaning up"):
        _clean_up(folder, manifest)
    total = sum(map(len, passages.values()))
    return Built(todo, generation, True, manifest.passages, encoded, total - encoded, clock.seconds)


def _previous(
    folder: Path, store: Store, progress: Progress
) -> tuple[Manifest | None, Mapping[str, str], Mapping[bytes, Placement]]:
    """The index as it is. A damaged one is set aside: everything in it is derived."""
    try:
        with store.reading() as reader:
            reader.check()
            manifest = reader.manifest()
            Vectors.open(folder, manifest.segments, manifest.dimension)
            return manifest, reader.hashes(), reader.placements()
    except NoIndex:
        return None, {}, {}
    except Damaged as error:
        progress.notice(f"building the index anew: {error}")
        store.set_aside()
        return None, {}, {}


def _vectors(
    folder: Path, new: Mapping[bytes, Passage], encoder: Encoder, full: bool, progress: Progress
) -> tuple[dict[bytes, Floats], int]:
    """The vectors of new passages, from the cache or else encoded, and how many were encoded."""
    if not new:
        return {}, 0
    with VectorCache(folder) as cache:
        cached = {} if full else cache.get(encoder.fingerprint, list(new), encoder.dimension)
        found = dict(cached)
        # Passages of like length together, so that little of a batch is padding.
        missing = sorted((key for key in new if key not in found), key=lambda key: len(new[key].encoded_text))
        for start in range(0, len(missing), BATCH):
            progress.advance(start, len(missing))
            batch = missing[start : start + BATCH]
            vectors = encoder.encode([new[key].encoded_text for key in batch])
            cache.put(encoder.fingerprint, batch, vectors)
            found.update(zip(batch, vectors, strict=True))
        progress.advance(len(missing), len(missing))
    return {key: found[key] for key in new}, len(missing)


def _placed(segment: Segment, keys: Mapping[bytes, Floats] | Sequence[bytes]) -> dict[bytes, Placement]:
    return {key: Placement(segment.file, row) for row, key in enumerate(keys)}


def _publish(
    folder: Path,
    store: Store,
    documents: Mapping[str, Document],
    hashes: Mapping[str, str],
    todo: Plan,
    passages: Mapping[str, Sequence[Passage]],
    placements: Mapping[bytes, Placement],
    vocabulary: Vocabulary,
    manifest: Manifest,
    previous: Manifest | None,
) -> Manifest:
    with store.writing() as writer:
        writer.remove(todo.to_remove)
        for key in todo.to_write:
            writer.put(documents[key], hashes[key], [(p, placements[p.hash]) for p in passages[key]])
        writer.replace_vocabulary(vocabulary.taxonomy, vocabulary.organisations, vocabulary.aliases)
        live = writer.placements()
        used = {place.segment for place in live.values()}
        manifest = replace(manifest, segments=tuple(s for s in manifest.segments if s.file in used))
        if _crooked(manifest.segments, len(live)):
            manifest, moves = _compacted(folder, manifest, live)
            writer.move_vectors(moves)
        document_count, passage_count = writer.counts()
        manifest = replace(
            manifest, documents=document_count, passages=passage_count, retired=_retired(previous, manifest)
        )
        writer.publish(manifest)
    return manifest


def _crooked(segments: Sequence[Segment], live: int) -> bool:
    rows = sum(segment.rows for segment in segments)
    return len(segments) > MAX_SEGMENTS or rows - live > MAX_DEAD * rows


def _compacted(
    folder: Path, manifest: Manifest, live: Mapping[bytes, Placement]
) -> tuple[Manifest, dict[bytes, Placement]]:
    """One segment that holds the live rows of all."""
    vectors = Vectors.open(folder, manifest.segments, manifest.dimension)
    offset = {segment.file: int(start) for segment, start in zip(manifest.segments, vectors.offsets, strict=False)}
    numbers = np.array([offset[place.segment] + place.row for place in live.values()], dtype=np.int64)
    segment = write_segment(folder, vectors.rows(numbers), generation=manifest.generation)
    return replace(manifest, segments=(segment,)), _placed(segment, list(live))


def _retired(previous: Manifest | None, manifest: Manifest) -> dict[str, float]:
    """Segments that this generation does not use, with the time when the last one that did was replaced."""
    if previous is None:
        return {}
    now = time.time()
    current = {segment.file for segment in manifest.segments}
    dropped = {segment.file: now for segment in previous.segments if segment.file not in current}
    waiting = {file: since for file, since in previous.retired.items() if now - since < GRACE}
    return {**dropped, **waiting}


def _clean_up(folder: Path, manifest: Manifest) -> None:
    now = time.time()
    waiting = (file for file, since in manifest.retired.items() if now - since < GRACE)
    remove_segments(folder, frozenset((*(segment.file for segment in manifest.segments), *waiting)))
