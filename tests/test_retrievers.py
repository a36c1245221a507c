"""One contract for every engine: who ranks first, not how many come back."""

from collections.abc import Callable

import numpy as np
import pytest

from kb.backends import RETRIEVERS, Backend, Snapshot
from kb.query import parse
from kb.types import Document, Ranking, Section
from tests.conftest import FakeEncoder, MakeBackend

DOCUMENTS = (
    Document(id="a", title="Helpline", sections=(Section((), "Children call a helpline when they are bullied."),)),
    Document(id="b", title="Filter", sections=(Section((), "A filter blocks web sites for adults."),)),
    Document(id="c", title="School", sections=(Section((), "Pupils learn about sources of news."),)),
    Document(id="d", title="", sections=()),
)

Retrieve = Callable[[str], tuple[Snapshot, Ranking]]


@pytest.fixture(params=sorted(RETRIEVERS))
def retrieve(request: pytest.FixtureRequest, make_backend: MakeBackend) -> Retrieve:
    backend: Backend = make_backend(*DOCUMENTS)

    def run(text: str) -> tuple[Snapshot, Ranking]:
        with backend._snapshot() as snapshot:
            return snapshot, snapshot.retriever(request.param).retrieve(parse(text, ["en"]))

    return run


def owner(snapshot: Snapshot, position: int) -> str:
    return snapshot.layout.ids[int(snapshot.layout.owners[position])]


@pytest.mark.parametrize(
    ("text", "first"),
    [("helpline for bullied children", "a"), ("blocks web sites", "b"), ("pupils and news", "c"), ("filter", "b")],
)
def test_the_passage_with_the_words_of_the_query_comes_first(retrieve: Retrieve, text: str, first: str) -> None:
    snapshot, ranking = retrieve(text)
    assert owner(snapshot, int(ranking.positions[0])) == first


@pytest.mark.parametrize("text", ["helpline", "children and pupils", "xyzzy", "the of", "a" * 300])
def test_scores_fall_and_strengths_are_shares(retrieve: Retrieve, text: str) -> None:
    snapshot, ranking = retrieve(text)
    assert len(ranking.positions) == len(ranking.scores) == len(ranking.strength) == len(ranking)
    assert (np.diff(ranking.scores) <= 0).all()
    assert ((ranking.strength >= 0) & (ranking.strength <= 1)).all()
    assert len(set(ranking.positions.tolist())) == len(ranking)
    assert set(ranking.positions.tolist()) <= set(range(len(snapshot.layout.keys)))


def test_an_empty_query_finds_nothing(retrieve: Retrieve) -> None:
    assert len(retrieve("")[1]) == 0


def test_equal_scores_are_ordered_by_position(make_backend: MakeBackend) -> None:
    twins = [Document(id=f"t{n}", title="Twin", sections=(Section((), "the same words"),)) for n in range(5)]
    backend = make_backend(*twins)
    with backend._snapshot() as snapshot:
        for name in RETRIEVERS:
            assert snapshot.retriever(name).retrieve(parse("same words", ["en"])).positions.tolist() == [0, 1, 2, 3, 4]


def test_a_strength_is_how_much_of_the_query_was_found(make_backend: MakeBackend) -> None:
    backend = make_backend(*DOCUMENTS)
    with backend._snapshot() as snapshot:
        lexical = snapshot.retriever("lexical")
        whole = lexical.retrieve(parse("helpline", ["en"])).strength[0]
        part = lexical.retrieve(parse("helpline zebra quagga okapi", ["en"])).strength[0]
    assert part < whole / 3


def test_the_dense_strength_is_the_cosine(make_backend: MakeBackend) -> None:
    backend = make_backend(*DOCUMENTS)
    encoder = FakeEncoder()
    with backend._snapshot() as snapshot:
        ranking = snapshot.retriever("semantic").retrieve(parse("filter", ["en"]))
    expected = float(
        encoder.encode_query("Filter\nA filter blocks web sites for adults.") @ encoder.encode_query("filter")
    )
    assert float(ranking.strength[0]) == pytest.approx(expected, abs=1e-5)
