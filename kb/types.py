"""The values of search, and the Protocols that engines fulfil.

*Score*: larger is better, always. Positions number the documents and passages of one generation from 0; they mean
nothing in another generation. Arrays say their shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from kb.content.model import Practice, Translation

if TYPE_CHECKING:
    from kb.understanding.query import ParsedQuery

Floats = NDArray[np.float32]
Positions = NDArray[np.int64]
Mode = Literal["hybrid", "lexical", "dense"]
Sort = Literal["relevance", "newest", "evidence"]
Band = Literal["strong", "fair", "weak"]
#: Titles and questions are found, but never shown as the passage of a hit. A translation is the summary in another
#: language than that of the document.
PassageKind = Literal["summary", "body", "question", "title", "translation", "translated-title"]

#: All facets that a query can filter by and that results count, in the order in which they are shown.
FACETS: tuple[str, ...] = (
    "strand",
    "risk",
    "topic",
    "audience",
    "age",
    "kind",
    "organisation",
    "country",
    "language",
    "evidence",
    "stage",
)


# --- what is indexed -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Section:
    """Plain text under a heading path (outermost heading first; empty for text before any heading)."""

    heading: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """What the pipeline indexes, whatever it came from: a practice, or a document of a test collection.

    ``keywords`` are found by word and not encoded (names of organisations, labels of tags). ``tags`` maps a facet to
    the concepts of the document, those above them included. ``translations`` give title and summary in other
    languages (BCP 47). ``practice`` and ``source`` (the text of its file) are kept for display only.
    """

    id: str
    title: str
    language: str = "en"
    summary: str = ""
    sections: tuple[Section, ...] = ()
    questions: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date: str = ""
    translations: Mapping[str, Translation] = field(default_factory=dict)
    practice: Practice | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is ranked: a piece of a document. ``context`` precedes the text when it is encoded.

    ``title`` and ``text`` are in ``language``, which is that of the document or of one of its translations.
    """

    kind: PassageKind
    title: str
    heading: tuple[str, ...]
    text: str
    language: str
    context: str = ""

    @property
    def encoded_text(self) -> str:
        """The text that the encoder sees."""
        return f"{self.context}\n{self.text}" if self.context else self.text

    @property
    def is_translated(self) -> bool:
        return self.kind in ("translation", "translated-title")

    @property
    def hash(self) -> bytes:
        """SHA-256 of what the encoder sees (32 bytes), and of the language where that decides who reads it."""
        seen = self.encoded_text if self.language == "en" else f"{self.language}\0{self.encoded_text}"
        return hashlib.sha256(seen.encode("utf-8", "surrogatepass")).digest()


