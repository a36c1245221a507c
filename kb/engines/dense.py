"""Ranking by meaning: cosine similarity in FAISS (Douze et al. 2024). The only module that names faiss.

Vectors lie in segment files. A segment is written once and never changed: rows that no passage refers to any more are
dead until a compaction leaves them out. Distances and inner products stay in here; what leaves are scores.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from kb.cores import CORES
from kb.errors import Damaged, StoreError
from kb.types import Encoder, Evidence, Floats, Layout, Positions, Segment
from kb.understanding.crosslingual import query_vectors
from kb.understanding.query import ParsedQuery

SEGMENTS = "segments"
#: Passages whose vectors are looked up at a time, those of one document at least.
_TOGETHER = 4096
#: From so many vectors on, each core scans a part of them: below, handing out the parts takes longer than it saves.
SHARED_FROM = 100_000
#: So many were measured (docs/performance.md); beyond, a search may take longer than people like to wait.
MEASURED = 1_200_000
#: Vectors in a part, and where several ask: as many as a core's cache holds until the next one asks.
_PART, _PART_OF_SEVERAL = 32_768, 1024
#: What rounding can leave of a sum that is nothing.
_NO_LENGTH = 1e-4
_REMEDY = "rebuild it with: kb reindex"


_inner_products = faiss.fvec_inner_products_ny  # type: ignore[attr-defined]  # its stubs leave this out


def cap_threads(number: int) -> None:
    """Let one call use at most ``number`` threads of its own: of FAISS in this thread, of numpy's products in all."""
    from threadpoolctl import threadpool_limits  # searches of the command line do without

    faiss.omp_set_num_threads(number)
    threadpool_limits(number, user_api="blas")


@cache
def _scanners() -> ThreadPoolExecutor:
    """A thread for each core; FAISS lets others run while it multiplies."""
    return ThreadPoolExecutor(CORES, thread_name_prefix="kb-scan")


