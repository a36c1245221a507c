"""One contract for every engine: who ranks first, not how many come back."""

from collections.abc import Callable
from dataclasses import replace
from math import log1p
from pathlib import Path

import numpy as np
import pytest

from kb.backends import RETRIEVERS, Backend, Snapshot
from kb.engines.dense import MEASURED, SHARED_FROM, Vectors, document_means, how_scanned, write_segment
from kb.engines.lexical import K1
from kb.types import Document, Evidence, Section
from kb.understanding.query import LIKELY, parse
from tests.conftest import FakeEncoder, MakeBackend

DOCUMENTS = (
    Document(id="a", title="Helpline", sections=(Section((), "Children call a helpline when they are bullied."),)),
    Document(id="b", title="Filter", sections=(Section((), "A filter blocks web sites for adults."),)),
    Document(id="c", title="School", sections=(Section((), "Pupils learn about sources of news."),)),
    Document(id="d", title="", sections=()),
)

Retrieve = Callable[[str], tuple[Snapshot, Evidence]]


@pytest.fixture(params=sorted(RETRIEVERS))
def retrieve(request: pytest.FixtureRequest, make_backend: MakeBackend) -> Retrieve:
    backend: Backend = make_backend(*DOCUMENTS)

    def run(text: str) -> tuple[Snapshot, Evidence]:
        with backend._snapshot() as snapshot:
            return snapshot, snapshot.retriever(request.param).retrieve(parse(text, ["en"]))

    return run


@pytest.mark.parametrize(
    ("text", "first"),
    [("helpline for bullied children", "a"), ("blocks web sites", "b"), ("pupils and news", "c"), ("filter", "b")],
)
def test_the_document_with_the_words_of_the_query_comes_first(retrieve: Retrieve, text: str, first: str) -> None:
    snapshot, evidence = retrieve(text)
    assert snapshot.layout.ids[int(evidence.documents.argmax())] == first
    best = [float(scores.max()) for scores in evidence.passages(range(len(DOCUMENTS)))]
    assert snapshot.layout.ids[int(np.argmax(best))] == first or max(best) == 0


@pytest.mark.parametrize("text", ["helpline", "children and pupils", "xyzzy", "the of", "a" * 300])
def test_everything_has_a_score_and_strengths_are_shares(retrieve: Retrieve, text: str) -> None:
    snapshot, evidence = retrieve(text)
    assert evidence.documents.shape == evidence.strength.shape == (len(snapshot.layout.ids),)
    passages = evidence.passages(range(len(DOCUMENTS)))
    assert [len(scores) for scores in passages] == np.diff(snapshot.layout.starts).tolist()
    assert (evidence.documents >= 0).all()
    for shares in (evidence.strength, *passages):
        assert ((shares >= 0) & (shares <= 1)).all()
    assert {evidence.documents.dtype, evidence.strength.dtype, passages[0].dtype} == {np.dtype("float32")}


def test_an_empty_query_finds_nothing(retrieve: Retrieve) -> None:
    evidence = retrieve("")[1]
    assert not evidence.documents.any()
    assert not any(scores.any() for scores in evidence.passages(range(len(DOCUMENTS))))


def test_twins_have_the_same_score(make_backend: MakeBackend) -> None:
    twins = [Document(id=f"t{n}", title="Twin", sections=(Section((), "the same words"),)) for n in range(5)]
    backend = make_backend(*twins)
    with backend._snapshot() as snapshot:
        for name in RETRIEVERS:
            assert len(set(snapshot.retriever(name).retrieve(parse("same words", ["en"])).documents.tolist())) == 1


def test_a_strength_is_how_much_of_the_query_was_found(make_backend: MakeBackend) -> None:
    backend = make_backend(*DOCUMENTS)
    with backend._snapshot() as snapshot:
        lexical = snapshot.retriever("lexical")
        whole = lexical.retrieve(parse("helpline", ["en"])).strength[0]
        part = lexical.retrieve(parse("helpline zebra quagga okapi", ["en"])).strength[0]
    assert part < whole / 3


