"""The JSON API: the same answers as the pages and the command line."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.content.codec import practice_from_json
from kb.serialise import hit_to_json, results_to_json
from kb.types import Query


def first_id(backend: Backend) -> str:
    return backend.search(Query(limit=1)).hits[0].id


def test_search_gives_what_the_command_line_prints(client: FlaskClient, backend: Backend) -> None:
    query = Query("children", "hybrid", {"strand": ("awareness-raising", "user-empowerment")})
    response = client.get("/api/v1/search?q=children&strand=awareness-raising&strand=user-empowerment")
    assert response.content_type == "application/json"
    assert response.get_json() == results_to_json(backend.search(query))


def test_how_a_query_was_read_is_told(client: FlaskClient) -> None:
    found = client.get("/api/v1/search?q=parentel+controls").get_json()
    assert found["query"] == "parentel controls"
    assert found["understood"] == {"language": "en", "corrected": "parental controls", "also": [], "english": []}
    found = client.get("/api/v1/search?q=kontrola+rodzicielska").get_json()
    assert found["understood"]["language"] == "pl"
    assert found["understood"]["also"] == [{"facet": "topic", "id": "parental-controls", "label": "Parental controls"}]
    nothing: dict[str, object] = {"language": None, "corrected": None, "also": [], "english": []}
    assert client.get("/api/v1/search?q=parentel+controls&exact=1").get_json()["understood"] == nothing
    assert client.get("/api/v1/search?q=x&exact=maybe").status_code == 400


def test_page_and_limit_choose_the_hits(client: FlaskClient, backend: Backend) -> None:
    expected = [hit.id for hit in backend.search(Query(limit=2, offset=2)).hits]
    assert [hit["id"] for hit in client.get("/api/v1/search?limit=2&page=2").get_json()["hits"]] == expected


def test_the_keys_of_search_are_these(client: FlaskClient) -> None:
    """Programs rely on them: taking one away needs a new version of the API."""
    found = client.get("/api/v1/search?q=children&mode=lexical").get_json()
    assert {"query", "total", "hits", "facets"} <= set(found)
    assert {"id", "title", "score", "band", "passage", "why"} <= set(found["hits"][0])
    assert set(found["hits"][0]["passage"]) == {"heading", "text", "highlights"}
    assert set(found["hits"][0]["why"]) == {"lexical", "semantic", "words", "concepts"}
    assert {"id", "label", "count"} <= set(found["facets"]["topic"][0])


def test_a_practice_comes_without_loss(client: FlaskClient, backend: Backend) -> None:
    practice = backend.practice(first_id(backend))
    assert practice_from_json(client.get(f"/api/v1/practices/{practice.id}").get_json()) == practice


def test_similar_practices(client: FlaskClient, backend: Backend) -> None:
    id = first_id(backend)
    expected = {"id": id, "hits": [hit_to_json(hit) for hit in backend.similar(id, limit=3)]}
    assert client.get(f"/api/v1/practices/{id}/similar?limit=3").get_json() == expected


def test_letters_of_all_scripts_are_not_escaped(client: FlaskClient) -> None:
    assert "Überprüfung" in client.get("/api/v1/search?q=Überprüfung&mode=lexical").get_data(as_text=True)


REFUSED = [
    ("/api/v1/search?topics=grooming", "unknown parameter 'topics'; did you mean 'topic'?"),
    ("/api/v1/search?zzz=1", "unknown parameter 'zzz'; use one of q, strand, risk"),
    ("/api/v1/search?q=a&q=b", "q is given 2 times; give it once"),
    ("/api/v1/search?topic=", "topic is empty; give it a value, or leave it out"),
    ("/api/v1/search?topic=groming", "unknown topic 'groming'; did you mean 'grooming'?"),
    ("/api/v1/search?limit=101", "limit must be at most 100, found 101; ask for further pages with page=2"),
    ("/api/v1/search?limit=1e2", "limit must be a whole number from 1, found '1e2'"),
    ("/api/v1/search?page=0", "page must be a whole number from 1, found '0'"),
    ("/api/v1/search?page=-1", "page must be a whole number from 1, found '-1'"),
    ("/api/v1/search?mode=vector", "mode must be hybrid, lexical or dense, found 'vector'"),
    (f"/api/v1/search?q={'x' * 2001}", "q has more than 2000 characters; make it shorter"),
    (f"/api/v1/search?q={'+' * 2001}", "q has more than 2000 characters; make it shorter"),
    ("/api/v1/export?format=xls", "format must be json or csv, found 'xls'"),
    ("/api/v1/export?page=2", "unknown parameter 'page'"),
    ("/api/v1/suggestions?q=a&label_language=tlh", "label_language must be "),
    ("/api/v1/openapi.json?v=3", "unknown parameter 'v'; nothing can be chosen here"),
    ("/api/v1/practices/x?lang=de", "unknown parameter 'lang'; nothing can be chosen here"),
]


@pytest.mark.parametrize(("url", "detail"), REFUSED, ids=[url[:50] for url, _ in REFUSED])
def test_what_is_asked_wrongly_is_refused_with_what_to_write(client: FlaskClient, url: str, detail: str) -> None:
    response = client.get(url)
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    problem = response.get_json()
    assert problem["detail"].startswith(detail)
    assert problem == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": problem["detail"],
        "error": problem["detail"],
    }


@pytest.mark.parametrize("url", ["/api/v1/search", "/api/v1/search?topics=x", "/api/v1/nothing"])
def test_pages_of_any_origin_may_read(client: FlaskClient, url: str) -> None:
    for response in (client.get(url), client.options(url, headers={"Origin": "https://example.org"})):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Access-Control-Allow-Origin" not in client.get("/search").headers


def test_facets_are_those_of_the_search(client: FlaskClient) -> None:
    arguments = "q=children&strand=user-empowerment"
    search, facets = (client.get(f"/api/v1/{name}?{arguments}").get_json() for name in ("search", "facets"))
    assert facets == {name: search[name] for name in facets}
    assert "hits" not in facets


def test_organisations_come_by_page_without_gap(client: FlaskClient, backend: Backend) -> None:
    first, second = (client.get(f"/api/v1/organisations?limit=2&page={page}").get_json() for page in (1, 2))
    ids = sorted(backend.organisations())
    assert [one["id"] for one in (*first["organisations"], *second["organisations"])] == ids[:4]
    assert (first["total"], first["offset"], second["offset"]) == (len(ids), 0, 2)
    one = first["organisations"][0]
    assert client.get(f"/api/v1/organisations/{one['id']}").get_json() == one
    assert client.get("/api/v1/organisations?page=999999").get_json()["organisations"] == []
    assert client.get("/api/v1/organisations/nothing").status_code == 404


def test_concepts_have_labels_and_counts(client: FlaskClient, backend: Backend) -> None:
    schemes = {s["facet"]: s for s in client.get("/api/v1/concepts?label_language=de").get_json()["schemes"]}
    assert list(schemes) == list(backend.taxonomy().schemes)
    risks = {one["id"]: one for one in schemes["risk"]["concepts"]}
    whole = client.get("/api/v1/concepts/risk/contact").get_json()
    assert risks["contact"]["label"] == whole["label"]["de"] != whole["label"]["en"]
    assert risks["contact"]["practices"] == whole["practices"]
    assert whole["practices"] == backend.search(Query(filters={"risk": ("contact",)})).total > 0
    assert client.get("/api/v1/concepts/risk/nothing").status_code == 404
    assert client.get("/api/v1/concepts/country/DE").status_code == 404


def test_suggestions(client: FlaskClient) -> None:
    found = client.get("/api/v1/suggestions?q=groom").get_json()
    assert found["query"] == "groom"
    assert found["suggestions"][0] == {
        "kind": "concept",
        "id": "grooming",
        "facet": "topic",
        "label": "Grooming",
        "matched": None,
        "highlights": [[0, 5]],
    }
    assert client.get("/api/v1/suggestions").get_json() == {"query": "", "suggestions": []}
