"""Ranking by meaning: cosine similarity in FAISS (Douze et al. 2024). The only module that names faiss.

Vectors lie in segment files. A segment is written once and never changed: rows that no passage refers to any more are
dead until a compaction leaves them out. Distances and inner products stay in here; what leaves are scores.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import faiss
import numpy as np

from kb.errors import Damaged, StoreError
from kb.query import ParsedQuery
from kb.similar import centroids
from kb.types import Encoder, Evidence, Floats, Layout, Positions, Segment

SEGMENTS = "segments"
_REMEDY = "rebuild it with: kb reindex"


def cap_threads(number: int) -> None:
    """Let FAISS use at most ``number`` threads of its own for one call."""
    faiss.omp_set_num_threads(number)


def write_segment(folder: Path, vectors: Floats, *, generation: int) -> Segment:
    """Write vectors (float32, shape (n, dimension)) to a new file that survives a power cut, and name it.

    The file appears under its name only when it is whole. Raises StoreError when it cannot be written.
    """
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    content = faiss.serialize_index(index).tobytes()
    digest = hashlib.sha256(content).hexdigest()
    name = f"{generation:08d}-{secrets.token_hex(4)}.faiss"
    place = folder / SEGMENTS / name
    unfinished = place.with_suffix(".unfinished")
    with _writable(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(place)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(place.parent)
    return Segment(file=name, rows=len(vectors), sha256=digest)


def remove_segments(folder: Path, keep: frozenset[str]) -> None:
    """Delete the segment files that are not among ``keep``, unfinished ones of an interrupted run included."""
    with _writable(folder / SEGMENTS):
        if (folder / SEGMENTS).is_dir():
            for file in (folder / SEGMENTS).iterdir():
                if file.name not in keep:
                    file.unlink(missing_ok=True)


class Vectors:
    """The segments of one generation, opened. Read-only and safe to share between threads."""

    def __init__(self, indexes: Sequence[faiss.Index]) -> None:
        self._indexes = tuple(indexes)
        #: The number of the first row of each segment when all rows are counted through.
        self.offsets: Positions = np.cumsum([0, *(index.ntotal for index in indexes)], dtype=np.int64)

    @classmethod
    def open(cls, folder: Path, segments: Sequence[Segment], dimension: int) -> Vectors:
        """Open and verify segment files. Raises StoreError for one that is missing, truncated or altered."""
        return cls([_open(folder / SEGMENTS / segment.file, segment, dimension) for segment in segments])

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def similarities(self, vector: Floats) -> Floats:
        """The inner product of ``vector`` (shape (dimension,)) with every row, float32, shape (len(self),)."""
        found = np.zeros(len(self), dtype=np.float32)
        for index, offset in zip(self._indexes, self.offsets[:-1], strict=True):
            if index.ntotal:
                products, rows = index.search(vector[np.newaxis].astype(np.float32), index.ntotal)
                found[offset + rows[0]] = products[0]
        return found

    def rows(self, numbers: Positions) -> Floats:
        """The vectors with these numbers, float32, shape (len(numbers), dimension)."""
        if not self._indexes:
            return np.empty((0, 0), dtype=np.float32)
        found = np.empty((len(numbers), self._indexes[0].d), dtype=np.float32)
        segments = np.searchsorted(self.offsets, numbers, side="right") - 1
        for number, index in enumerate(self._indexes):
            here = segments == number
            found[here] = index.reconstruct_batch(numbers[here] - self.offsets[number])
        return found


#: What makes the score of a document: its best passage, that or the title if nearer, and the mean of its passages.
SHARES = {"passage": 0.3, "nearest": 0.5, "mean": 0.2}
#: How far the query moves towards the passages taken to be relevant (Rocchio 1971).
FEEDBACK = 0.4


class DenseRetriever:
    """Every document, by the cosine of its passages, its title and its whole to the query. For one query at a time."""

    def __init__(self, vectors: Vectors, layout: Layout, encoder: Encoder, means: Floats) -> None:
        """``means``: what :func:`document_means` gives, shared by all queries of a generation."""
        self._vectors = vectors
        self._layout = layout
        self._numbers = vector_numbers(vectors, layout)
        self._encoder = encoder
        self._means = means
        self._asked: tuple[ParsedQuery, Floats] | None = None

    def retrieve(self, query: ParsedQuery, *, feedback: Positions | None = None) -> Evidence:
        """The score is a weighted mean of cosines, negative ones as 0; ``strength`` is the same."""
        if not query.meaning or not len(self._layout.ids):
            return _nothing(self._layout)
        vector = self._encoded(query)
        if feedback is not None and len(feedback):
            vector = vector + FEEDBACK * self._vectors.rows(self._numbers[feedback]).mean(axis=0)
            vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        similarities = np.clip(self._vectors.similarities(vector)[self._numbers], 0, 1)
        passages = np.where(self._layout.titles, np.float32(0), similarities)
        cosines = {
            "passage": np.maximum.reduceat(passages, self._layout.starts[:-1]),
            "nearest": np.maximum.reduceat(similarities, self._layout.starts[:-1]),
            "mean": np.clip(self._means @ vector, 0, 1),
        }
        documents = np.asarray(sum(SHARES[name] * values for name, values in cosines.items()), dtype=np.float32)
        return Evidence(documents=documents, strength=documents, passages=passages)

    def _encoded(self, query: ParsedQuery) -> Floats:
        """Encoding takes longer than all the rest, and feedback asks twice."""
        if self._asked is None or self._asked[0] != query:
            vector = self._encoder.encode_query(query.meaning)
            if query.hints:
                vector = vector + sum(weight * self._encoder.encode_query(text) for text, weight in query.hints)
                vector = (vector / np.linalg.norm(vector)).astype(np.float32)
            self._asked = (query, vector)
        return self._asked[1]


def _nothing(layout: Layout) -> Evidence:
    none = np.zeros(len(layout.ids), dtype=np.float32)
    return Evidence(documents=none, strength=none, passages=np.zeros(len(layout.keys), dtype=np.float32))


def document_means(vectors: Vectors, layout: Layout) -> Floats:
    """The mean direction of the passages of each document, its title left out.

    float32, shape (documents, dimension), rows of unit length.
    """
    rows = vectors.rows(vector_numbers(vectors, layout))
    return centroids(np.where(layout.titles[:, np.newaxis], np.float32(0), rows), layout)


def vector_numbers(vectors: Vectors, layout: Layout) -> Positions:
    """The number of the vector of each passage, int64, shape (passages,)."""
    numbers: Positions = vectors.offsets[:-1][layout.segments] + layout.rows if len(layout.keys) else layout.rows
    return numbers


def _open(path: Path, segment: Segment, dimension: int) -> faiss.Index:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Damaged(f"{path} is missing; {_REMEDY}") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; check its permissions") from error
    if hashlib.sha256(content).hexdigest() != segment.sha256:
        raise Damaged(f"{path} is damaged (its SHA-256 is not the one that was published); {_REMEDY}")
    index = faiss.deserialize_index(np.frombuffer(content, dtype=np.uint8))
    if index.d != dimension or index.ntotal != segment.rows:
        raise Damaged(f"{path} does not fit the index ({index.ntotal} x {index.d} vectors); {_REMEDY}")
    return index


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename or path} cannot be written ({error.strerror}); the previous index is intact, "
            "make room or the folder writable and run: kb reindex"
        ) from error


def _sync_folder(folder: Path) -> None:
    """A new name is durable only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
