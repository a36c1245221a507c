"""Postings: what is stored is what was added, whatever came, went and was merged."""

import sqlite3
from collections import Counter
from math import log1p
from pathlib import Path

import numpy as np
import pytest

from indexer.build import build
from kb.backends import Backend
from kb.engines.database import postings
from kb.engines.database.rows import term_counts
from kb.text.analysis import analysed
from kb.types import Document, Section
from kb.understanding.query import parse
from tests.conftest import ENTRIES, FakeEncoder


@pytest.fixture
def connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(postings.TABLES + "CREATE TABLE documents (key INTEGER PRIMARY KEY);")
    return connection


def publish(connection: sqlite3.Connection, texts: dict[int, str]) -> None:
    writer = postings.PostingsWriter(connection)
    for key, text in texts.items():
        connection.execute("INSERT INTO documents VALUES (?)", (key,))
        writer.add(key, term_counts({"text": text}))
    writer.flush()
    postings.merge(connection)


def stored(connection: sqlite3.Connection, term: str) -> dict[int, int]:
    """How often each document holds ``term``, those that are gone included."""
    found: dict[int, int] = {}
    for place in postings.read(connection, [term]).get(term, []):
        assert not found.keys() & place.keys.tolist(), "a document in two runs"
        found |= dict(zip(place.keys.tolist(), place.counts.tolist(), strict=True))
    return found


def test_a_term_is_found_in_every_run(connection: sqlite3.Connection) -> None:
    publish(connection, {1: "a b a", 2: "b"})
    publish(connection, {3: "a"})
    assert stored(connection, "a") == {1: 2, 3: 1}
    assert stored(connection, "b") == {1: 1, 2: 1}
    assert stored(connection, "c") == {}


def test_many_small_runs_become_one_and_a_large_one_stays(connection: sqlite3.Connection) -> None:
    publish(connection, dict.fromkeys(range(1, 101), "a b c d"))
    for key in range(101, 101 + postings.MAX_RUNS):
        publish(connection, {key: "a"})
    assert connection.execute("SELECT run, documents, size FROM runs ORDER BY run").fetchall() == [
        (1, 100, 400),
        (2, postings.MAX_RUNS, postings.MAX_RUNS),
    ]
    assert stored(connection, "a") == dict.fromkeys(range(1, 101 + postings.MAX_RUNS), 1)


def test_what_is_gone_is_left_out_when_it_is_much(connection: sqlite3.Connection) -> None:
    publish(connection, {1: "a", 2: "a b", 3: "a", 4: "a"})
    connection.execute("DELETE FROM documents WHERE key = 2")
    publish(connection, {})
    assert stored(connection, "a") == {1: 1, 2: 1, 3: 1, 4: 1}  # a quarter is not yet much
    connection.execute("DELETE FROM documents WHERE key = 1")
    publish(connection, {})
    assert stored(connection, "a") == {3: 1, 4: 1}
    assert stored(connection, "b") == {}


def test_no_key_is_given_twice(tmp_path: Path) -> None:
    """The newest document goes, and what comes next has words of its own only."""
    first, gone, new = (Document(id=key, title=key, sections=(Section((), f"word{key}"),)) for key in "abc")
    build(tmp_path, {"a": first, "b": gone}, FakeEncoder(), "fake")
    build(tmp_path, {"a": first}, FakeEncoder(), "fake")
    build(tmp_path, {"a": first, "c": new}, FakeEncoder(), "fake")
    with Backend(tmp_path, lambda manifest: FakeEncoder()) as backend, backend._snapshot() as snapshot:
        assert snapshot.retriever("lexical").retrieve(parse("wordb", ["en"])).documents.tolist() == [0, 0]
        assert snapshot.retriever("lexical").retrieve(parse("wordc", ["en"])).documents.argmax() == 1
        assert snapshot.occurring(["wordb", "wordc"]) == {"wordc"}


def test_scores_are_those_of_the_formula_over_all_texts(tmp_path: Path) -> None:
    """BM25F by brute force, from the analysed texts, after runs came, went and were merged."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ENTRIES / "practices").glob("*.md"))[:30]]
    documents = {
        f"d{n:02d}": Document(id=f"d{n:02d}", title=text[20:60], sections=(Section((), text[60:1500]),))
        for n, text in enumerate(texts)
    }
    encoder = FakeEncoder()
    for number in range(3, 31, 3):
        build(tmp_path, dict(list(documents.items())[max(0, number - 20) : number]), encoder, "fake")
    left = dict(list(documents.items())[10:30])
    query = parse("children young people report harm to the police", ["en"])
    with Backend(tmp_path, lambda manifest: encoder) as backend, backend._snapshot() as snapshot:
        assert snapshot.layout.ids == tuple(left)
        found = snapshot.retriever("lexical").retrieve(query)
    titles = [analysed(document.title, "en").split() for document in left.values()]
    bodies = [analysed(document.sections[0].text, "en").split() for document in left.values()]
    mean_title, mean_body = np.mean([len(words) for words in titles]), np.mean([len(words) for words in bodies])
    expected = np.zeros(len(left))
    for (form,), count in zip(query.terms, query.counts, strict=True):
        frequencies = [
            4.0 * Counter(title)[form] / (0.5 + 0.5 * len(title) / mean_title)
            + Counter(body)[form] / (0.4 + 0.6 * len(body) / mean_body)
            for title, body in zip(titles, bodies, strict=True)
        ]
        holding = sum(value > 0 for value in frequencies)
        idf = log1p((len(left) - holding + 0.5) / (holding + 0.5))
        expected += [count * idf * value * 2.6 / (value + 1.6) for value in frequencies]
    assert found.documents.tolist() == pytest.approx(expected.tolist(), rel=1e-6)
