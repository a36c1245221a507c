"""The facade of the library, and the one place that chooses engines.

``open_backend(config)`` builds the parts for users; ``Backend(...)`` takes them, for tests.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Generic, Self, TypeVar

import numpy as np

from kb.config import Config
from kb.content.model import Organisation, Practice, Taxonomy
from kb.engines.database.reader import Reader
from kb.engines.database.store import Store
from kb.engines.dense import DenseRetriever, Vectors, cap_threads, how_scanned
from kb.engines.encoders.model_files import DEFAULT_MODEL, Hashes, find_model, find_reranker
from kb.engines.encoders.model_words import read_words
from kb.engines.lexical import LexicalRetriever
from kb.errors import ModelError, NotFound
from kb.facets.crossing import crossed
from kb.facets.labels import Labels
from kb.generation import Generation, Generations
from kb.landscape import Landscape
from kb.ranking import bands, similar, sorting
from kb.search import search
from kb.suggestions import Suggestion
from kb.text.analysis import analysed, tokens
from kb.text.languages import keep_unpacked
from kb.types import (
    Encoder,
    Hit,
    HitPassage,
    Layout,
    Manifest,
    Multilingual,
    NamedConcept,
    Positions,
    Query,
    Reranker,
    Results,
    Retriever,
    StoredDocument,
    StoredPassage,
    Why,
)
from kb.understanding import distress
from kb.understanding.concepts import Glossaries
from kb.understanding.query import Forms
from kb.understanding.spelling import Vocabulary

_T = TypeVar("_T")


@dataclass(frozen=True)
class Snapshot:
    """A generation and the read transaction in which it is asked: what :func:`kb.search.search` reads."""

    generation: Generation
    reader: Reader
    encoder: Callable[[], Encoder]
    model_words: Callable[[], frozenset[str]]
    reranker: Reranker | None

    @property
    def layout(self) -> Layout:
        return self.generation.layout

    @property
    def labels(self) -> Labels:
        return self.generation.labels

    @property
    def newest_first(self) -> Positions:
        return self.generation.newest_first

    @property
    def ranks(self) -> sorting.Ranks:
        return self.generation.ranks

    @property
    def vocabulary(self) -> Vocabulary:
        return self.generation.vocabulary(self.reader)

    @property
    def glossaries(self) -> Glossaries:
        return self.generation.glossaries

    def occurring(self, forms: Sequence[str]) -> frozenset[str]:
        return self.reader.occurring(forms)

    @property
    def multilingual(self) -> bool:
        try:
            return isinstance(self.encoder(), Multilingual)
        except ModelError:  # words are found without a model; who asks for meaning is told when it is encoded
            return False

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        return self.generation.dictionary(self.reader, self.encoder()).translations(word)

    def is_word(self, word: str) -> bool:
        forms = {word, *(token.term for token in tokens(word, "en"))}
        return not forms.isdisjoint(self.model_words())

    def retriever(self, name: str) -> Retriever:
        return RETRIEVERS[name](self)

    def holding(self, phrase: Sequence[Forms]) -> Positions:
        return _lexical(self).holding(phrase)

    def holding_any(self, terms: Sequence[Forms], among: Positions) -> Sequence[int]:
        return _lexical(self).holding_any(terms, among)

    def held(self, terms: Sequence[Forms], documents: Positions) -> Mapping[int, frozenset[str]]:
        return _lexical(self).held(terms, documents)

    def documents(self, ids: Sequence[str]) -> Mapping[str, StoredDocument]:
        return self.reader.documents(ids)

    def passages(self, keys: Sequence[int]) -> Mapping[int, StoredPassage]:
        return self.reader.passages(keys)


def _lexical(snapshot: Snapshot) -> LexicalRetriever:
    shared = snapshot.generation
    return LexicalRetriever(snapshot.reader, shared.layout, shared.by_key, shared.document_places, shared.field_lengths)


def _dense(snapshot: Snapshot) -> DenseRetriever:
    shared = snapshot.generation
    return DenseRetriever(shared.vectors, shared.layout, snapshot.encoder(), shared.directions)


#: The engines. A new one is a new module and a line here.
RETRIEVERS: Mapping[str, Callable[[Snapshot], Retriever]] = MappingProxyType({"lexical": _lexical, "semantic": _dense})


#: A database and vectors up to this size each (bytes) are checked whole when a generation is opened; larger ones by kb
#: status and by the next kb reindex that finds their files changed.
_CHECKED_WHEN_OPENED = 64 * 2**20


class _ByModel(Generic[_T]):
    """What is loaded for a model, once; while that of one is loaded, that of others is had without waiting."""

    def __init__(self, load: Callable[[Manifest], _T]) -> None:
        self._load = load
        self._held: dict[str, _T] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def of(self, manifest: Manifest) -> _T:
        with self._locks[manifest.fingerprint]:
            if manifest.fingerprint not in self._held:
                self._held[manifest.fingerprint] = self._load(manifest)
            return self._held[manifest.fingerprint]


@dataclass(frozen=True, slots=True)
class _Concepts:
    """A taxonomy and what is learned from it, which takes longer than all else that a new generation needs.

    ``text``: as it is stored. Few generations change it.
    """

    text: str
    taxonomy: Taxonomy
    glossaries: Glossaries


class Backend:
    """Everything that can be asked of a knowledge base. Thread-safe; a new generation is noticed at the next call.

    Every method raises StoreError where there is no sound index.
    """

    def __init__(
        self,
        folder: Path,
        load_encoder: Callable[[Manifest], Encoder],
        *,
        load_words: Callable[[Manifest], frozenset[str]] = lambda manifest: frozenset(),
        reranker: Reranker | None = None,
        readers: int = 0,
    ) -> None:
        """``load_words``: the words that the model knows whole, which are never taken for misspelt. ``readers``: how
        many requests go on without waiting while a new generation is opened (see Generations)."""
        self.folder = folder
        self._store = Store(folder)
        self._encoders = _ByModel(load_encoder)
        self._words = _ByModel(load_words)
        self._sentences = _ByModel(lambda manifest: distress.sentences(self._encoder(manifest)))
        self._reranker = reranker
        self._concepts: _Concepts | None = None
        self._generations = Generations(self._store, self._load, readers=readers, prepare=self._prepare)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._generations.close()
        self._store.close()

    def catch_up(self) -> None:
        """Return when what was published before is what is asked. Needed with ``readers`` only."""
        self._generations.catch_up()

    def search(self, query: Query) -> Results:
        """Raises UsageError for a query that makes no sense, ModelError when it cannot be encoded."""
        with self._snapshot() as snapshot:
            return search(query, snapshot)

    def similar(self, document_id: str, *, limit: int = 5) -> tuple[Hit, ...]:
        """The documents about the same thing, best first. Raises NotFound for an unknown id."""
        with self._snapshot() as snapshot:
            ids = snapshot.layout.ids
            position = _position(ids, document_id)
            nearest, scores, cosines = similar.most_similar(
                position, snapshot.generation.centroids, snapshot.layout.tags["topic"], limit=limit
            )
            documents = snapshot.documents([ids[other] for other in nearest])
            first = {int(other): int(snapshot.layout.keys[snapshot.layout.starts[other]]) for other in nearest}
            passages = snapshot.passages(list(first.values()))
            return tuple(
                Hit(
                    id=ids[other],
                    title=documents[ids[other]].title,
                    score=round(score, 6),
                    relevance=round(cosine, 6),
                    band=bands.band(bands.edges("dense"), cosine),
                    passage=_first_passage(passages[first[other]]),
                    why=Why(0.0, 1.0),
                    practice=documents[ids[other]].practice,
                )
                for other, score, cosine in zip(nearest.tolist(), scores.tolist(), cosines.tolist(), strict=True)
            )

    def suggest(self, text: str, *, language: str = "en") -> tuple[Suggestion, ...]:
        """What somebody who has typed ``text`` so far may mean; see :class:`kb.suggestions.Suggestions`."""
        with self._snapshot() as snapshot:
            return snapshot.generation.suggestions(snapshot.reader).find(text, language=language)

    def near(self, results: Results, *, language: str = "en") -> tuple[NamedConcept, ...]:
        """Concepts in the neighbourhood of a question that nothing answers well."""
        with self._snapshot() as snapshot:
            return snapshot.generation.suggestions(snapshot.reader).near(results, language=language)

    def in_need(self, results: Results) -> bool:
        """Whether the question of ``results`` sounds like somebody who needs help; see kb.understanding.distress."""
        text, understood = results.query.text, results.understood
        if not text.strip():
            return False
        if distress.named(understood):
            return True
        try:
            manifest = self.manifest()
            encoder = self._encoder(manifest)
            language = understood.language or "en"
            reader = encoder.reader(language) if isinstance(encoder, Multilingual) else encoder
            texts = [(text, reader), (" ".join(understood.english), encoder)]
            return distress.in_need(texts, self._sentences.of(manifest))
        except ModelError:  # words are found without a model, and whoever asked for meaning has been told
            return False

    def coverage(self, rows: str, columns: str) -> Mapping[tuple[str, str], int]:
        """How many documents carry both a value of one facet and a value of another; pairs that none has are absent."""
        with self._snapshot() as snapshot:
            layout = snapshot.layout
            across, down = layout.tags[columns], layout.tags[rows]
            counts = crossed(down, across, documents=len(layout.ids))
            return {
                (down.values[row], across.values[column]): int(counts[row, column])
                for row, column in np.argwhere(counts).tolist()
            }

    def landscape(self) -> Landscape | None:
        """The map of all documents; None where none was made: of an empty base, or one of very many documents."""
        with self._snapshot() as snapshot:
            return snapshot.generation.landscape(snapshot.reader)

    def practice(self, practice_id: str) -> Practice:
        """Raises NotFound for an unknown id."""
        with self._snapshot() as snapshot:
            found = snapshot.documents([practice_id]).get(practice_id)
        if found is None or found.practice is None:
            raise NotFound("no practice %(id)s; search for it with: kb search", id=repr(practice_id))
        return found.practice

    def practices(self) -> tuple[Practice, ...]:
        """All of them, by id."""
        with self._snapshot() as snapshot:
            stored = snapshot.documents(snapshot.layout.ids)
            found = (stored[id].practice for id in snapshot.layout.ids)
            return tuple(practice for practice in found if practice)

    def alias(self, old_id: str) -> str | None:
        """The id of the practice that was once called ``old_id``."""
        with self._snapshot() as snapshot:
            return snapshot.reader.alias(old_id)

    def source(self, practice_id: str) -> str:
        """The Markdown file of a practice. Raises NotFound for an unknown id."""
        with self._snapshot() as snapshot:
            source = snapshot.reader.source(practice_id)
        if source is None:
            raise NotFound("no practice %(id)s; search for it with: kb search", id=repr(practice_id))
        return source

    def organisation(self, organisation_id: str) -> Organisation:
        """Raises NotFound for an unknown id."""
        found = self.organisations().get(organisation_id)
        if found is None:
            raise NotFound(
                "no organisation %(id)s; look at the list of organisations under /browse", id=repr(organisation_id)
            )
        return found

    def organisations(self) -> Mapping[str, Organisation]:
        with self._snapshot() as snapshot:
            return snapshot.generation.organisations

    def taxonomy(self) -> Taxonomy:
        with self._snapshot() as snapshot:
            return snapshot.generation.taxonomy

    def labels(self) -> Labels:
        """What the values of facets are called."""
        with self._snapshot() as snapshot:
            return snapshot.labels

    def label(self, facet: str, value: str, language: str = "en") -> str:
        return self.labels().label(facet, value, language)

    def manifest(self) -> Manifest:
        """What the current generation is."""
        with self._snapshot() as snapshot:
            return snapshot.layout.manifest

    def generation(self) -> int:
        """The number of the current generation."""
        return self.manifest().generation

    def check(self) -> None:
        """Read the whole index. Raises StoreError where it is damaged."""
        self._store.check()
        manifest = self.manifest()
        Vectors.open(self.folder, manifest.segments, manifest.dimension)

    def encoder(self) -> Encoder:
        """The encoder that made the current generation. Raises ModelError when it is not to be had."""
        return self._encoder(self.manifest())

    @contextmanager
    def _snapshot(self) -> Iterator[Snapshot]:
        """One read transaction over one generation: rows, words and vectors belong together."""
        with self._generations.reading() as (generation, reader):
            yield self._snapshot_of(generation, reader)

    def _snapshot_of(self, generation: Generation, reader: Reader) -> Snapshot:
        manifest = generation.layout.manifest
        return Snapshot(
            generation,
            reader,
            encoder=lambda: self._encoder(manifest),
            model_words=lambda: self._words.of(manifest),
            reranker=self._reranker,
        )

    def _prepare(self, generation: Generation, reader: Reader) -> None:
        """What a generation's first search, page and suggestion would have to wait for."""
        search(Query("warm up", limit=0), self._snapshot_of(generation, reader))
        generation.suggestions(reader)
        _ = generation.centroids

    def _load(self, reader: Reader, stamp: str) -> Generation:
        if self._store.size() <= _CHECKED_WHEN_OPENED:
            reader.check(rows=False)
        layout = reader.layout()
        manifest = layout.manifest
        size = 4 * manifest.dimension * sum(segment.rows for segment in manifest.segments)
        vectors = Vectors.open(self.folder, manifest.segments, manifest.dimension, verify=size <= _CHECKED_WHEN_OPENED)
        concepts = self._concepts_in(reader)
        return Generation(
            stamp, self.folder, layout, vectors, concepts.taxonomy, concepts.glossaries, reader.organisations()
        )

    def _concepts_in(self, reader: Reader) -> _Concepts:
        text, kept = reader.taxonomy_text(), self._concepts
        if kept is None or kept.text != text:
            taxonomy = reader.taxonomy()
            kept = self._concepts = _Concepts(text, taxonomy, Glossaries(taxonomy))
        return kept

    def _encoder(self, manifest: Manifest) -> Encoder:
        encoder = self._encoders.of(manifest)
        if encoder.fingerprint != manifest.fingerprint:
            raise ModelError(
                f"the model {manifest.model} is not the one that the index was built with (its files changed); "
                "build the index again with: kb reindex"
            )
        return encoder


