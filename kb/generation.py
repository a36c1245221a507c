"""One generation in memory, and which one is asked while a newer one is opened."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

import numpy as np

from kb.content.model import Organisation, Taxonomy
from kb.engines.database.reader import Reader
from kb.engines.database.store import Pin, Store
from kb.engines.dense import Directions, Vectors, document_means
from kb.engines.lexical import FieldLengths, document_places
from kb.engines.word_vectors import read_words_kept
from kb.errors import KbError
from kb.facets.labels import Labels
from kb.landscape import Landscape, regions
from kb.ranking import sorting
from kb.suggestions import MAX_TEXTS, Suggestions
from kb.trimming import trim
from kb.types import Encoder, Floats, Layout, Multilingual, Positions
from kb.understanding.concepts import Glossaries
from kb.understanding.dictionary import Dictionary, make_dictionary
from kb.understanding.spelling import Vocabulary

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)

#: Seconds after which read transactions that nobody uses begin anew, so that the log of the database can end, and
#: after which a generation that nobody asked for is noticed.
_LEASE = 20.0


@dataclass(frozen=True)
class Generation:
    """One generation in memory: what every search of it shares. Read-only. ``stamp`` tells it from all others."""

    stamp: str
    folder: Path
    layout: Layout
    vectors: Vectors
    taxonomy: Taxonomy
    glossaries: Glossaries
    organisations: Mapping[str, Organisation]
    _kept: dict[str, object] = field(default_factory=dict)

    def _once(self, name: str, make: Callable[[], _T]) -> _T:
        """What needs a reader or an encoder to be made, made when it is first asked for."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("_T", self._kept[name])

    def vocabulary(self, reader: Reader) -> Vocabulary:
        """The words of all documents; ``reader`` reads this generation."""
        return self._once("vocabulary", lambda: Vocabulary(reader.vocabulary()))

    def suggestions(self, reader: Reader) -> Suggestions:
        """All that can be suggested; ``reader`` reads this generation."""

        def make() -> Suggestions:
            used = {facet: tags.values for facet, tags in self.layout.tags.items()}
            return Suggestions(self.taxonomy, self.organisations, used, reader.titles_and_questions(MAX_TEXTS))

        return self._once("suggestions", make)

    def landscape(self, reader: Reader) -> Landscape | None:
        """The map; ``reader`` reads this generation."""

        def make() -> Landscape | None:
            places = reader.places()
            points = np.array([(place.x, place.y) for place in places]).reshape(-1, 2)
            return Landscape(tuple(places), regions(points, self.layout.tags["topic"])) if places else None

        return self._once("landscape", make)

    def dictionary(self, reader: Reader, encoder: Encoder) -> Dictionary:
        """Words of the base for others; empty where one encoder reads all languages, or only English."""
        if not isinstance(encoder, Multilingual):
            return make_dictionary({}, encoder.encode)
        words = self.vocabulary(reader)

        def make() -> Dictionary:
            kept = read_words_kept(self.folder, encoder.student_fingerprint)
            return make_dictionary(words.documents, encoder.by_student, kept.known)

        return self._once("dictionary", make)

    @cached_property
    def labels(self) -> Labels:
        return Labels(self.taxonomy, self.organisations)

    @cached_property
    def by_key(self) -> Positions:
        """The positions of passages in the order of their keys."""
        return np.argsort(self.layout.keys).astype(np.int64)

    @cached_property
    def field_lengths(self) -> FieldLengths:
        return FieldLengths(self.layout)

    @cached_property
    def document_places(self) -> Positions:
        return document_places(self.layout)

    @cached_property
    def directions(self) -> Directions:
        return Directions.of(self.vectors, self.layout)

    @cached_property
    def newest_first(self) -> Positions:
        dates = self.layout.dates
        return np.array(sorted(range(len(dates)), key=lambda position: dates[position], reverse=True), dtype=np.int64)

    @cached_property
    def ranks(self) -> sorting.Ranks:
        return sorting.ranks(self.layout, self.taxonomy)

    @cached_property
    def centroids(self) -> Floats:
        return document_means(self.vectors, self.layout)


class _Held:
    """A generation that is asked, with the pins of those that may ask it when a newer one is published already."""

    def __init__(self, generation: Generation, pins: Sequence[Pin]) -> None:
        self.generation = generation
        self._free = list(pins)
        self._pinned = bool(pins)
        self._retired = False
        self._changed = threading.Condition()

    @property
    def pinned(self) -> bool:
        """Whether it can be asked when a newer one is published."""
        return self._pinned

    def borrow(self) -> Pin | None:
        """A pin; waits while others have all of them. None where the generation has retired."""
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._retired)
            return self._free.pop() if self._free else None

    def give_back(self, pin: Pin) -> None:
        with self._changed:
            if not self._retired:
                self._free.append(pin)
                self._changed.notify()
                return
        pin.close()

    def renew(self, pins: Sequence[Pin]) -> None:
        """Have ``pins``, of the same generation, in place of those that are free."""
        with self._changed:
            replaced, self._free[:] = self._free[:], pins[: len(self._free)]
            unused = pins[len(replaced) :]
        _close((*replaced, *unused))

    def retire(self) -> None:
        """Close the pins that are free; each of the others when its reader is done."""
        with self._changed:
            self._retired = True
            pins, self._free = self._free, []
            self._changed.notify_all()
        _close(pins)


