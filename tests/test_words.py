"""The vectors of the words of the base are kept beside the index, and a loss of them costs time and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer import words as keeping
from indexer.build import build
from indexer.words import keep_words
from kb.backends import Backend
from kb.engines.word_vectors import WORDS, add_words, read_words_kept, write_words
from kb.errors import ModelError
from kb.types import Document, Encoder, Floats, Query, Section
from kb.understanding.dictionary import KnownWords, make_dictionary
from tests.conftest import REPOSITORY, FakeEncoder


class Student:
    """Two encoders of one space; ``asked``: the words that the second was asked for by themselves."""

    fingerprint = "both"
    dimension = FakeEncoder.dimension
    max_tokens = FakeEncoder.max_tokens

    def __init__(self, student_fingerprint: str = "student") -> None:
        self.student_fingerprint = student_fingerprint
        self.asked: list[str] = []
        self._english = FakeEncoder("english")

    def reader(self, language: str) -> Encoder:
        return self._english

    def by_student(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        return self._english.encode([text.replace("esel", "donkey") for text in texts])

    def encode(self, texts: Sequence[str]) -> Floats:
        return self._english.encode(texts)

    def encode_query(self, text: str) -> Floats:
        return self._english.encode_query(text)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._english.token_offsets(text)


class NoStudent(Student):
    def by_student(self, texts: Sequence[str]) -> Floats:
        raise ModelError("the encoder in models cannot be loaded; install the project again")


def vectors_of(words: Sequence[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    return FakeEncoder().encode(words).astype(np.float16)


def document(number: int, text: str) -> Document:
    return Document(id=f"d{number}", title="Beach", sections=(Section((), text),))


def index(folder: Path, *texts: str, using: Encoder | None = None, full: bool = False) -> list[str]:
    """Index texts; what the student was asked for."""
    encoder = using or Student()
    build(folder, {f"d{n}": document(n, text) for n, text in enumerate(texts)}, encoder, "fake", full=full)
    return sorted(encoder.asked) if isinstance(encoder, Student) else []


def kept(folder: Path, fingerprint: str = "student") -> list[str]:
    return sorted(read_words_kept(folder, fingerprint).known.rows)


def waiting(folder: Path) -> list[str]:
    return sorted(read_words_kept(folder, "student").waiting)


def asked_in_search(folder: Path) -> tuple[list[str], list[str]]:
    """What a process that is asked in German has to encode, and what it understands."""
    encoder = Student()
    with Backend(folder, lambda manifest: encoder) as backend:
        found = backend.search(Query("Wo reitet der graue esel"))
    return sorted({*encoder.asked} - {"reitet", "graue", "esel"}), list(found.understood.english)


# --- the dictionary --------------------------------------------------------------------------------------------


def test_known_words_are_not_encoded_and_nothing_else_changes() -> None:
    documents = {"donkey": 3, "beach": 2, "riding": 5, "lamp": 1}
    words = ["lamp", "donkey", "not-there", "riding"]
    computed = make_dictionary(documents, Student().by_student)
    encoder = Student()
    known = KnownWords({word: row for row, word in enumerate(words)}, vectors_of(words))
    taken = make_dictionary(documents, encoder.by_student, known)
    assert encoder.asked == ["beach"]
    assert list(taken.words) == list(computed.words) == ["riding", "donkey", "beach", "lamp"]
    np.testing.assert_array_equal(taken.vectors, computed.vectors)
    assert taken.translations("esel") == computed.translations("esel")
    assert computed.translations("esel")[0][0] == "donkey"


def test_rounding_moves_no_cosine_by_more_than_a_thousandth() -> None:
    words = ["donkey", "beach", "riding", "lamp"]
    dictionary = make_dictionary(dict.fromkeys(words, 1), FakeEncoder().encode)
    exact = FakeEncoder().encode(sorted(words)) @ FakeEncoder().encode_query("donkey beach")
    found = dictionary.vectors @ FakeEncoder().encode_query("donkey beach")
    np.testing.assert_allclose(found, exact, atol=1e-3)


# --- a reindex -------------------------------------------------------------------------------------------------


def test_a_reindex_keeps_the_words_and_a_search_encodes_none(tmp_path: Path) -> None:
    assert index(tmp_path, "the donkey of a friend") == ["beach", "donkey", "friend", "the"]
    assert kept(tmp_path) == ["beach", "donkey", "friend", "the"]
    assert asked_in_search(tmp_path) == ([], ["donkey"])


def test_nothing_changed_nothing_is_written(tmp_path: Path) -> None:
    index(tmp_path, "the donkey of a friend")
    before = (tmp_path / WORDS).stat()
    assert index(tmp_path, "the donkey of a friend") == []
    after = (tmp_path / WORDS).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_few_new_words_wait_and_more_are_encoded_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "WAITING", 3)
    index(tmp_path, "the donkey")
    assert index(tmp_path, "the donkey", "one lamp") == []
    assert waiting(tmp_path) == ["lamp", "one"]
    assert asked_in_search(tmp_path) == (["lamp", "one"], ["donkey"])
    assert index(tmp_path, "the donkey", "one lamp") == []
    assert index(tmp_path, "the donkey", "one lamp", "some bread with one lamp") == [
        "bread",
        "lamp",
        "one",
        "some",
        "with",
    ]
    assert waiting(tmp_path) == []
    assert asked_in_search(tmp_path) == ([], ["donkey"])


def test_after_many_additions_words_that_no_document_has_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "ADDITIONS", 2)
    monkeypatch.setattr(keeping, "WAITING", 1)
    for text in ("donkey", "lamp", "bread", "mountain"):
        index(tmp_path, text)
    assert kept(tmp_path) == ["beach", "mountain"]


def test_full_makes_all_anew(tmp_path: Path) -> None:
    index(tmp_path, "the donkey")
    assert index(tmp_path, "the donkey", full=True) == ["beach", "donkey", "the"]


def test_an_encoder_of_one_part_has_no_words(tmp_path: Path, encoder: FakeEncoder) -> None:
    index(tmp_path, "the donkey", using=encoder)
    assert not (tmp_path / WORDS).exists()


def test_another_student_makes_its_own(tmp_path: Path) -> None:
    index(tmp_path, "the donkey")
    assert kept(tmp_path, "other") == []
    assert index(tmp_path, "the donkey", using=Student("other")) == ["beach", "donkey", "the"]
    assert kept(tmp_path, "other") == ["beach", "donkey", "the"]
    assert kept(tmp_path) == []


# --- damage ----------------------------------------------------------------------------------------------------


def _cut(content: bytes) -> bytes:
    return content[:-1]


def _flip(content: bytes) -> bytes:
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


@pytest.mark.parametrize(
    "damage",
    [
        _cut,
        _flip,
        lambda content: b"",
        lambda content: b"{}\n" + content,
        lambda content: b"\xff" * 3000,
        lambda content: content.replace(b'"words": 3', b'"words": 9'),
        lambda content: content + b"half a blo",
        lambda content: content + content,
    ],
)
def test_a_damaged_file_is_no_error_and_the_next_reindex_mends_it(tmp_path: Path, damage: object) -> None:
    index(tmp_path, "the donkey")
    content = (tmp_path / WORDS).read_bytes()
    (tmp_path / WORDS).write_bytes(damage(content))  # type: ignore[operator]
    asked, english = asked_in_search(tmp_path)
    assert english == ["donkey"]
    assert asked in ([], ["beach", "donkey", "the"])
    index(tmp_path, "the donkey")
    assert kept(tmp_path) == ["beach", "donkey", "the"]
    assert read_words_kept(tmp_path, "student").whole
    assert asked_in_search(tmp_path) == ([], ["donkey"])


def test_a_missing_file_is_made_by_the_next_reindex(tmp_path: Path) -> None:
    index(tmp_path, "the donkey")
    (tmp_path / WORDS).unlink()
    assert asked_in_search(tmp_path) == (["beach", "donkey", "the"], ["donkey"])
    assert index(tmp_path, "the donkey") == ["beach", "donkey", "the"]
    assert asked_in_search(tmp_path) == ([], ["donkey"])


def test_an_addition_that_was_cut_off_leaves_what_stood_before(tmp_path: Path) -> None:
    write_words(tmp_path, "student", ["donkey"], vectors_of(["donkey"]))
    add_words(tmp_path, "student", ["lamp", "bread"], vectors_of(["lamp", "bread"]))
    content = (tmp_path / WORDS).read_bytes()
    for end in range(len(content)):
        (tmp_path / WORDS).write_bytes(content[:end])
        found = read_words_kept(tmp_path, "student")
        assert list(found.known.rows) in ([], ["donkey"])
        assert not found.whole or list(found.known.rows) == ["donkey"]


#: Where a run is killed: what it wrote may not be on the disk yet; it is, and has not got its name yet.
KILLED = {
    "adding": ("word_vectors.os.fsync = kill", False),
    "writing anew": ("word_vectors.os.fsync = kill", True),
    "renaming": ("Path.replace = kill", True),
}


@pytest.mark.parametrize("step", KILLED)
@pytest.mark.parametrize("first", [True, False])
def test_killed_while_it_writes_the_next_run_completes(tmp_path: Path, step: str, first: bool) -> None:
    if not first:
        index(tmp_path, "the donkey")
    patch, full = KILLED[step]
    program = f"""
