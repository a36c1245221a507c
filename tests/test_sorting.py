"""The order of results: what fits first, then by rank, then by relevance; a filter still leaves a subsequence."""

from __future__ import annotations

import numpy as np
import pytest

from kb.backends import Backend
from kb.content.model import Concept, Label, Scheme, Taxonomy
from kb.errors import UsageError
from kb.ranking.sorting import arranged, ranks
from kb.search import SORTS
from kb.types import Document, Query, Section
from tests.conftest import MakeBackend

QUESTIONS = ["parental controls on a phone", "helpline for bullied pupils", ""]


def ids(backend: Backend, query: Query) -> list[str]:
    return [hit.id for hit in backend.search(query).hits]


def test_what_fits_comes_first_and_equals_stay_in_order() -> None:
    order = np.array([3, 1, 4, 0, 2])
    fitting = np.array([True, True, False, True, False])
    rank = np.array([2, 1, 9, 1, 5])
    #  fitting, best first: 3 (rank 1), 1 (rank 1), 0 (rank 2); the others: 4 (rank 5), 2 (rank 9)
    assert arranged(order, fitting, rank).tolist() == [0, 3, 1, 2, 4]
    assert arranged(order, fitting, None).tolist() == order.tolist()


def test_ranks_come_from_dates_and_from_the_order_of_the_scheme(make_backend: MakeBackend) -> None:
    backend = make_backend(
        Document(id="a", title="A", date="2019", tags={"evidence": ("trial",)}),
        Document(id="b", title="B", date="2024-05-01", tags={"evidence": ("none",)}),
        Document(id="c", title="C", date="2019"),
        Document(id="d", title="D", tags={"evidence": ("unheard-of",)}),
    )
    with backend._snapshot() as snapshot:
        layout = snapshot.layout
    kinds = tuple(Concept("evidence", id, {"en": Label(id, "test")}) for id in ("none", "told", "trial"))
    found = ranks(layout, Taxonomy({"evidence": Scheme("evidence", {}, kinds)}))
    assert found["newest"].tolist() == [1, 2, 1, 0]
    assert found["evidence"].tolist() == [3, 1, 0, 0]


def test_newest_first_among_what_fits(make_backend: MakeBackend) -> None:
    def document(id: str, date: str, text: str) -> Document:
        return Document(id=id, title=f"Title {id}", date=date, sections=(Section((), text),))

    fits = "web filters at home"
    backend = make_backend(
        document("old", "2015", fits),
        document("new", "2024-02-01", fits),
        document("undated", "", fits),
        document("near", "2025", "filters of another kind for quite other things than those that are meant"),
    )
    by_relevance = backend.search(Query("web filters at home"))
    assert by_relevance.fitting == 3
    assert ids(backend, Query("web filters at home", sort="newest"))[:3] == ["new", "old", "undated"]


@pytest.mark.parametrize("text", QUESTIONS)
@pytest.mark.parametrize("sort", ["newest", "evidence"])
def test_the_real_entries_in_every_order(backend: Backend, text: str, sort: str) -> None:
    """The same result set; fits first, then by rank, then as by relevance: worked out here from the practices."""
    by_relevance = backend.search(Query(text, limit=1000))
    strength = {kind: n for n, kind in enumerate(backend.taxonomy().ids("evidence"))}

    def rank(hit_id: str) -> tuple[str, str] | int:
        practice = backend.practice(hit_id)
        if sort == "evidence":
            return strength[practice.evidence.kind]
        return practice.updated, practice.started or ""

    expected = sorted(by_relevance.hits, key=lambda hit: rank(hit.id), reverse=True)  # reverse keeps equals in order
    expected.sort(key=lambda hit: hit.band == "weak")
    found = backend.search(Query(text, limit=1000, sort=sort))  # type: ignore[arg-type]
    assert [hit.id for hit in found.hits] == [hit.id for hit in expected]
    assert found.facets == by_relevance.facets
    assert (found.total, found.fitting) == (by_relevance.total, by_relevance.fitting)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", QUESTIONS)
def test_a_filter_leaves_a_subsequence_in_every_order(backend: Backend, text: str, sort: str) -> None:
    whole = ids(backend, Query(text, limit=1000, sort=sort))  # type: ignore[arg-type]
    part = ids(backend, Query(text, filters={"strand": ("awareness-raising",)}, limit=1000, sort=sort))  # type: ignore[arg-type]
    assert part == [id for id in whole if id in set(part)]
    pages = [
        id
        for offset in range(0, len(whole) + 7, 7)
        for id in ids(backend, Query(text, limit=7, offset=offset, sort=sort))  # type: ignore[arg-type]
    ]
    assert pages == whole


def test_browsing_is_newest_first_whether_asked_or_not(backend: Backend) -> None:
    assert ids(backend, Query(limit=1000)) == ids(backend, Query(limit=1000, sort="newest"))


def test_an_unknown_order_is_refused(backend: Backend) -> None:
    with pytest.raises(UsageError, match="unknown order 'oldest'; use one of relevance, newest, evidence"):
        backend.search(Query(sort="oldest"))  # type: ignore[arg-type]