def write_segment(folder: Path, vectors: Floats, *, generation: int) -> Segment:
    """Write vectors (float32, shape (n, dimension)) to a new file that survives a power cut, and name it.

    The file appears under its name only when it is whole. Raises StoreError when it cannot be written.
    """
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    digest = hashlib.sha256()
    name = f"{generation:08d}-{secrets.token_hex(4)}.faiss"
    place = folder / SEGMENTS / name
    unfinished = place.with_suffix(".unfinished")
    with _writable(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                content = faiss.serialize_index(index)
                digest.update(content.data)
                file.write(content.data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(place)
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(place.parent)
    return Segment(file=name, rows=len(vectors), sha256=digest.hexdigest())


def remove_segments(folder: Path, keep: frozenset[str]) -> None:
    """Delete the segment files that are not among ``keep``, unfinished ones of an interrupted run included."""
    with _writable(folder / SEGMENTS):
        if (folder / SEGMENTS).is_dir():
            for file in (folder / SEGMENTS).iterdir():
                if file.name not in keep:
                    file.unlink(missing_ok=True)


def how_scanned(vectors: int) -> str:
    """How a base of so many vectors is searched, for people."""
    if vectors < SHARED_FROM:
        return f"flat (exact): one core compares every vector; from {SHARED_FROM:,} vectors on all cores share them"
    told = f"flat (exact): {CORES} cores share the {vectors:,} vectors; below {SHARED_FROM:,} one is as fast"
    return told if vectors <= MEASURED else f"{told}; more than the {MEASURED:,} for which it was measured"


class Vectors:
    """The segments of one generation, opened. Read-only and safe to share between threads."""

    def __init__(self, indexes: Sequence[faiss.IndexFlat], dimension: int) -> None:
        self._indexes = tuple(indexes)  # they own what the arrays show
        self._stored = [
            faiss.rev_swig_ptr(index.get_xb(), index.ntotal * dimension).reshape(-1, dimension) for index in indexes
        ]
        for rows in self._stored:
            rows.setflags(write=False)
        self.dimension = dimension
        #: The number of the first row of each segment when all rows are counted through.
        self.offsets: Positions = np.cumsum([0, *(index.ntotal for index in indexes)], dtype=np.int64)

    @classmethod
    def open(cls, folder: Path, segments: Sequence[Segment], dimension: int, *, verify: bool = True) -> Vectors:
        """Map segment files into memory. Raises StoreError for one that is missing, truncated or, with ``verify``,
        altered."""
        return cls(
            [_open(folder / SEGMENTS / segment.file, segment, dimension, verify) for segment in segments], dimension
        )

    def __len__(self) -> int:
        return int(self.offsets[-1])

    @property
    def size(self) -> int:
        """Bytes of all rows."""
        return sum(rows.nbytes for rows in self._stored)

    def similarities(self, vectors: Floats) -> Floats:
        """The inner products of ``vectors`` (shape (..., dimension)) with every row, float32, shape (..., len(self)).

        FAISS's own loop over its storage: asking an index for its ``ntotal`` best sorts them, which takes far longer.
        Rows are read from memory once, however many vectors ask.
        """
        every = np.ascontiguousarray(vectors, dtype=np.float32).reshape(-1, self.dimension)
        found = np.empty((len(every), len(self)), dtype=np.float32)

        def scan(part: tuple[Floats, int]) -> None:
            rows, start = part
            for asked, answer in zip(every, found, strict=True):
                _inner_products(
                    faiss.swig_ptr(answer[start : start + len(rows)]),
                    faiss.swig_ptr(asked),
                    faiss.swig_ptr(rows),
                    self.dimension,
                    len(rows),
                )

        size = _PART if len(every) == 1 else _PART_OF_SEVERAL
        parts = (
            (rows[first : first + size], int(start) + first)
            for rows, start in zip(self._stored, self.offsets, strict=False)
            for first in range(0, len(rows), size)
        )
        for _ in (_scanners().map if len(self) >= SHARED_FROM else map)(scan, parts):
            pass
        return found.reshape(*vectors.shape[:-1], len(self))

    def rows(self, numbers: Positions) -> Floats:
        """The vectors with these numbers, float32, shape (len(numbers), dimension)."""
        shown = self._shown(numbers)
        return shown.copy() if shown is not None else self._copied(numbers)

    def lent(self, numbers: Positions) -> Floats:
        """As :meth:`rows`, without a copy where they lie together: to be read, and only while this object lives."""
        shown = self._shown(numbers)
        return shown if shown is not None else self._copied(numbers)

    def _shown(self, numbers: Positions) -> Floats | None:
        """What the file shows of one run of rows in one segment; None for other numbers."""
        if not len(numbers) or not bool((np.diff(numbers) == 1).all()):
            return None
        number = int(np.searchsorted(self.offsets, numbers[0], side="right")) - 1
        if numbers[-1] >= self.offsets[number + 1]:
            return None
        start = numbers[0] - self.offsets[number]
        return self._stored[number][start : start + len(numbers)]

    def _copied(self, numbers: Positions) -> Floats:
        found = np.empty((len(numbers), self.dimension), dtype=np.float32)
        segments = np.searchsorted(self.offsets, numbers, side="right") - 1
        for number, rows in enumerate(self._stored):
            here = segments == number
            found[here] = rows[numbers[here] - self.offsets[number]]
        return found


#: What makes the score of a document: its best passage, that or the title if nearer, and the mean of its passages.
SHARES = {"passage": 0.3, "nearest": 0.5, "mean": 0.2}
#: How far the query moves towards the passages taken to be relevant (Rocchio 1971).
FEEDBACK = 0.6


@dataclass(frozen=True, slots=True)
class Directions:
    """Where the vectors of a generation's passages lie. Shared by all its queries.

    ``numbers``: int64, shape (passages,), those of the vectors; None where they are the positions themselves.
    ``lengths``: float32, shape (documents,), of the sum of the vectors of a document's passages, its title and its
    translations left out.
    """

    numbers: Positions | None
    lengths: Floats

    @classmethod
    def of(cls, vectors: Vectors, layout: Layout) -> Directions:
        numbers = vector_numbers(vectors, layout)
        in_order = len(numbers) == len(vectors) and bool((numbers == np.arange(len(numbers))).all())
        return cls(None if in_order else numbers, _lengths(vectors, numbers, layout))


class DenseRetriever:
    """Documents by their best passage, their titles and their whole. Bound to one query at a time.

    The whole is what is said in the language of the document: translations would count the summary several times.
    """

    def __init__(self, vectors: Vectors, layout: Layout, encoder: Encoder, directions: Directions) -> None:
        self._vectors = vectors
        self._layout = layout
        self._encoder = encoder
        self._directions = directions
        self._asked: tuple[ParsedQuery, Floats] | None = None

    def retrieve(self, query: ParsedQuery, *, feedback: Positions | None = None) -> Evidence:
        """The score is a weighted mean of cosines, negative ones as 0; ``strength`` is the same, of the query in which
        no word is faint."""
        if not query.meaning or not len(self._layout.ids):
            return _nothing(self._layout)
        vectors = self._encoded(query)
        if feedback is not None and len(feedback):
            numbers = self._directions.numbers
            rows = self._vectors.rows(feedback if numbers is None else numbers[feedback])
            vectors = vectors + FEEDBACK * rows.mean(axis=0)
            vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        scored = [self._scored(nearest) for nearest in self._vectors.similarities(vectors)]
        passages, documents = scored[0]
        strength = scored[-1][1]
        return Evidence(documents, strength, passages=lambda chosen: [self._clipped(passages, d) for d in chosen])

    def _scored(self, nearest: Floats) -> tuple[Floats, Floats]:
        """The cosines of passages, titles as 0, and the scores of documents, by the cosines of all vectors."""
        if self._directions.numbers is not None:
            nearest = nearest[self._directions.numbers]
        starts = self._layout.starts[:-1]
        passages = np.where(self._layout.titles, np.float32(0), nearest)
        whole = np.where(self._layout.translations, np.float32(0), passages)
        # The cosine of a mean direction is the mean of the cosines over that direction's length.
        cosines = {
            "passage": np.maximum(np.maximum.reduceat(passages, starts), 0),
            "nearest": np.maximum(np.maximum.reduceat(nearest, starts), 0),
            "mean": np.maximum(np.add.reduceat(whole, starts) / self._directions.lengths, 0),
        }
        documents: Floats = np.asarray(
            sum(SHARES[name] * np.minimum(values, 1) for name, values in cosines.items()), dtype=np.float32
        )
        return passages, documents

    def _clipped(self, passages: Floats, document: int) -> Floats:
        start, end = self._layout.starts[document : document + 2]
        return np.clip(passages[start:end], 0, 1)

    def _encoded(self, query: ParsedQuery) -> Floats:
        """What ranks, then what says whether anything fits, where that is another one: shape (1 or 2, dimension).

        Encoding takes longer than all the rest, and feedback asks twice."""
        if self._asked is None or self._asked[0] != query:
            ranking, fitting = query_vectors(self._encoder, query)
            self._asked = (query, np.stack([ranking] if ranking is fitting else [ranking, fitting]))
        return self._asked[1]


def _nothing(layout: Layout) -> Evidence:
    none = np.zeros(len(layout.ids), dtype=np.float32)
    sizes = np.diff(layout.starts)
    return Evidence(none, none, passages=lambda chosen: [np.zeros(sizes[d], dtype=np.float32) for d in chosen])


def document_means(vectors: Vectors, layout: Layout) -> Floats:
    """The mean direction of the passages of each document, translations left out: float32, shape (documents,
    dimension), of unit length (0 where a document says nothing else)."""
    means = np.empty((len(layout.ids), vectors.dimension), dtype=np.float32)
    for documents, sums in _sums(vectors, vector_numbers(vectors, layout), layout, ~layout.translations):
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        means[documents] = sums / np.where(lengths > 0, lengths, 1)
    return means


def _lengths(vectors: Vectors, numbers: Positions, layout: Layout) -> Floats:
    """The length of the sum of each document's vectors, titles and translations left out; 1 in place of 0. Shape
    (documents,)."""
    lengths = np.empty(len(layout.ids), dtype=np.float32)
    for documents, sums in _sums(vectors, numbers, layout, ~(layout.titles | layout.translations)):
        lengths[documents] = np.linalg.norm(sums, axis=1)
    return np.where(lengths > _NO_LENGTH, lengths, np.float32(1)).astype(np.float32)


def _sums(
    vectors: Vectors, numbers: Positions, layout: Layout, counted: NDArray[np.bool_]
) -> Iterator[tuple[Positions, Floats]]:
    """Some documents at a time, and the sum of the vectors of those passages of each that are ``counted`` (bool, shape
    (passages,)): float32, shape (documents, dimension).

    Documents are taken in the order in which their vectors lie in the files, so that these are read from end to end and
    take little memory. Each is summed by itself, in the order of its passages: the same wherever they lie, and in a
    fifth of the time of numpy's reduceat over all, which no other thread can interrupt either.
    """
    order = np.argsort(numbers[layout.starts[:-1]])
    sizes = np.diff(layout.starts)[order]
    ends = np.cumsum(sizes)
    starts = ends - sizes
    positions = np.repeat(layout.starts[:-1][order] - starts, sizes) + np.arange(len(numbers))
    first = 0
    while first < len(order):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + _TOGETHER, side="right")))
        here = positions[starts[first] : ends[last - 1]]
        rows, chosen = vectors.lent(numbers[here]), counted[here]
        bounds = [0, *(ends[first:last] - starts[first]).tolist()]
        sums = np.empty((last - first, vectors.dimension), dtype=np.float32)
        for place, (start, end) in enumerate(pairwise(bounds)):
            np.add.reduce(rows[start:end][chosen[start:end]], axis=0, out=sums[place])
        yield order[first:last], sums
        first = last


def vector_numbers(vectors: Vectors, layout: Layout) -> Positions:
    """The number of the vector of each passage, int64, shape (passages,)."""
    numbers: Positions = vectors.offsets[:-1][layout.segments] + layout.rows if len(layout.keys) else layout.rows
    return numbers


def _open(path: Path, segment: Segment, dimension: int, verify: bool) -> faiss.IndexFlat:
    try:
        with path.open("rb") as file:
            if verify and hashlib.file_digest(file, "sha256").hexdigest() != segment.sha256:
                raise Damaged(f"{path} is damaged (its SHA-256 is not the one that was published); {_REMEDY}")
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except FileNotFoundError:
        raise Damaged(f"{path} is missing; {_REMEDY}") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; check its permissions") from error
    except RuntimeError as error:  # what FAISS raises for a file that it cannot read
        raise Damaged(f"{path} cannot be read as vectors; {_REMEDY}") from error
    if not isinstance(index, faiss.IndexFlat) or index.d != dimension or index.ntotal != segment.rows:
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
