"""Requests go on in the generation that they ask while the next one is opened, and wait for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from indexer.build import build
from kb.backends import Backend
from kb.types import Document, Encoder, Floats, Manifest, Query, Section
from tests.conftest import FakeEncoder

READERS = 3
#: Nothing here takes so long; a test that would wait for ever fails instead.
PATIENCE = 60.0


def document(id: str) -> Document:
    return Document(id=id, title=f"Title of {id}", sections=(Section((), f"some words about {id}"),))


class Waits(FakeEncoder):
    """Tells when a query comes, and encodes it when it may."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(fingerprint)
        self.asked, self.may = Event(), Event()

    def encode_query(self, text: str) -> Floats:
        if "wait" in text:
            self.asked.set()
            assert self.may.wait(PATIENCE)
        return super().encode_query(text)


class Base:
    """An index that is served to READERS at a time; its encoders are loaded when they may be."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.opening, self.may_open = Event(), Event()
        self.first = Waits("first")
        self.publish("first", "a")
        self.backend = Backend(data, self._load, readers=READERS)

    def publish(self, fingerprint: str, *ids: str) -> None:
        build(self.data, {id: document(id) for id in ids}, FakeEncoder(fingerprint), "fake")

    def _load(self, manifest: Manifest) -> Encoder:
        if manifest.fingerprint == "first":
            return self.first
        self.opening.set()
        assert self.may_open.wait(PATIENCE)
        return FakeEncoder(manifest.fingerprint)

    def found(self, text: str = "") -> set[str]:
        return {hit.id for hit in self.backend.search(Query(text, mode="dense")).hits}

    def connections(self) -> int:
        return len(self.backend._store._opened)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Base]:
    base = Base(tmp_path / "data")
    yield base
    base.first.may.set()
    base.may_open.set()
    base.backend.close()


def test_requests_go_on_in_the_old_generation_until_the_new_one_is_open(base: Base) -> None:
    assert base.found() == {"a"}
    base.publish("second", "a", "b")
    assert base.found() == {"a"}  # this one notices; none of them returns but by asking the old generation
    assert base.opening.wait(PATIENCE)
    with ThreadPoolExecutor(READERS) as threads:
        several = [threads.submit(base.found) for _ in range(20 * READERS)]
        assert [one.result(PATIENCE) for one in several] == [{"a"}] * len(several)
    assert not base.may_open.is_set()
    assert base.backend.generation() == 1
    base.may_open.set()
    base.backend.catch_up()
    assert base.backend.generation() == 2
    assert base.found() == {"a", "b"}


def test_what_was_removed_is_there_for_those_that_ask_the_old_generation(base: Base) -> None:
    base.publish("first", "a", "c")
    base.backend.catch_up()
    assert base.found() == {"a", "c"}
    base.publish("second", "b")
    base.found()
    assert base.opening.wait(PATIENCE)
    results = base.backend.search(Query())
    assert {hit.title for hit in results.hits} == {"Title of a", "Title of c"}
    base.may_open.set()
    base.backend.catch_up()
    assert base.found() == {"b"}


def test_the_old_generation_is_closed_after_its_last_reader(base: Base) -> None:
    base.found()
    base.publish("second", "b")
    base.found()
    assert base.opening.wait(PATIENCE)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(base.found, "wait, title of a, some words about a")
        assert base.first.asked.wait(PATIENCE)
        base.may_open.set()
        base.backend.catch_up()
        assert base.found() == {"b"}
        before = base.connections()
        base.first.may.set()
        assert slow.result(PATIENCE) == {"a"}
        assert base.connections() == before - 1
    assert base.backend.generation() == 2


def test_more_requests_than_readers_wait_for_one_another(base: Base) -> None:
    base.found()
    base.publish("second", "b")
    base.found()
    assert base.opening.wait(PATIENCE)
    with ThreadPoolExecutor(READERS + 2) as threads:
        several = [threads.submit(base.found, "wait, title of a, some words about a") for _ in range(READERS + 2)]
        assert base.first.asked.wait(PATIENCE)
        base.first.may.set()
        assert [one.result(PATIENCE) for one in several] == [{"a"}] * (READERS + 2)


def test_a_new_generation_that_is_damaged_leaves_the_old_one(base: Base, caplog: pytest.LogCaptureFixture) -> None:
    assert base.found() == {"a"}
    base.publish("first", "a", "b")
    newest = max((base.data / "segments").iterdir(), key=lambda file: file.name)
    newest.write_bytes(b"no vectors")
    base.backend.catch_up()
    assert base.found() == {"a"}
    assert "cannot be opened" in caplog.text
    assert str(newest) in caplog.text
    base.publish("first", "a", "b", "c")
    base.backend.catch_up()
    assert base.found() == {"a", "b", "c"}


def test_without_readers_the_next_request_sees_what_was_published(tmp_path: Path) -> None:
    for ids in (["a"], ["a", "b"]):
        build(tmp_path, {id: document(id) for id in ids}, FakeEncoder(), "fake")
        with Backend(tmp_path, lambda manifest: FakeEncoder()) as backend:
            assert backend.search(Query()).total == len(ids)


def test_a_log_does_not_grow_with_every_publication(base: Base) -> None:
    """Readers that never let go would keep the log of the database from ever beginning anew."""
    base.found()
    sizes = []
    for number in range(6):
        base.publish("first", "a", f"b{number}")
        base.backend.catch_up()  # opens it
        base.backend.catch_up()  # empties the log, and lets the readers begin anew
        base.backend.catch_up()
        sizes.append((base.data / "index.sqlite-wal").stat().st_size)
    assert max(sizes[2:]) <= max(sizes[:2])
