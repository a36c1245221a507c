"""The JSON API: the same answers as the pages and the command line."""

from __future__ import annotations

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
    assert found["understood"] == {"language": "en", "corrected": "parental controls", "also": []}
    found = client.get("/api/v1/search?q=kontrola+rodzicielska").get_json()
    assert found["understood"]["language"] == "pl"
    assert found["understood"]["also"] == [{"facet": "topic", "id": "parental-controls", "label": "Parental controls"}]
    nothing: dict[str, object] = {"language": None, "corrected": None, "also": []}
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
    assert set(found["hits"][0]["why"]) == {"lexical", "semantic"}
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
