"""Reranking: what moves and what stays, and a real CrossEncoder, tiny and with random weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import kb.backends
from kb.backends import Backend, load_reranker
from kb.cli import main
from kb.engines.encoders.model_files import DEFAULT_MODEL, find_model, find_reranker
from kb.errors import ModelError
from kb.ranking import reranking
from kb.types import Floats, Mode, Query
from tests.conftest import FakeEncoder


class Longest:
    """A reranker that can be told by eye: the longer the text, the better. Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        self.asked.append((query, tuple(texts)))
        return np.array([len(text) / (len(text) + 1000) for text in texts], dtype=np.float32)


@pytest.fixture(scope="module")
def reranker() -> Longest:
    return Longest()


@pytest.fixture(scope="module")
def reranking_backend(indexed: Path, reranker: Longest) -> Iterator[Backend]:
    with Backend(indexed, lambda manifest: FakeEncoder(), reranker=reranker) as opened:
        yield opened


# --- the pure part ---------------------------------------------------------------------------------------------


def test_the_best_candidates_trade_places_and_scores() -> None:
    order = np.array([4, 1, 3, 0, 2])
    scores = np.array([0.3, 0.8, 0.1, 0.5, 0.9], dtype=np.float32)
    candidates = np.array([True, False, True, True, True])
    documents = reranking.best(order, candidates)
    assert documents.tolist() == [4, 3, 0, 2]
    new_order, new_scores = reranking.reranked(order, scores, documents[:3], np.array([0.2, 0.1, 0.7], np.float32))
    assert new_order.tolist() == [0, 1, 4, 3, 2]  # 1 is no candidate, 2 was not asked about
    assert new_scores == pytest.approx([0.9, 0.8, 0.1, 0.3, 0.5])
    assert order.tolist() == [4, 1, 3, 0, 2]


def test_equal_judgements_change_nothing() -> None:
    order, scores = np.arange(40), np.linspace(1, 0, 40, dtype=np.float32)
    documents = reranking.best(order, np.ones(40, dtype=bool))
    assert len(documents) == reranking.DEPTH == 20
    new_order, new_scores = reranking.reranked(order, scores, documents, np.full(20, 0.5, dtype=np.float32))
    assert new_order.tolist() == order.tolist()
    assert new_scores.tolist() == scores.tolist()


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans(), st.floats(0, 1, width=32)), max_size=50))
def test_scores_fall_and_the_rest_stays(rows: list[tuple[float, bool, float]]) -> None:
    scores, candidates, judged = (
        np.array([row[column] for row in rows], dtype=kind) for column, kind in enumerate(("f4", "?", "f4"))
    )
    order = np.lexsort((np.arange(len(rows)), -scores)).astype(np.int64)
    documents = reranking.best(order, candidates)
    new_order, new_scores = reranking.reranked(order, scores, documents, judged[documents])
    assert sorted(new_order) == sorted(order)
    assert new_scores[new_order].tolist() == scores[order].tolist()
    still = ~np.isin(order, documents)
    assert new_order[still].tolist() == order[still].tolist()
    assert all(judged[a] >= judged[b] for a, b in pairwise(new_order[~still]))


def test_a_text_is_title_headings_and_passage() -> None:
    assert reranking.text("Title", ("A", "B"), "words") == "Title - A - B\nwords"
    assert reranking.text("", (), "words") == "words"


# --- in a search -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_the_first_twenty_are_reordered_and_nothing_else(
    backend: Backend, reranking_backend: Backend, mode: Mode
) -> None:
    query = Query("helpline for bullied children", mode=mode, limit=1000)
    before, after = backend.search(query), reranking_backend.search(query)
    assert before.total == after.total > 20
    assert before.facets == after.facets
    assert [hit.score for hit in before.hits] == [hit.score for hit in after.hits]
    old, new = [[hit.id for hit in results.hits] for results in (before, after)]
    assert old[20:] == new[20:]
    assert set(old[:20]) == set(new[:20])
    assert old[:20] != new[:20]
    assert {hit.id: hit.band for hit in before.hits} == {hit.id: hit.band for hit in after.hits}


def test_a_filter_gives_a_subsequence_and_pages_fit(reranking_backend: Backend) -> None:
    whole = [hit.id for hit in reranking_backend.search(Query("helpline for bullied children", limit=1000)).hits]
    for audience in ("children", "parents", "industry"):
        query = Query("helpline for bullied children", filters={"audience": (audience,)}, limit=1000)
        part = [hit.id for hit in reranking_backend.search(query).hits]
        assert part == [id for id in whole if id in set(part)]
        pages = [
            hit.id
            for offset in range(0, len(part), 7)
            for hit in reranking_backend.search(Query(query.text, filters=query.filters, limit=7, offset=offset)).hits
        ]
        assert pages == part


