"""A reindex by several processes makes what one makes, and loses nothing when one of them ends."""

import os
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from indexer.reindex import Report, reindex
from kb.backends import Backend
from kb.content.ledger import LEDGER
from kb.engines.database.store import DATABASE, Store
from kb.errors import WorkerLost
from kb.types import Measured, Parted, Query
from tests.conftest import ENTRIES, FakeEncoder

#: What differs between any two runs: names drawn by chance, times.
_BY_CHANCE = {"passages": "segment", "meta": "value"}


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were many entries, and two cores."""
    monkeypatch.setattr("kb.workers.LEAST", 1)
    monkeypatch.setattr("kb.workers.CORES", 2)


def index(data: Path, encoder: FakeEncoder) -> Report:
    return reindex(ENTRIES, data, "fake", lambda _: encoder)


def tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(file)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            if name not in {"vocabulary"}
        ]
        found = {}
        for name in names:
            columns = [column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})")]
            chosen = ", ".join(column for column in columns if column != _BY_CHANCE.get(name))
            found[name] = sorted(connection.execute(f"SELECT {chosen} FROM {name}").fetchall(), key=repr)
        return found


def vectors(data: Path) -> list[bytes]:
    with closing(Store(data)) as store, store.reading() as reader:
        return [(data / "segments" / segment.file).read_bytes() for segment in reader.manifest().segments]


def test_the_index_is_that_of_one_process(
    indexed: Path, tmp_path: Path, spread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = index(tmp_path, FakeEncoder())
    monkeypatch.undo()
    assert found.built.published
    for file in (DATABASE, LEDGER):
        mine, expected = tables(tmp_path / file), tables(indexed / file)
        assert mine.keys() == expected.keys()
        for name, rows in expected.items():
            assert mine[name] == rows, f"{file}: {name}"
    assert vectors(tmp_path) == vectors(indexed)


class Ends(FakeEncoder):
    """Ends every process but the one in which it was made."""

    def __init__(self, fingerprint: str = "fake") -> None:
        super().__init__(fingerprint)
        self._home = os.getpid()

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        if os.getpid() != self._home:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().token_offsets(text)


def test_when_a_worker_ends_the_last_index_serves_and_the_next_run_completes(
    tmp_path: Path, spread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(tmp_path, FakeEncoder("before"))
    with pytest.raises(WorkerLost, match="nothing is lost"):
        index(tmp_path, Ends("after"))
    with Backend(tmp_path, lambda manifest: FakeEncoder(manifest.fingerprint)) as backend:
        assert backend.manifest().fingerprint == "before"
        assert backend.search(Query("children")).total
        index(tmp_path, FakeEncoder("after"))
        assert backend.manifest().fingerprint == "after"


def test_the_default_model_is_measured_without_it(compiled_default: Path) -> None:
    from indexer.build import measure_of
    from kb.backends import load_encoder
    from kb.engines.encoders.model_files import DEFAULT_MODEL
    from kb.understanding.crosslingual import reader_of

    encoder = load_encoder(DEFAULT_MODEL, compiled_default)
    measure = measure_of(encoder)
    assert measure is not None
    assert not isinstance(measure, Measured)
    for language, text in (
        ("en", "Children's chat, in-game: 240 families."),
        ("de", "Kinder­schutz für Ältere – heute"),
    ):
        assert isinstance(measure, Parted)
        part, reader = measure.reader(language), reader_of(encoder, language)
        assert part.max_tokens == reader.max_tokens
        assert list(measure.token_offsets(text)) == list(reader.token_offsets(text))
