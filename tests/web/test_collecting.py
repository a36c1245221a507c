"""Comparing, and the dossier: addresses say which practices, and say so truly when some are not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from kb.backends import Backend
from kb.content.body import HEADINGS
from kb.content.model import Practice
from kb.types import Query
from tests.web.conftest import parse
from web import words
from web.collecting import MOST_COLLECTED, MOST_COMPARED, read_ids
from web.comparison import rows
from web.facts import facts

if TYPE_CHECKING:
    from tests.web.conftest import Element, GetPage


@pytest.fixture(scope="session")
def some(backend: Backend) -> list[Practice]:
    return [hit.practice for hit in backend.search(Query(limit=60)).hits if hit.practice]


def address(page: str, ids: list[str]) -> str:
    return page + "?" + "&".join(f"id={quote(id)}" for id in ids)


def titles(page: Element) -> list[str]:
    return [link.text for link in page.with_class("compare-title")]


def test_ids_are_read_once_each_and_in_order() -> None:
    assert read_ids(MultiDict([("id", "b"), ("id", "a"), ("id", ""), ("id", "b"), ("q", "c")])) == ("b", "a")


# --- comparing -------------------------------------------------------------------------------------------------


def test_practices_stand_side_by_side_in_the_order_asked_for(get_page: GetPage, some: list[Practice]) -> None:
    chosen = some[:3]
    page = get_page(address("/compare", [practice.id for practice in chosen]))
    assert page.one("h1").text == "Compare 3 practices"
    assert titles(page) == [practice.title for practice in chosen]
    for row in page.one("tbody").all("tr"):
        assert len(row.all("td")) == 3
        assert len(row.all("th", scope="row")) == 1
    for practice, out in zip(chosen, page.with_class("compare-out"), strict=True):
        assert out.attributes["href"] == address("/compare", [p.id for p in chosen if p is not practice])


def test_every_fact_of_every_practice_is_in_the_comparison(
    get_page: GetPage, backend: Backend, some: list[Practice]
) -> None:
    text = get_page(address("/compare", [practice.id for practice in some[:4]])).text
    for practice in some[:4]:
        assert " ".join(practice.summary.split()) in text
        for fact in facts(practice):
            for value in fact.values:
                assert (backend.label(fact.facet, value) if fact.facet else value) in text


def test_what_is_the_same_is_marked_and_what_nobody_has_is_left_out(some: list[Practice]) -> None:
    same = rows([some[0], some[0]])
    assert all(row.same for row in same.facts)
    assert all(any(cell.values for cell in row.cells) for row in same.facts)
    assert [row.heading for row in same.texts] == list(dict.fromkeys(re.findall(r"^## (.+)$", some[0].body, re.M)))
    assert rows([]).facts == ()


def test_the_usual_headings_are_in_the_language_of_the_page(get_page: GetPage, some: list[Practice]) -> None:
    page = get_page(address("/de/compare", [practice.id for practice in some[:3]]))
    (header,) = [cell for cell in page.all("th", scope="row") if cell.text == "Was es ist"]
    assert "lang" not in header.attributes
    assert not [cell.text for cell in page.all("th", scope="row") if cell.text in HEADINGS]
    assert tuple(words.HEADINGS) == HEADINGS


def test_what_is_written_as_a_list_is_one_beside_others_too(get_page: GetPage, some: list[Practice]) -> None:
    chosen = [practice for practice in some if re.search(r"^- ", practice.body, re.M)][:2]
    page = get_page(address("/compare", [practice.id for practice in chosen]))
    for column, practice in enumerate(chosen):
        cells = [row.all("td")[column] for row in page.one("tbody").all("tr")]
        items = [item for cell in cells for prose in cell.with_class("prose") for item in prose.all("li")]
        assert len(items) == len(re.findall(r"^(?:- |\d+\. )", practice.body, re.M))
    assert not page.with_class("footnote")


def test_no_more_than_four_are_compared(get_page: GetPage, some: list[Practice]) -> None:
    page = get_page(address("/compare", [practice.id for practice in some[:6]]))
    assert titles(page) == [practice.title for practice in some[:MOST_COMPARED]]
    assert page.with_class("notice")[0].text == "Only the first 4 practices are shown; 2 more were asked for."
    assert not page.all("h2", id="compare_more"), "there is no room for another"


def test_a_comparison_can_be_made_without_javascript(get_page: GetPage, some: list[Practice]) -> None:
    """From the page of a practice, over similar ones, and from the boxes of a list."""
    page = get_page(f"/practices/{some[0].id}")
    (begin,) = [a.attributes["href"] for a in page.all("a") if a.text == "Compare with others"]
    more = get_page(begin).with_class("newest")[0].all("a")[0].attributes["href"]
    assert len(titles(get_page(more))) == 2
    listed = get_page("/search")
    boxes = [box for box in listed.all("input", name="id") if box.attributes["form"] == "pick-form"]
    assert len(boxes) == len(listed.with_class("hit"))
    form = listed.one("form", id="pick-form")
    assert form.attributes["action"] == "/dossier"
    assert [button.attributes.get("formaction") for button in form.all("button")] == [None, "/compare"]


# --- dossier ---------------------------------------------------------------------------------------------------


def test_a_dossier_is_what_its_address_says(get_page: GetPage, some: list[Practice]) -> None:
    ids = [practice.id for practice in some[:3]]
    page = get_page(address("/dossier", ids))
    assert page.one("h1").text == "Dossier: 3 practices"
    shown = [a.attributes["href"] for title in page.with_class("hit-title") for a in title.all("a")]
    assert shown == [f"/practices/{id}" for id in ids]
    links = {a.attributes["href"] for a in page.all("a")}
    assert {address(f"/dossier{kind}", ids) for kind in ("/print", ".md", ".html")} <= links
    assert page.with_class("dossier-list")[0].all("a")[-1].attributes["href"] == address("/dossier", ids[:2])
    assert page.one("form", id="compare-form").attributes["action"] == "/compare"


def test_an_empty_dossier_and_an_empty_comparison_say_how_to_begin(get_page: GetPage) -> None:
    for url in ("/dossier", "/compare", "/dossier/print", "/dossier?id=", "/compare?id="):
        assert get_page(url).one("h1").text in ("Dossier", "Compare practices", "Dossier: 0 practices")


def test_all_of_a_dossier_is_on_the_page_to_print(get_page: GetPage, some: list[Practice]) -> None:
    """``get_page`` finds ids that occur twice and links that lead nowhere."""
    chosen = some[:8]
    page = get_page(address("/dossier/print", [practice.id for practice in chosen]))
    assert [article.attributes["id"] for article in page.all("article")] == [practice.id for practice in chosen]
    for practice, article in zip(chosen, page.all("article"), strict=True):
        assert {source.url for source in practice.sources} <= {a.attributes["href"] for a in article.all("a")}
        assert article.attributes["aria-labelledby"] == f"{practice.id}--title"


def test_the_html_file_needs_no_other_file(client: FlaskClient, some: list[Practice]) -> None:
    response = client.get(address("/dossier.html", [practice.id for practice in some[:2]]))
    assert response.headers["Content-Disposition"] == 'attachment; filename="dossier.html"'
    page = parse(response.get_data(as_text=True))
    assert not page.all("link")
    assert not page.all("script")
    assert len(page.all("h1")) == 1
    for practice in some[:2]:
        assert page.all("h2", id=f"{practice.id}--title")[0].text == practice.title
    for link in page.all("a"):
        assert link.attributes["href"].startswith(("http", "mailto:", "#")), "an address that means nothing elsewhere"


def test_the_markdown_file_has_every_note_and_every_source(client: FlaskClient, some: list[Practice]) -> None:
    chosen = some[:6]
    response = client.get(address("/dossier.md", [practice.id for practice in chosen]))
    assert response.content_type == "text/markdown; charset=utf-8"
    text = response.get_data(as_text=True)
    assert text.startswith("# Dossier: 6 practices\n")
    assert len(re.findall(r"^## ", text, re.M)) == 6
    defined = re.findall(r"^\[\^([^\]]+)\]: ", text, re.M)
    assert len(defined) == len(set(defined)) == sum(len(practice.sources) for practice in chosen)
    assert set(re.findall(r"\[\^([^\]]+)\](?!:)", text)) <= set(defined)
    for practice in chosen:
        assert f"http://localhost/practices/{practice.id}>" in text
        assert all(f"<{source.url}>" in text for source in practice.sources)


@pytest.mark.parametrize("page", ["/compare", "/dossier", "/dossier/print"])
def test_what_is_gone_is_named_and_the_rest_is_shown(get_page: GetPage, some: list[Practice], page: str) -> None:
    shown = get_page(address(page, ["gone-long-ago", some[0].id, "<script>"]))
    assert "Not here, or no longer: gone-long-ago, <script>." in shown.with_class("notice")[0].text
    assert some[0].title in shown.text


def test_a_dossier_holds_no_more_than_fits_an_address(get_page: GetPage, some: list[Practice]) -> None:
    page = get_page(address("/dossier", [practice.id for practice in some]))
    assert page.one("h1").text == f"Dossier: {MOST_COLLECTED} practices"
    assert f"{len(some) - MOST_COLLECTED} more were asked for" in page.with_class("notice")[0].text


HOSTILE = [
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "%22%3E%3Cscript%3E",
    "x" * 5000,
    "%ff%fe",
    "{{7*7}}",
    "a&id=a&id=a",
    "%0d%0aX:1",
]


@pytest.mark.parametrize("id", HOSTILE, ids=lambda id: id[:20])
@pytest.mark.parametrize("page", ["/compare", "/dossier", "/dossier/print", "/dossier.md", "/dossier.html"])
def test_a_hostile_id_is_no_practice(client: FlaskClient, page: str, id: str) -> None:
    response = client.get(f"{page}?id={id}")
    assert response.status_code == 200
    assert "<script>" not in response.get_data(as_text=True)
    assert "X" not in response.headers