def open_backend(
    config: Config, *, reranker: str | None = None, native_threads: int | None = None, readers: int = 0
) -> Backend:
    """The knowledge base in ``config.data``. Nothing of it is read before it is asked for.

    ``reranker`` is a CrossEncoder by folder or name, whose files are looked for at once (ModelError without them).
    ``native_threads`` caps those that torch and FAISS use for one call: a server that answers many requests at a time
    keeps its cores busy without them. ``readers``: see :class:`Backend`.
    """
    if native_threads:
        cap_threads(native_threads)
    keep_unpacked(config.data)
    return Backend(
        config.data,
        lambda manifest: load_encoder(manifest.model, config.data, threads=native_threads),
        load_words=lambda manifest: load_words(manifest.model, config.data),
        reranker=load_reranker(reranker, threads=native_threads) if reranker else None,
        readers=readers,
    )


def backend_with(encoder: Encoder, folder: Path, *, reranker: Reranker | None = None) -> Backend:
    """The index in ``folder`` as :func:`open_backend` serves it, for an encoder that is loaded already."""
    return Backend(
        folder, lambda manifest: encoder, load_words=lambda manifest: load_words(manifest.model), reranker=reranker
    )


def load_encoder(model: str, data: Path | None = None, *, threads: int | None = None) -> Encoder:
    """The encoder for a model, by the name that :func:`kb.engines.encoders.model_files.find_model` takes.

    With a data folder it is the fastest sound one, whose compiled form is kept there; without, sentence-transformers
    itself, to which the others are compared.
    """
    hashes = Hashes(data)
    files = find_model(model, hashes)
    if data is None:
        from kb.engines.encoders.encoder import SentenceTransformerEncoder

        return SentenceTransformerEncoder(files, threads=threads)
    from kb.engines.encoders.fast_encoder import FastEncoder
    from kb.engines.encoders.multilingual import MultilingualEncoder
    from kb.engines.encoders.student import Student, student_files

    encoder = FastEncoder(files, data, hashes, threads=threads)
    if model != DEFAULT_MODEL:
        return encoder
    return MultilingualEncoder(encoder, Student(student_files(hashes), data, hashes))