class Generations:
    """Gives each request the generation that it asks, and a read transaction over the same. Thread-safe.

    Without ``readers``, the first request that meets a new generation opens it, while others wait. With them, a thread
    opens it, and until that is done up to so many requests at a time go on in the one before, without waiting.
    """

    def __init__(
        self,
        store: Store,
        open_generation: Callable[[Reader, str], Generation],
        *,
        readers: int = 0,
        prepare: Callable[[Generation, Reader], None] = lambda generation, reader: None,
    ) -> None:
        """``prepare`` is done ahead to a generation that is opened by the thread, so that its first reader need not."""
        self._store = store
        self._open = open_generation
        self._readers = readers
        self._prepare = prepare
        self._opening = threading.Lock()
        self._held: _Held | None = None
        self._follower: threading.Thread | None = None
        self._look = threading.Event()
        self._closed = False
        self._failed = ""
        #: Looks at what is published: how many were begun, and the last one that ended.
        self._begun = self._ended = 0
        self._looked = threading.Condition()

    @contextmanager
    def reading(self) -> Iterator[tuple[Generation, Reader]]:
        """A generation and its rows. Raises StoreError where there is no sound index."""
        with self._store.reading() as reader:
            generation = self._current(reader)
            if generation is not None:
                yield generation, reader
                return
        held, pin = self._pinned()
        try:
            yield held.generation, pin.reader
        finally:
            held.give_back(pin)

    def catch_up(self) -> None:
        """Return when what was published before is what is asked, or cannot be opened."""
        if self._follower is not None:
            with self._looked:
                wanted = self._begun + 1
                self._look.set()
                self._looked.wait_for(lambda: self._ended >= wanted or self._closed)

    def close(self) -> None:
        self._closed = True
        self._look.set()
        if self._follower is not None:
            self._follower.join()
        if self._held is not None:
            self._held.retire()

    def _current(self, reader: Reader) -> Generation | None:
        """The generation that ``reader`` reads; None where a thread opens it and the one before is to be asked."""
        stamp = reader.stamp()
        held = self._held
        if held is not None and held.generation.stamp == stamp:
            return held.generation
        if held is not None and held.pinned:
            if stamp != self._failed:
                self._look.set()
            return None
        with self._opening:
            held = self._held
            if held is None or held.generation.stamp != stamp:
                pins = self._pins(stamp)
                try:
                    held = _Held(self._open(reader, stamp), pins)
                except BaseException:
                    _close(pins)
                    raise
                self._swap(held)
                if pins and self._follower is None:
                    self._follower = threading.Thread(target=self._follow, name="kb-generations", daemon=True)
                    self._follower.start()
        return held.generation

    def _pinned(self) -> tuple[_Held, Pin]:
        while True:  # one that retires in this moment has none to give, and another stands in its place
            held = self._held
            assert held is not None, "none is closed before the next is there"
            if (pin := held.borrow()) is not None:
                return held, pin

    def _pins(self, stamp: str | None = None) -> list[Pin]:
        """Pins of one generation, that of ``stamp`` or the newest; none where they cannot be had of it."""
        pins: list[Pin] = []
        for _ in range(self._readers):
            pin = self._store.pin()
            if pin is not None:
                pins.append(pin)
            if pin is None or pin.reader.stamp() != (stamp := stamp or pin.reader.stamp()):
                _close(pins)
                return []
        return pins

    def _swap(self, held: _Held) -> None:
        before, self._held = self._held, held
        if before is not None:
            before.retire()

    def _follow(self) -> None:
        while not self._closed:
            self._look.wait(_LEASE)
            with self._looked:
                self._look.clear()
                self._begun += 1
            try:
                self._advance()
            except KbError as error:
                _LOG.warning("kb: a new index cannot be opened, the one before goes on serving: %s", error)
            except Exception:  # a mistake of ours; whoever waits for this thread must not wait for ever
                _LOG.exception("kb: a new index cannot be opened, the one before goes on serving")
            with self._looked:
                self._ended = self._begun
                self._looked.notify_all()

    def _advance(self) -> None:
        """Open what is newer than what is asked; else let the read transactions begin anew."""
        held = self._held
        assert held is not None, "the thread starts with the first"
        self._store.spare_log()
        pins = self._pins()
        if not pins or self._closed:
            _close(pins)
            return
        reader = pins[0].reader
        try:
            stamp = reader.stamp()
            if stamp == held.generation.stamp:
                held.renew(pins)
                return
            self._failed = stamp
            generation = self._open(reader, stamp)
            self._prepare(generation, reader)
        except BaseException:
            _close(pins)
            raise
        self._failed = ""
        self._swap(_Held(generation, pins))
        del held  # what it held is given back as soon as its last reader is done, or after the next
        trim()


def _close(pins: Iterable[Pin]) -> None:
    for pin in pins:
        pin.close()
