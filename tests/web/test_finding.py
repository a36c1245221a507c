"""The parts of finding that a script uses: the part of a page, suggestions; and the orders of results."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.types import Query
from tests.web.conftest import parse
from web import create_app
from web.params import SORTS

if TYPE_CHECKING:
    from tests.web.conftest import GetPage

ASKED = [
    "/search",
    "/search?q=cyberbullying+at+school",
    "/search?q=parentel+controls&mode=lexical",
    "/search?q=qzxvwk&mode=lexical",
    "/search?country=DE&strand=awareness-raising&sort=evidence",
    "/search?q=children&page=2",
    "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%26&exact=1",
]


@pytest.mark.parametrize("url", ASKED)
def test_the_part_is_that_of_the_page(client: FlaskClient, url: str) -> None:
    """What a script puts in place is, letter for letter, what the page has without it."""
    page = client.get(url).get_data(as_text=True)
    part = client.get(f"{url}{'&' if '?' in url else '?'}part=results").get_data(as_text=True)
    assert part.strip() in page
    results = parse(part).one("div", id="results")
    assert results.attributes["data-title"] == parse(page).one("title").text
    assert results.attributes["data-status"]


def test_the_part_knows_its_address(client: FlaskClient) -> None:
    """In one canonical form, whatever was sent; the part itself is not in it."""
    sent = "/search?mode=hybrid&country=DE&q=+children+&sort=relevance&page=1&part=results&topic="
    part = parse(client.get(sent).get_data(as_text=True))
    assert part.one("div", id="results").attributes["data-url"] == "/search?q=children&country=DE"


@pytest.mark.parametrize("part", ["page2", "results.html", "../base.html", "%00", "Results"])
def test_an_unknown_part_is_refused(get_page: GetPage, part: str) -> None:
    assert (
        "part must be page or results"
        in get_page(f"/search?part={part}", 400).with_class("error-message")[0].text.lower()
    )


def test_a_refused_question_can_be_changed_where_the_error_stands(get_page: GetPage) -> None:
    page = get_page(f"/search?q={'word+' * 600}", 400)
    field = page.one("input", id="q")
    assert field.attributes["aria-invalid"] == "true"
    assert field.attributes["aria-describedby"] == page.with_class("error-message")[0].attributes["id"]
    assert field.attributes["value"].startswith("word word")
    assert not page.all("input", id="page_q"), "one field is enough"


@pytest.mark.parametrize("sort", SORTS)
def test_an_order_is_a_link_and_outlives_the_form(get_page: GetPage, backend: Backend, sort: str) -> None:
    asked = "cyberbullying at school"
    page = get_page(f"/search?q={quote(asked)}&country=GB")
    url = page.one("a", id=f"sort_{sort}").attributes["href"]
    sorted_ = get_page(url)
    expected = backend.search(Query(asked, filters={"country": ("GB",)}, sort=sort)).hits  # type: ignore[arg-type]
    shown = [a.attributes["href"] for title in sorted_.with_class("hit-title") for a in title.all("a")]
    assert shown == [f"/practices/{hit.id}" for hit in expected]
    assert [a.attributes["id"] for a in sorted_.one("main").all("a", aria_current="true")] == [f"sort_{sort}"]
    hidden = [field.attributes["value"] for field in sorted_.all("input", name="sort", form="search-form")]
    assert hidden == ([] if sort == "relevance" else [sort])


def test_without_a_question_nothing_is_relevant(get_page: GetPage) -> None:
    page = get_page("/search")
    assert [a.text for a in page.with_class("sorts")[0].all("a")] == ["Newest", "Strength of evidence"]
    assert page.one("a", id="sort_newest").attributes == {
        "id": "sort_newest",
        "href": "/search",
        "aria-current": "true",
    }


def test_where_nothing_fits_near_concepts_are_offered(get_page: GetPage, backend: Backend) -> None:
    page = get_page("/search?mode=lexical&q=qzxvwk+cyberbullying+qzxvwk+qzyvwk+qzzvwk+qztvwk&exact=1")
    assert page.one("h1").text == "Nothing fits well"
    (near,) = [item for item in page.with_class("notice")[0].all("li") if item.text.startswith("Look at what is near")]
    assert near.all("a")[0].attributes["href"] == "/topics/cyberbullying"


# --- suggestions -----------------------------------------------------------------------------------------------


def test_suggestions_are_those_of_the_backend_with_their_addresses(client: FlaskClient, backend: Backend) -> None:
    found = client.get("/suggest?q=cyberb").get_json()["suggestions"]
    assert [one["label"] for one in found] == [one.label for one in backend.suggest("cyberb")]
    assert found[0] == {
        "kind": "concept",
        "kind_name": "Topic",
        "label": "Cyberbullying",
        "matched": None,
        "language": None,
        "spans": [[0, 6]],
        "url": "/topics/cyberbullying",
    }
    for one in found:
        assert client.get(one["url"]).status_code == 200


@pytest.mark.parametrize(
    ("url", "label", "address"),
    [
        ("/de/suggest?q=Eltern", "Eltern und Familien", "/de/topics/parents-and-families"),
        ("/pl/suggest?q=rodzic", "Rodzice i opiekunowie", "/pl/audiences/parents"),
        ("/de/suggest?q=Litau", "Litauen", "/de/search?country=LT"),
    ],
)
def test_suggestions_are_in_the_language_of_the_page(url: str, label: str, address: str, client: FlaskClient) -> None:
    found = {one["label"]: one["url"] for one in client.get(url).get_json()["suggestions"] if one["kind"] == "concept"}
    assert found.get(label) == address


HOSTILE = [
    "",
    "%00",
    "x" * 10_000,
    "%ff%fe",
    "%22%3Cscript%3E",
    "%25_*",
    "a" * 3,
    "%F0%9F%94%92",
    "%E2%80%AE",
    "(((",
    "%5B%5D",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_anything_typed_gets_a_list(client: FlaskClient, text: str) -> None:
    response = client.get(f"/suggest?q={text}")
    assert response.status_code == 200
    assert isinstance(response.get_json()["suggestions"], list)


def test_every_search_field_asks_for_suggestions(get_page: GetPage) -> None:
    for url, id in [("/", "q"), ("/search", "q"), ("/browse", "page_q")]:
        assert get_page(url).one("input", id=id).attributes["data-suggest"] == "/suggest"


# --- for those who change the pages ----------------------------------------------------------------------------


def test_the_style_guide_is_for_development_only(client: FlaskClient, backend: Backend, pages_of: type) -> None:
    assert client.get("/styleguide").status_code == 404
    guide = pages_of(create_app(backend, styleguide=True))("/styleguide")
    assert guide.one("h1").text == "Style guide"


@pytest.mark.parametrize("part", ["", "&part=results"])
def test_care_comes_before_the_results_and_hides_none(client: FlaskClient, backend: Backend, part: str) -> None:
    text = client.get(f"/search?q=i+want+to+kill+myself{part}").get_data(as_text=True)
    results = parse(text).one("div", id="results")
    head = results.with_class("results-head")[0]
    first = next(e for e in head if e is not head)
    assert "care" in first.attributes["class"].split()
    assert first.one("a").attributes["href"] == "/help"
    assert len(results.with_class("hit")) == min(10, backend.search(Query("i want to kill myself")).total)


@pytest.mark.parametrize("url", ["/search", "/search?q=parental+controls", "/search?q=i+want+to+kill+myself&page=2"])
def test_care_is_not_offered_to_everybody(client: FlaskClient, url: str) -> None:
    assert not parse(client.get(url).get_data(as_text=True)).with_class("care")