def test_a_word_that_is_held_in_translation_only_counts_half(make_backend: MakeBackend) -> None:
    """All that was asked for is there, but whether the translation is what was meant nobody knows."""
    query = replace(parse("hotline", ["en"]), terms=(("notruf", "hotlin"),), certainty={"hotlin": 1.0})
    backend = make_backend(Document(id="a", title="A hotline"), *(Document(id=f"b{n}", title="x") for n in range(4)))
    with backend._snapshot() as snapshot:
        lexical = snapshot.retriever("lexical")
        assert lexical.retrieve(parse("hotline", ["en"])).strength.tolist() == [1, 0, 0, 0, 0]
        assert lexical.retrieve(query).strength.tolist() == [0.5, 0, 0, 0, 0]
        own = replace(query, terms=(("hotlin", "notruf"),), certainty={"notruf": 1.0})
        assert lexical.retrieve(own).strength.tolist() == [1, 0, 0, 0, 0]
        unsure, unlikely = (replace(query, certainty={"hotlin": certainty}) for certainty in (0.8, LIKELY - 0.01))
        assert lexical.retrieve(unsure).strength.tolist() == pytest.approx([0.4, 0, 0, 0, 0])
        assert lexical.retrieve(unlikely).strength.tolist() == [0, 0, 0, 0, 0]


def test_a_translation_counts_as_far_as_it_is_sure(make_backend: MakeBackend) -> None:
    """Worked out by hand: "call" once in one of five documents of one word, of equal length; tf is its certainty."""
    documents = [
        Document(id=f"d{n}", title="", sections=(Section((), word),)) for n, word in enumerate(["call", *"vwxy"])
    ]
    idf = log1p((5 - 1 + 0.5) / (1 + 0.5))
    query = replace(parse("call", ["en"]), terms=(("notruf", "call"),), translations={"call": "call"})
    with make_backend(*documents)._snapshot() as snapshot:
        lexical = snapshot.retriever("lexical")
        for certainty in (1.0, 0.5, 0.1):
            found = lexical.retrieve(replace(query, certainty={"call": certainty}))
            assert found.documents[0] == pytest.approx(idf * certainty * (K1 + 1) / (certainty + K1), rel=1e-5)
            (passage,) = found.passages([0])
            assert passage.max() == pytest.approx(certainty / (1 + K1), rel=1e-5)


def test_bm25f_is_the_formula(make_backend: MakeBackend) -> None:
    """Worked out by hand: N = 2, "filter" once in the title and twice in the text of one document of the two."""
    backend = make_backend(
        Document(id="a", title="A filter", sections=(Section((), "filter filter web"),), keywords=("filter",)),
        Document(id="b", title="Other", sections=(Section((), "one two three four five six seven eight nine"),)),
    )
    with backend._snapshot() as snapshot:
        evidence = snapshot.retriever("lexical").retrieve(parse("filter filter", ["en"]))
    idf = log1p((2 - 1 + 0.5) / (1 + 0.5))
    title = 4.0 * 1 / (0.5 + 0.5 * 2 / 1.5)  # 2 terms in the title, 1.5 on average
    text = 1.0 * 2 / (0.4 + 0.6 * 3 / 6)  # 3 terms in the text, 6 on average
    frequency = title + text + 0.5 * 1
    expected = 2 * idf * frequency * 2.6 / (frequency + 1.6)  # asked for twice
    assert evidence.documents.tolist() == pytest.approx([expected, 0])
    assert evidence.strength.tolist() == [1, 0]


def test_the_score_of_meaning_is_half_the_best_passage_and_half_the_title_if_that_is_nearer(
    make_backend: MakeBackend,
) -> None:
    backend = make_backend(*DOCUMENTS)
    encoder = FakeEncoder()
    with backend._snapshot() as snapshot:
        evidence = snapshot.retriever("semantic").retrieve(parse("filter", ["en"]))
    asked = encoder.encode_query("filter")
    passage = float(encoder.encode_query("Filter\nA filter blocks web sites for adults.") @ asked)
    title = float(encoder.encode_query("Filter") @ asked)
    assert title > passage
    assert float(evidence.documents[1]) == pytest.approx((passage + title) / 2, abs=1e-5)
    assert float(evidence.strength[1]) == float(evidence.documents[1])


def test_feedback_moves_the_query_towards_what_was_found(make_backend: MakeBackend) -> None:
    backend = make_backend(*DOCUMENTS)
    with backend._snapshot() as snapshot:
        layout = snapshot.layout
        school = np.array([int(layout.starts[2])])
        before = snapshot.retriever("semantic").retrieve(parse("helpline", ["en"]))
        after = snapshot.retriever("semantic").retrieve(parse("helpline", ["en"]), feedback=school)
        assert after.documents[2] > before.documents[2]
        words = snapshot.retriever("lexical").retrieve(parse("helpline", ["en"]), feedback=school)
        assert words.documents[2] == 0


