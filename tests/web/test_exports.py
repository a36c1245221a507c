"""A result set as a file: all of it, in its order, and harmless where a spreadsheet opens it."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.content.codec import practice_from_json
from kb.errors import UsageError
from kb.types import Query, Results
from web.exports import COLUMNS, cell, response


def rows(client: FlaskClient, arguments: str) -> list[dict[str, str]]:
    text = client.get(f"/api/v1/export?format=csv&{arguments}").get_data(as_text=True)
    assert text.startswith("\ufeff"), "a spreadsheet would take the letters for those of another code page"
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), strict=True))


def test_csv_holds_the_whole_result_set_in_its_order(client: FlaskClient, backend: Backend) -> None:
    results = backend.search(Query("children", filters={"strand": ("user-empowerment",)}, limit=1000))
    found = rows(client, "q=children&strand=user-empowerment")
    assert results.total > 10, "more than a page"
    assert [row["id"] for row in found] == [hit.id for hit in results.hits]
    assert list(found[0]) == list(COLUMNS)
    practice = results.hits[0].practice
    assert practice
    assert found[0]["title"] == practice.title
    assert found[0]["url"] == f"http://localhost/practices/{practice.id}"
    assert found[0]["band"] == results.hits[0].band


def test_json_holds_every_field(client: FlaskClient, backend: Backend) -> None:
    response = client.get("/api/v1/export?q=children&topic=grooming")
    value = response.get_json()
    hits = backend.search(Query("children", filters={"topic": ("grooming",)}, limit=1000)).hits
    assert value["total"] == len(value["practices"]) == len(hits)
    assert [practice_from_json(one) for one in value["practices"]] == [hit.practice for hit in hits]
    assert response.headers["Content-Disposition"] == "attachment; filename=practices.json"


CELLS = [
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", "'\r=1"),
    ("\n=1", "'\n=1"),
    ("  =1", "'  =1"),
    ("＝1", "'＝1"),
    ("1=1", "1=1"),
    ('plain, "quoted"\nand on', 'plain, "quoted"\nand on'),
    ("a\0b", "ab"),
    ("\0=1", "'=1"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), CELLS)
def test_a_cell_is_never_a_formula(text: str, expected: str) -> None:
    assert cell(text) == expected


def test_no_cell_of_our_own_is_a_formula(client: FlaskClient) -> None:
    for row in rows(client, ""):
        assert not any(value.startswith(("=", "+", "-", "@")) for value in row.values())


class Endless:
    def search(self, query: Query) -> Results:
        return Results(query, 1001, (), {}, 1)


def test_a_result_set_that_is_too_large_is_refused_not_cut() -> None:
    with pytest.raises(UsageError, match="1001 practices, and at most 1000 fit in one file; choose a filter"):
        response("csv", Query(), Endless())  # type: ignore[arg-type]


def test_nothing_found_is_a_file_too(client: FlaskClient) -> None:
    assert rows(client, "q=%22no such phrase anywhere%22") == []
    assert client.get("/api/v1/export?q=%22no such phrase anywhere%22").get_json()["practices"] == []
