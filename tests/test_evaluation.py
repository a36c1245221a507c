"""Metric values worked out by hand, and collections read as they are."""

import gzip
import json
from math import log2
from pathlib import Path

import numpy as np
import pytest

from kb.errors import UsageError
from kb.evaluation.collection import read_collection
from kb.evaluation.measures import evaluate
from kb.evaluation.pairs import accuracy_at_1, documents, found_at_1, read_pairs
from tests.conftest import FakeEncoder


def test_ndcg_has_linear_gain_and_unjudged_documents_gain_nothing() -> None:
    found = evaluate({"q": ["x", "good", "fair"]}, {"q": {"good": 2, "fair": 1, "missed": 2, "bad": 0}})
    gained = 2 / log2(3) + 1 / log2(4)
    ideal = 2 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert found.means["ndcg@10"] == pytest.approx(gained / ideal)
    assert found.means["mrr@10"] == pytest.approx(1 / 2)
    assert found.means["recall@100"] == pytest.approx(2 / 3)


def test_ranks_beyond_ten_do_not_count_for_ndcg_and_the_order_is_ours() -> None:
    ranking = [f"d{n:02}" for n in range(30, 0, -1)]
    found = evaluate({"q": ranking}, {"q": {"d20": 1}})
    assert (found.means["ndcg@10"], found.means["mrr@10"], found.means["recall@100"]) == (0, 0, 1)
    found = evaluate({"q": ranking}, {"q": {"d21": 1}})
    assert found.means["ndcg@10"] == pytest.approx(1 / log2(11))


def test_a_query_without_a_ranking_counts_as_zero() -> None:
    found = evaluate({"a": ["x"]}, {"a": {"x": 1}, "b": {"y": 1}})
    assert found.means["ndcg@10"] == pytest.approx(0.5)
    assert found.by_query["b"] == {"ndcg@10": 0, "recall@100": 0, "mrr@10": 0}


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def rows(*values: object) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def test_a_collection_is_read_with_all_its_oddities(tmp_path: Path) -> None:
    write(
        tmp_path,
        queries__jsonl=rows({"_id": 1, "text": "one"}, {"_id": "two", "text": "unjudged"}),
        qrels__tsv="query-id\tcorpus-id\tscore\n1\ta b\t2\n1\tc\t0\ntwo\tc\t0\n",
    )
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(rows({"_id": "a b", "title": None, "text": "Text"}, {"_id": "c", "title": "T", "text": ""}))
    found = read_collection(tmp_path)
    assert found.queries == {"1": "one"}
    assert found.qrels == {"1": {"a b": 2, "c": 0}}
    assert found.documents is not None
    assert [(d.id, d.title, [s.text for s in d.sections]) for d in found.documents.values()] == [
        ("a b", "", ["Text"]),
        ("c", "T", []),
    ]


def test_a_folder_without_a_corpus_is_judged_against_the_base(tmp_path: Path) -> None:
    write(tmp_path, queries__jsonl=rows({"_id": "1", "text": "one"}), qrels__tsv="1\ta\t1\n")
    assert read_collection(tmp_path).documents is None


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "qrels.tsv cannot be read"),
        ({"qrels__tsv": "1\ta\t1\n"}, "queries.jsonl cannot be read"),
        ({"qrels__tsv": "1\ta\t1\n", "queries__jsonl": "nonsense\n"}, "queries.jsonl:1: "),
        ({"qrels__tsv": "1\ta\t1\n", "queries__jsonl": '{"text": "no id"}\n'}, 'no "_id"'),
        ({"qrels__tsv": "1\ta\t1\nbroken line\n", "queries__jsonl": rows({"_id": "1", "text": ""})}, "qrels.tsv:2: "),
        ({"qrels__tsv": "9\ta\t1\n", "queries__jsonl": rows({"_id": "1", "text": "x"})}, "has a judgement above 0"),
    ],
)
def test_what_is_wrong_in_a_collection_is_told(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_collection(write(tmp_path, **files))
    assert message in str(caught.value)


def test_accuracy_at_1_both_ways() -> None:
    # The first two are each other's; the third foreign sentence lies nearer to the first English one.
    pairs = [("cat dog", "cat dog"), ("sun", "sun moon"), ("cat", "house")]
    found = accuracy_at_1(pairs, FakeEncoder())
    encoder = FakeEncoder()
    similarity = encoder.encode([a for a, _ in pairs]) @ encoder.encode([b for _, b in pairs]).T
    assert np.argmax(similarity, axis=1).tolist() == [0, 1, 0]
    assert found["foreign_to_english"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["pairs"] == 3


def test_repeated_sentences_count_as_one() -> None:
    assert accuracy_at_1([("a", "x"), ("a", "x")], FakeEncoder())["english_to_foreign"] == 1


def test_a_search_finds_any_of_the_same_sentences() -> None:
    pairs = [("hund", "dog"), ("köter", "dog"), ("katze", "cat"), ("?", "lamp")]
    sentences = documents([english for _, english in pairs], "en")
    assert {id: document.sections[0].text for id, document in sentences.items()} == {
        "0": "dog",
        "2": "cat",
        "3": "lamp",
    }
    answers = {"hund": "0", "köter": "0", "katze": "3", "?": None}
    assert found_at_1(pairs, answers.__getitem__) == 0.5


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("no tab\n", ":1: no tab"), ("a\tb\nc\n", ":2: no tab")]
)
def test_what_is_wrong_in_pairs_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_pairs(write(tmp_path, pairs__tsv=text) / "pairs.tsv")
    assert message in str(caught.value)