# --- asking ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """A question. Without text it browses, newest first.

    ``filters`` maps facets to the values chosen: OR inside a facet, AND between facets. ``exact`` searches for the
    words as they are: none is corrected, and none put into English. ``sort`` other than by relevance keeps what fits
    (strong and fair matches) before what only comes near.
    """

    text: str = ""
    mode: Mode = "hybrid"
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limit: int = 10
    offset: int = 0
    exact: bool = False
    sort: Sort = "relevance"


@dataclass(frozen=True, slots=True)
class NamedConcept:
    """A concept that a query names: a value of a facet, with its label in English."""

    facet: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """How a query was read. ``language`` is that of its words (None where it was not looked for).

    ``corrected`` is the whole text as it was searched for, if words in it were taken for misspelt. ``concepts`` were
    searched for as well, in English, because a query in another language names them; ``english`` are the words in
    English that stood for its words.
    """

    language: str | None = None
    corrected: str | None = None
    concepts: tuple[NamedConcept, ...] = ()
    english: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchedWord:
    """A word of the query, as it was searched for, that a document holds, in its title, text or keywords.

    ``forms`` are the terms of the index through which it matched: its stems, or those of its translations, or with a
    language before them (``de·kind``) those that translations of the document hold;
    ``translations`` are these in English, as labels write them.
    """

    word: str
    forms: tuple[str, ...]
    translations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """The share that words and meaning had in a score; they add up to 1 (both are 0 when browsing).

    ``words``: every word of the query that the document holds, where words were asked for. ``concepts``: those that
    bridged the language of the query (see :class:`Understanding`) and that the document is tagged with.
    """

    lexical: float
    semantic: float
    words: tuple[MatchedWord, ...] = ()
    concepts: tuple[NamedConcept, ...] = ()


@dataclass(frozen=True, slots=True)
class HitPassage:
    """The best body passage of a hit. ``highlights`` are (start, end) code-point offsets into ``text``.

    ``language`` is that of the text; ``translated``: it is the summary in another language than that of the document.
    """

    heading: tuple[str, ...]
    text: str
    highlights: tuple[tuple[int, int], ...] = ()
    language: str = "en"
    translated: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. ``question`` is the question it answers, if that matched best.

    ``score`` ranks it among the others found; ``relevance`` and ``band`` say how well it fits by itself.
    """

    id: str
    title: str
    score: float
    band: Band | None
    passage: HitPassage
    why: Why
    relevance: float = 0.0
    question: str | None = None
    practice: Practice | None = None


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet with the number of results that it has, or would have if it were chosen as well."""

    id: str
    label: str
    count: int
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """One page of hits, with the total and the facet counts of the whole result set.

    ``fitting`` of the ``total`` are strong or fair matches, wherever they rank; the others only come near.
    """

    query: Query
    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    generation: int
    fitting: int = 0
    understood: Understanding = Understanding()


# --- what is stored --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the vector of a passage lies: a row (from 0) of a segment file."""

    segment: str
    row: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of vectors. ``sha256`` is that of the file, in hexadecimal."""

    file: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one generation of the index is: everything that a reader must know before it reads.

    ``inputs`` is a digest of what is stored beside the documents (concepts, organisations, problems); ``retired``
    maps segment files that this generation no longer uses to the time (seconds since 1970) when they were dropped.
    """

    generation: int
    model: str
    fingerprint: str
    dimension: int
    built_at: str
    documents: int
    passages: int
    segments: tuple[Segment, ...]
    problems: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    inputs: str = ""
    retired: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one facet as pairs: ``documents[i]`` (position) has ``values[concepts[i]]``.

    ``documents`` and ``concepts``: int64, shape (number of pairs,).
    """

    values: tuple[str, ...]
    documents: Positions
    concepts: Positions


@dataclass(frozen=True, slots=True)
class Layout:
    """The documents and passages of one generation, as positions. Documents are in the order of their ids.

    Passages are in the order of their documents: those of document ``d`` are ``starts[d]`` to ``starts[d + 1]``.
    ``document_keys``: int64, shape (documents,), the store's names for them. ``spoken`` gives the documents in each
    language, ``translated`` are the languages of their translations.
    Arrays of shape (passages,): ``owners`` (int64, the document of each), ``keys`` (int64, the store's names for them),
    ``questions``, ``titles`` and ``translations`` (bool, which passages are such; a translated title is both of the
    latter), ``lengths`` (float32, in terms), ``segments`` and ``rows`` (int64, where their vectors are).
    """

    manifest: Manifest
    ids: tuple[str, ...]
    dates: tuple[str, ...]
    spoken: Mapping[str, Positions]
    translated: tuple[str, ...]
    document_keys: Positions
    starts: Positions
    owners: Positions
    keys: Positions
    questions: NDArray[np.bool_]
    titles: NDArray[np.bool_]
    translations: NDArray[np.bool_]
    lengths: Floats
    segments: Positions
    rows: Positions
    tags: Mapping[str, Tags]

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the documents, in order."""
        return tuple(self.spoken)

    def share_in(self, language: str) -> float:
        """Which share of the documents is in ``language``, as :meth:`in_language` has it."""
        return sum(map(len, self._parts_in(language))) / max(1, len(self.ids))

    def in_language(self, language: str) -> Positions:
        """The documents in ``language``, whatever its region; both kinds of Norwegian are "no"."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self._parts_in(language)])

    def _parts_in(self, language: str) -> Sequence[Positions]:
        written = {"no": ("no", "nb", "nn")}.get(language, (language,))
        return [documents for spoken, documents in self.spoken.items() if spoken.partition("-")[0] in written]


@dataclass(frozen=True, slots=True)
class StoredPassage:
    kind: PassageKind
    heading: tuple[str, ...]
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class StoredDocument:
    id: str
    title: str
    language: str
    practice: Practice | None


# --- engines ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one retriever says of a whole generation, for one query. Larger is better; 0 is nothing in common.

    ``documents``: float32, shape (documents,), the scores that rank. ``strength``: same shape, in 0..1, how good each
    match is by itself, whatever else was found; relevance floor and bands rest on it. ``passages`` gives for each of
    the documents asked for (positions) the scores of its passages, float32, in 0..1, for choosing the one that is
    shown: only those of few documents are ever wanted.
    """

    documents: Floats
    strength: Floats
    passages: Callable[[Sequence[int]], Sequence[Floats]]


class Retriever(Protocol):
    """Scores documents for a query. Implemented by each engine in :mod:`kb.engines`."""

    def retrieve(self, query: ParsedQuery, *, feedback: Positions | None = None) -> Evidence:
        """Score everything; filters come later, so that they change no score.

        ``feedback`` (int64, positions of passages) are passages taken to be relevant, from which an engine may learn
        what the query means. Raises StoreError when the index is damaged, ModelError when the query cannot be encoded.
        """
        ...


class Measure(Protocol):
    """How long texts are for a model: what it takes to cut them."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, special tokens not counted."""
        ...

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """The (start, end) code-point offsets of the model's tokens in ``text``, special tokens left out."""
        ...


@runtime_checkable
class Parted(Protocol):
    """A Measure of several parts, each for texts in some languages."""

    def reader(self, language: str) -> Measure:
        """The part for a language (BCP 47)."""
        ...


@runtime_checkable
class Measured(Protocol):
    """An Encoder whose Measure can be had without it, and be sent to another process; None where it cannot."""

    def measure(self) -> Measure | None: ...


class Encoder(Protocol):
    """Text to vectors: float32 rows of unit length. Raises ModelError when the model cannot be loaded."""

    @property
    def fingerprint(self) -> str:
        """Names the space of the vectors: those of different fingerprints are never compared."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text are read, special tokens not counted."""
        ...

    def encode(self, texts: Sequence[str]) -> Floats:
        """Passages, shape (len(texts), dimension)."""
        ...

    def encode_query(self, text: str) -> Floats:
        """A query, shape (dimension,)."""
        ...

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """The (start, end) code-point offsets of the model's tokens in ``text``, special tokens left out."""
        ...


@runtime_checkable
class Multilingual(Encoder, Parted, Protocol):
    """An encoder of several parts that share one space. What it does by itself is what its part for English does."""

    def reader(self, language: str) -> Encoder:
        """The part that reads texts in a language (BCP 47)."""
        ...

    def by_student(self, texts: Sequence[str]) -> Floats:
        """Words and sentences of any language, as the part that knows all of them reads them, shape (len(texts),
        dimension). Raises ModelError likewise."""
        ...

    @property
    def student_fingerprint(self) -> str:
        """Names that part, so that what it made of words can be kept; known before it is loaded."""
        ...


@dataclass(frozen=True, slots=True)
class Faint:
    """A word of a text that tells less than others do: its place in code points, and how much it counts, between 0 and
    the 1 of the others."""

    start: int
    end: int
    counts: float


@runtime_checkable
class Weighing(Protocol):
    """An encoder that lets some words of a query count less than it would by itself, where what it is made of can."""

    def encode_weighed(self, text: str, faint: Sequence[Faint]) -> Floats:
        """A query, shape (dimension,), of unit length. ``faint``: in the order of the text, none within another."""
        ...


class Reranker(Protocol):
    """Judges how well texts answer a query, reading both together. Raises ModelError when it cannot be loaded."""

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """One score for each text, in 0..1, larger is better: shape (len(texts),)."""
        ...