def vector_index(manifest: Manifest) -> str:
    """How the vectors of a generation are compared, as people are told."""
    return how_scanned(sum(segment.rows for segment in manifest.segments))


def encoder_names(model: str) -> list[str]:
    """The encoders that serve an index made with ``model``, and what each reads."""
    if model != DEFAULT_MODEL:
        return [f"{model} (every language)"]
    from kb.engines.encoders.student import STUDENT

    return [f"{model} (English)", f"{STUDENT.name} (other languages, in the same space)"]


def encoder_way(encoder: Encoder) -> str | None:
    """How the encoder for English runs its model (see :mod:`kb.engines.encoders.fast_encoder`); None for others.

    Raises ModelError when it cannot be loaded.
    """
    from kb.engines.encoders.fast_encoder import FastEncoder
    from kb.engines.encoders.multilingual import MultilingualEncoder

    english = encoder.english if isinstance(encoder, MultilingualEncoder) else encoder
    return english.way if isinstance(english, FastEncoder) else None


def load_words(model: str, data: Path | None = None) -> frozenset[str]:
    """The words that a model knows whole, and the terms of these; none where it is not to be had."""
    try:
        words = read_words(find_model(model, Hashes(data)).folder)
    except ModelError:
        return frozenset()
    return words.union(analysed(" ".join(word for word in words if len(word) > 2), "en").split())


def load_reranker(model: str, *, threads: int | None = None) -> Reranker:
    """The reranker for a CrossEncoder, by the name that :func:`kb.engines.encoders.model_files.find_reranker` takes."""
    from kb.engines.reranker import CrossEncoderReranker

    return CrossEncoderReranker(find_reranker(model), threads=threads)


def _first_passage(passage: StoredPassage) -> HitPassage:
    return HitPassage(passage.heading, passage.text, language=passage.language)


def _position(ids: Sequence[str], document_id: str) -> int:
    position = int(np.searchsorted(np.array(ids, dtype=object), document_id)) if ids else 0
    if position == len(ids) or ids[position] != document_id:
        raise NotFound("no practice %(id)s; search for it with: kb search", id=repr(document_id))
    return position