def test_it_reads_what_was_asked_and_the_best_passage(reranking_backend: Backend, reranker: Longest) -> None:
    reranker.asked.clear()
    hits = reranking_backend.search(Query("helpline -chat", limit=20)).hits
    ((query, texts),) = reranker.asked
    assert query == "helpline"
    assert set(texts) == {reranking.text(hit.title, hit.passage.heading, hit.passage.text) for hit in hits}


def test_it_is_not_asked_when_it_can_change_nothing(reranking_backend: Backend, reranker: Longest) -> None:
    reranker.asked.clear()
    reranking_backend.search(Query(limit=20))
    reranking_backend.search(Query("helpline", offset=20))
    assert reranker.asked == []


# --- a real model ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a CrossEncoder with one layer of random weights and the packaged model's tokenizer."""
    return make_cross_encoder(tmp_path_factory.mktemp("reranker"), labels=1)


def make_cross_encoder(folder: Path, *, labels: int) -> Path:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(4)
    packaged = find_model(DEFAULT_MODEL).folder
    words = len((packaged / "vocab.txt").read_text(encoding="utf-8").splitlines())
    config = BertConfig(
        vocab_size=words,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=512,
        initializer_range=0.5,
    )
    config.num_labels = labels
    BertForSequenceClassification(config).save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(packaged / file, folder)
    return folder


TEXTS = ["A helpline for bullied children", "Tomato soup", "", "word " * 2000]


def test_scores_lie_in_0_to_1_and_are_the_same_each_time(tiny: Path) -> None:
    scores = load_reranker(str(tiny)).score("who helps bullied children", TEXTS)
    assert scores.dtype == np.float32
    assert scores.shape == (4,)
    assert ((scores > 0) & (scores < 1)).all()
    assert len(set(scores.tolist())) == 4
    again = load_reranker(str(tiny)).score("who helps bullied children", TEXTS[::-1])
    assert again[::-1] == pytest.approx(scores, abs=1e-5)
    assert load_reranker(str(tiny)).score("anything", []).shape == (0,)


def test_an_activation_of_the_models_own_keeps_the_order(tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "raw"))
    config = json.loads((folder / "config.json").read_text())
    config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.linear.Identity"}
    (folder / "config.json").write_text(json.dumps(config))
    expected = load_reranker(str(tiny)).score("bullied", TEXTS)
    assert load_reranker(str(folder)).score("bullied", TEXTS) == pytest.approx(expected, abs=1e-6)


def test_its_files_are_its_fingerprint(tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "copy"))
    assert find_reranker(str(folder)).fingerprint == find_reranker(str(tiny)).fingerprint
    (folder / "vocab.txt").write_text("other")
    assert find_reranker(str(folder)).fingerprint != find_reranker(str(tiny)).fingerprint


def test_an_embedding_model_is_refused() -> None:
    """It would be loaded with a head of random weights, and shuffle the results without a word."""
    with pytest.raises(ModelError, match="not a CrossEncoder; choose another with --reranker"):
        load_reranker(str(find_model(DEFAULT_MODEL).folder)).score("x", ["y"])


def test_a_model_with_several_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="gives 3 values for a pair"):
        load_reranker(str(make_cross_encoder(tmp_path, labels=3))).score("x", ["y"])


def test_what_cannot_be_had_is_told(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="no model weights; give the folder of a CrossEncoder"):
        load_reranker(str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="give a folder with --reranker, or leave --reranker out"):
        load_reranker("nobody/no-such-model")
    folder = Path(shutil.copytree(tiny, tmp_path / "broken"))
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"cannot be loaded .*; choose another with --reranker"):
        load_reranker(str(folder)).score("x", ["y"])


# --- the command -----------------------------------------------------------------------------------------------


Run = Callable[..., Result]


@pytest.fixture
def run(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(kb.backends, "load_encoder", lambda model, data=None, **options: FakeEncoder())
    return lambda *arguments: CliRunner().invoke(main, ["--data", str(indexed), *arguments])


def found(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [hit["id"] for hit in json.loads(result.stdout)["hits"]]


def test_search_takes_it_as_an_option_and_from_the_environment(
    run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("search", "helpline", "for", "children", "--limit", "25", "--json")
    plain, other = found(run(*asked)), found(run(*asked, "--reranker", str(tiny)))
    assert set(plain) == set(other)
    assert plain != other
    assert plain[20:] == other[20:]
    monkeypatch.setenv("KB_RERANKER", str(tiny))
    assert found(run(*asked)) == other


def test_a_wrong_one_is_one_line_on_standard_error(run: Run, tmp_path: Path) -> None:
    result = run("search", "helpline", "--reranker", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr == f"kb: {tmp_path} holds no model weights; give the folder of a CrossEncoder\n"


def test_evaluate_says_which_one_it_used(run: Run, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"_id": "1", "text": "helpline"}\n')
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\tfrance-3018-national-number\t1\n")
    value = json.loads(run("evaluate", str(tmp_path), "--reranker", str(tiny), "--json").stdout)
    assert value["reranker"] == str(tiny)
    assert "reranker" not in json.loads(run("evaluate", str(tmp_path), "--json").stdout)
