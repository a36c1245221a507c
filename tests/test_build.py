"""What a run does and does not do again, and what it makes of a damaged index."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.build import MAX_SEGMENTS, Built, build
from indexer.plan import plan
from kb.backends import Backend
from kb.engines.database.store import DATABASE, Store
from kb.engines.vector_cache import CACHE, VectorCache
from kb.errors import Damaged
from kb.types import Document, Query, Section
from tests.conftest import FakeEncoder

Run = Callable[..., Built]


def document(key: str, text: str = "some words") -> Document:
    return Document(
        id=key, title=f"Title of {key}", sections=(Section((), f"{text} {key}"),), questions=(f"What is {key}?",)
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, encoder: FakeEncoder) -> Run:
    def run(*documents: Document, using: FakeEncoder = encoder, full: bool = False) -> Built:
        return build(data, {each.id: each for each in documents}, using, "fake", full=full)

    return run


def search(data: Path, text: str = "", **options: object) -> list[str]:
    with Backend(data, lambda manifest: FakeEncoder(manifest.fingerprint)) as backend:
        return [hit.id for hit in backend.search(Query(text, limit=1000, **options)).hits]  # type: ignore[arg-type]


def test_plan_tells_new_changed_gone_and_unchanged() -> None:
    found = plan({"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "x", "d": "4"})
    assert (found.added, found.changed, found.removed, found.unchanged) == (("a",), ("c",), ("d",), ("b",))
    assert plan({"b": "2"}, {"b": "2"}, full=True).changed == ("b",)


def test_a_second_run_with_nothing_changed_does_nothing(run: Run, encoder: FakeEncoder) -> None:
    first = run(document("a"), document("b"))
    assert (first.published, first.encoded, first.passages, first.generation) == (True, 6, 6, 1)
    second = run(document("b"), document("a"))
    assert (second.published, second.encoded, second.generation) == (False, 0, 1)
    assert second.plan.unchanged == ("a", "b")
    assert encoder.encoded == 6


def test_only_new_text_is_encoded(run: Run, data: Path, encoder: FakeEncoder) -> None:
    run(document("a"), document("b"))
    changed = run(document("a"), replace(document("b"), sections=(Section((), "other words"),)), document("c"))
    assert changed.plan.added == ("c",)
    assert changed.plan.changed == ("b",)
    assert changed.encoded == 4  # the new body of b; body, question and title of c
    assert search(data, "other words")[0] == "b"
    assert encoder.encoded == 10


def test_a_change_of_tags_encodes_nothing(run: Run, data: Path) -> None:
    run(document("a"))
    changed = run(replace(document("a"), tags={"country": ("GB",)}, keywords=("Ofcom",), date="2024"))
    assert (changed.plan.changed, changed.encoded, changed.published) == (("a",), 0, True)
    assert search(data, filters={"country": ("GB",)}) == ["a"]


def test_a_rename_encodes_nothing(run: Run, data: Path) -> None:
    run(document("a"), document("b"))
    renamed = run(replace(document("a"), id="z"), document("b"))
    assert (renamed.plan.added, renamed.plan.removed, renamed.encoded) == (("z",), ("a",), 0)
    assert search(data, "Title of a")[0] == "z"


def test_what_is_gone_is_found_no_more(run: Run, data: Path) -> None:
    run(document("a"), document("b"))
    run(document("b"))
    assert search(data) == ["b"]
    assert search(data, "title", mode="lexical") == ["b"]
    assert run().passages == 0
    assert search(data) == []


def test_vectors_survive_the_loss_of_the_index(run: Run, data: Path, encoder: FakeEncoder) -> None:
    run(document("a"), document("b"))
    Store(data).set_aside()
    again = run(document("a"), document("b"))
    assert (again.encoded, again.reused) == (0, 6)
    assert encoder.encoded == 6


def test_full_uses_nothing_of_before(run: Run, data: Path) -> None:
    run(document("a"), document("b"))
    full = run(document("a"), document("b"), full=True)
    assert (full.encoded, full.generation, full.plan.changed) == (6, 2, ("a", "b"))
    assert search(data, "title of a")[0] == "a"


def test_another_model_is_another_space(run: Run, data: Path) -> None:
    run(document("a"))
    other = run(document("a"), using=FakeEncoder("another"))
    assert (other.encoded, other.published) == (3, True)
    back = run(document("a"))
    assert (back.encoded, back.published) == (0, True)
    assert search(data, "title of a") == ["a"]


def test_many_small_changes_leave_few_segments(run: Run, data: Path) -> None:
    documents: list[Document] = []
    for number in range(3 * MAX_SEGMENTS):
        documents.append(document(f"d{number:02}"))
        run(*documents)
        with Store(data).reading() as reader:
            assert len(reader.manifest().segments) <= MAX_SEGMENTS
    for number in range(0, len(documents), 5):
        assert search(data, f"words d{number:02}")[0] == f"d{number:02}"
    run(documents[3])
    with Store(data).reading() as reader:
        (segment,) = reader.manifest().segments
    assert segment.rows == 3
    assert search(data, "words d03") == ["d03"]


def test_compaction_changes_no_result(run: Run, data: Path, tmp_path: Path) -> None:
    documents = [document(f"d{number}", "words " * number) for number in range(12)]
    for number in range(1, 13):
        run(*documents[:number])
    run(*documents[6:])
    build(tmp_path / "fresh", {each.id: each for each in documents[6:]}, FakeEncoder(), "fake")
    for text in ("words d7", "title", "what is d9"):
        assert search(data, text) == search(tmp_path / "fresh", text)


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def alter(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def overwrite(path: Path) -> None:
    path.write_bytes(b"not what it was" * 1000)


def database(data: Path) -> Path:
    return data / DATABASE


def segment(data: Path) -> Path:
    return next((data / "segments").iterdir())


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        (database, truncate),
        (database, overwrite),
        (segment, truncate),
        (segment, alter),
        (segment, overwrite),
        (segment, remove),
    ],
    ids=lambda value: value.__name__,
)
def test_damage_is_noticed_and_the_next_run_mends_it(
    run: Run, data: Path, file: Callable[[Path], Path], damage: Callable[[Path], None]
) -> None:
    documents = [document(f"d{number}") for number in range(40)]
    run(*documents)
    damage(file(data))
    with pytest.raises(Damaged, match="kb reindex"):
        search(data, "words")
    again = run(*documents)
    assert (again.published, again.encoded) == (True, 0)
    assert len(search(data)) == 40
    assert search(data, "words d7")[0] == "d7"


def test_large_files_are_checked_by_kb_status_only(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.backends._CHECKED_WHEN_OPENED", 0)
    run(document("a"), document("b"))
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        backend.check()
        alter(segment(data))
        with pytest.raises(Damaged, match="SHA-256"):
            backend.check()
    assert len(search(data)) == 2


def test_an_altered_row_is_noticed_when_it_is_read(run: Run, data: Path) -> None:
    run(document("a"), document("b"))
    with Store(data).writing() as writer:
        writer._database.execute("UPDATE passages SET text = 'forged' WHERE ordinal = 0")
    with pytest.raises(Damaged, match="not the one that was written"):
        search(data, "words")
    with pytest.raises(Damaged):
        Store(data).check()
    run(document("a"), document("b"))
    assert search(data, "words a")[0] == "a"


def test_an_index_of_another_version_is_made_anew(run: Run, data: Path) -> None:
    run(document("a"))
    with Store(data).writing() as writer:
        writer._meta("schema", "0")
    with pytest.raises(Damaged, match="another version of kb"):
        search(data)
    assert run(document("a")).plan.added == ("a",)
    assert search(data) == ["a"]


def test_a_damaged_vector_cache_is_filled_again(run: Run, data: Path) -> None:
    run(document("a"))
    overwrite(data / CACHE)
    assert run(document("a"), document("b")).encoded == 3
    assert search(data, "words b")[0] == "b"


def test_vectors_that_nothing_uses_are_forgotten_once_there_are_many(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.build.CACHE_SPARE", 64 * 1024)
    other = FakeEncoder("another model")
    run(document("a"))
    run(document("a"), document("b"), using=other)
    assert cached(data) == {"fake": 3, "another model": 6}  # little: both models find their vectors again
    run(*(document(str(number)) for number in range(80)), using=other)
    run(document("b"), using=other)
    assert cached(data) == {"another model": 3}
    assert run(document("b"), document("a"), using=other).encoded == 3
    assert search(data, "words b")[0] == "b"


def test_a_cache_that_is_damaged_inside_is_begun_anew_when_it_is_to_forget(tmp_path: Path) -> None:
    hashes = [bytes([number]) * 32 for number in range(100)]
    with VectorCache(tmp_path) as cache:
        cache.put("fake", hashes, np.ones((100, 64), dtype=np.float32))
    file = tmp_path / CACHE
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))  # the first page tells what tables there are
    with VectorCache(tmp_path) as cache:
        cache.keep_only([("fake", hashes[0])])
        assert cache.get("fake", hashes, 64) == {}
        cache.put("fake", hashes[:1], np.ones((1, 64), dtype=np.float32))
        assert list(cache.get("fake", hashes, 64)) == hashes[:1]


def cached(data: Path) -> dict[str, int]:
    with closing(sqlite3.connect(data / CACHE)) as cache:
        return dict(cache.execute("SELECT fingerprint, count(*) FROM kept GROUP BY fingerprint"))


def test_open_readers_notice_a_new_generation_and_a_replaced_file(run: Run, data: Path) -> None:
    run(document("a"))
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        assert backend.search(Query()).total == 1
        run(document("a"), document("b"))
        assert (backend.search(Query()).total, backend.generation()) == (2, 2)
        Store(data).set_aside()
        run(document("a"), document("b"), document("c"))
        assert backend.search(Query()).total == 3


def test_an_index_made_anew_is_not_taken_for_the_old_one(run: Run, data: Path) -> None:
    """Both are generation 1."""
    run(document("a"))
    with Backend(data, lambda manifest: FakeEncoder()) as backend:
        assert backend.search(Query("some words")).hits[0].id == "a"
        shutil.rmtree(data)
        assert backend.search(Query("some words")).hits[0].id == "a"  # until there is another
        run(document("b"), document("c"))
        assert {hit.id for hit in backend.search(Query()).hits} == {"b", "c"}
        assert backend.search(Query("words c")).hits[0].id == "c"


def test_readers_of_the_last_generation_find_its_segments_for_a_while(run: Run, data: Path) -> None:
    run(document("a"))
    before = segment(data)
    run(document("b"))
    assert before.exists()
    with Store(data).reading() as reader:
        assert before.name in reader.manifest().retired
