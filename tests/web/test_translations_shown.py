"""Titles and summaries in other languages: where readers see them, and that their language is always told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask.testing import FlaskClient

if TYPE_CHECKING:
    from tests.web.conftest import GetPage

ID = "kinderschutz-schweiz-clickandstop"
TITLE = "clickandstop: Schweizer Meldestelle, die auch berät, sogar Kinder"
BEGINNING = "Eine Schweizer Meldestelle für sexuelle Gewalt"


def test_page_in_the_language_of_a_translation_begins_with_it(get_page: GetPage) -> None:
    page = get_page(f"/de/practices/{ID}")
    head = page.one("header", **{"class": "practice-head"})
    assert head.one("h1").attributes["lang"] == "en"
    assert head.one("h1").text.startswith("clickandstop: Swiss")
    (title,) = head.with_class("translated-title")
    assert (title.text, title.attributes["lang"]) == (TITLE, "de")
    german, english = head.with_class("lead")
    assert (german.attributes["lang"], english.attributes["lang"]) == ("de", "en")
    assert german.text.startswith(BEGINNING)
    assert not page.with_class("translations")  # there is no third language


def test_page_in_another_language_offers_it_below(get_page: GetPage) -> None:
    page = get_page(f"/practices/{ID}")
    assert not page.with_class("translated-title")
    (section,) = page.with_class("translations")
    assert section.one("summary").text == f"German: {TITLE}"
    (summary,) = section.all("p", lang="de")
    assert summary.text.startswith(BEGINNING)


def test_at_a_glance_tells_the_languages(get_page: GetPage) -> None:
    (facts,) = get_page(f"/practices/{ID}").with_class("fact-list")
    (language,), (titled,) = facts.with_class("fact-language"), facts.with_class("fact-titled")
    assert (language.one("dt").text, language.one("dd").text) == ("Language", "English")
    assert (titled.one("dt").text, titled.one("dd").text) == ("Title also in", "German")
    assert not get_page("/practices/iwf-childline-report-remove").with_class("fact-titled")


def test_hit_that_was_found_through_a_translation_says_so(get_page: GetPage) -> None:
    page = get_page("/search?q=Schweizer+Meldestelle&mode=lexical")
    hit = next(hit for hit in page.with_class("hit") if "clickandstop" in hit.with_class("hit-title")[0].text)
    (passage,) = hit.with_class("passage")
    assert passage.attributes["lang"] == "de"
    assert passage.text.strip().startswith(BEGINNING)
    assert {mark.text for mark in passage.all("mark")} >= {"Schweizer", "Meldestelle"}
    assert [note.text for note in hit.with_class("hit-question")] == ["Found in its summary in German:"]
    (by,) = hit.with_class("hit-by")
    assert "English (title also in German)" in " ".join(by.text.split())


def test_hits_in_the_language_of_the_reader(get_page: GetPage) -> None:
    """A list that nobody asked a question of shows the summary."""
    page = get_page("/de/organisations/kinderschutz-schweiz")
    hit = next(hit for hit in page.with_class("hit") if "clickandstop" in hit.text)
    (title,), (summary,) = hit.with_class("translated-title"), hit.with_class("hit-summary")
    assert (title.text, title.attributes["lang"]) == (TITLE, "de")
    assert summary.attributes["lang"] == "de"
    assert summary.text.startswith(BEGINNING)
    (by,) = hit.with_class("hit-by")
    assert "Englisch (Titel auch auf Deutsch)" in " ".join(by.text.split())


def test_programs_get_the_language_of_every_text(client: FlaskClient) -> None:
    found = client.get("/api/v1/search?q=Schweizer+Meldestelle&mode=lexical").get_json()
    hit = next(hit for hit in found["hits"] if hit["id"] == ID)
    assert (hit["language"], hit["passage_language"], hit["passage_translated"]) == ("en", "de", True)
    assert hit["translations"]["de"]["title"] == TITLE
    practice = client.get(f"/api/v1/practices/{ID}").get_json()
    assert practice["translations"] == hit["translations"]
    exported = client.get("/api/v1/export?q=Schweizer+Meldestelle&mode=lexical&format=json").get_json()
    assert [one["translations"] for one in exported["practices"] if one["id"] == ID] == [hit["translations"]]
    table = client.get("/api/v1/export?q=Schweizer+Meldestelle&mode=lexical&format=csv").get_data(as_text=True)
    assert f"de: {TITLE}" in table