@pytest.mark.parametrize("rows", [(5,), (1, 0, 7, 3), (0,)])
def test_cores_that_share_a_scan_give_what_one_gives(
    rows: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = np.random.default_rng(1).standard_normal((sum(rows), 8)).astype(np.float32)
    parts = np.split(stored, np.cumsum(rows)[:-1])
    segments = [write_segment(tmp_path, part, generation=number) for number, part in enumerate(parts)]
    vectors = Vectors.open(tmp_path, segments, 8)
    asked = np.arange(8, dtype=np.float32)
    alone = vectors.similarities(asked)
    monkeypatch.setattr("kb.engines.dense.SHARED_FROM", 0)
    monkeypatch.setattr("kb.engines.dense._PART", 2)
    np.testing.assert_array_equal(vectors.similarities(asked), alone)
    np.testing.assert_allclose(alone, stored @ asked, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr("kb.engines.dense._PART_OF_SEVERAL", 3)
    several = vectors.similarities(np.stack([asked[::-1], asked]))
    np.testing.assert_array_equal(several[1], alone)
    np.testing.assert_allclose(several[0], stored @ asked[::-1], rtol=1e-5, atol=1e-5)


def test_what_a_document_says_as_a_whole_does_not_depend_on_where_its_vectors_lie(
    tmp_path: Path, make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places on the map hang on the last bit of these."""
    texts = [[f"helpline {word}" for word in "abcde"[: 1 + number % 5]] for number in range(9)]
    documents = [
        Document(id=f"d{number}", title=f"t{number}", sections=tuple(Section((), text) for text in said))
        for number, said in enumerate(texts)
    ]
    with make_backend(*documents)._snapshot() as snapshot:
        layout = snapshot.layout
        assert len(layout.ids) == 9
    generator = np.random.default_rng(2)
    stored = generator.standard_normal((len(layout.keys), 16)).astype(np.float32)
    translations = generator.random(len(stored)) < 0.2
    stored[translations.argmax()] = np.nan  # of one document, and not counted there
    found = []
    for together in (4096, 1, 7):
        monkeypatch.setattr("kb.engines.dense._TOGETHER", together)
        for seed in (1, 2):
            order = np.random.default_rng(seed).permutation(len(stored))
            place = np.argsort(order)
            cut = len(stored) // 3
            segments = [
                write_segment(tmp_path, part, generation=number)
                for number, part in enumerate((stored[order][:cut], stored[order][cut:]))
            ]
            moved = replace(
                layout,
                segments=(place >= cut).astype(np.int64),
                rows=np.where(place < cut, place, place - cut).astype(np.int64),
                translations=translations,
            )
            found.append(document_means(Vectors.open(tmp_path, segments, 16), moved))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])
    for number, mean in enumerate(found[0]):
        own = slice(layout.starts[number], layout.starts[number + 1])
        whole = stored[own][~translations[own]].astype(np.float64).sum(axis=0)
        np.testing.assert_allclose(mean, whole / max(np.linalg.norm(whole), 1e-12), atol=1e-6)


def test_vectors_are_given_in_the_order_asked_for_and_cannot_be_altered(tmp_path: Path) -> None:
    stored = np.arange(24, dtype=np.float32).reshape(6, 4)
    segments = [write_segment(tmp_path, part, generation=1) for part in (stored[:4], stored[4:])]
    vectors = Vectors.open(tmp_path, segments, 4)
    for numbers in ([1, 2, 3], [3, 4, 5], [5], [4, 0], [2, 2], []):
        for asked in (vectors.rows, vectors.lent):
            np.testing.assert_array_equal(asked(np.array(numbers, dtype=np.int64)), stored[numbers])
    with pytest.raises(ValueError, match="read-only"):  # the file is mapped: writing there would end the process
        vectors.lent(np.array([1, 2]))[0, 0] = 9
    kept = vectors.rows(np.array([1, 2]))
    del vectors  # and with it the mapped file
    np.testing.assert_array_equal(kept, stored[1:3])


def test_how_vectors_are_compared_is_told_by_their_number() -> None:
    assert "one core" in how_scanned(SHARED_FROM - 1)
    assert "cores share" in how_scanned(SHARED_FROM)
    assert "measured" not in how_scanned(MEASURED)
    assert "measured" in how_scanned(MEASURED + 1)