import os, signal, sys
from pathlib import Path
from indexer import build
from kb.engines import word_vectors
from tests.test_words import index

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def keep(*arguments, _keep=build.keep_words, **options):
    {patch}
    _keep(*arguments, **options)

build.keep_words = keep
index(Path(sys.argv[1]), 'the donkey', 'one lamp', full={full})
"""
    killed = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    if not first:
        assert asked_in_search(tmp_path)[1] == ["donkey"]
    index(tmp_path, "the donkey", "one lamp")
    found = read_words_kept(tmp_path, "student")
    assert sorted({*found.known.rows, *found.waiting}) == ["beach", "donkey", "lamp", "one", "the"]
    assert found.whole
    assert [path.name for path in tmp_path.glob("words*")] == [WORDS]


def test_a_student_that_cannot_be_read_stops_no_run(tmp_path: Path) -> None:
    told: list[str] = []
    words: Mapping[str, int] = {"donkey": 1}
    keep_words(tmp_path, NoStudent(), (), lambda: words, notice=told.append)
    assert len(told) == 1
    assert "install the project again" in told[0]
    assert not (tmp_path / WORDS).exists()


def test_a_folder_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / WORDS).mkdir()
    keep_words(tmp_path, Student(), (), lambda: {"donkey": 1}, notice=told.append)
    assert len(told) == 1
    assert str(tmp_path / WORDS) in told[0]
