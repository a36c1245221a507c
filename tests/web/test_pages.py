"""Every kind of page over a real index. What holds on all pages is checked by ``get_page`` itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.content.model import Practice
from kb.types import FACETS, Document, Query, Section
from web import create_app
from web.languages import PREFIXED
from web.params import PER_PAGE
from web.urls import CONCEPT_PATHS

if TYPE_CHECKING:
    from tests.web.conftest import Element, GetPage


def practices(backend: Backend) -> list[Practice]:
    return [hit.practice for hit in backend.search(Query(limit=200)).hits if hit.practice]


def internal_links(page: Element) -> set[str]:
    return {url for a in page.all("a") if (url := a.attributes["href"]).startswith("/")}


# --- home, browse ----------------------------------------------------------------------------------------------


def test_home_begins_with_the_search_box(get_page: GetPage) -> None:
    page = get_page("/")
    assert page.all("input")[0].attributes["name"] == "q"
    assert page.one("form", role="search").attributes["action"] == "/search"


def test_home_counts_what_there_is(get_page: GetPage, backend: Backend) -> None:
    holdings = get_page("/").with_class("holdings")[0].text
    assert holdings.startswith(f"{backend.search(Query(limit=1)).total:,} practice")
    assert "organisation" in holdings
    assert "countr" in holdings


def test_home_leads_to_both_maps(get_page: GetPage) -> None:
    links = {link.attributes["href"] for link in get_page("/").one("main").all("a")}
    assert {"/coverage", "/map"} <= links


def test_home_leads_to_strands_risks_topics_audiences_and_the_newest(get_page: GetPage, backend: Backend) -> None:
    links = internal_links(get_page("/"))
    newest = practices(backend)[0]
    assert f"/practices/{newest.id}" in links
    assert {f"/strands/{s}" for s in backend.taxonomy().ids("strand")} <= links
    assert {f"/risks/{r}" for r in backend.taxonomy().ids("risk")} <= links
    assert f"/topics/{newest.topics[0]}" in links
    assert f"/audiences/{newest.audiences[0]}" in links


def test_example_questions_are_links_that_answer(get_page: GetPage) -> None:
    examples = get_page("/").with_class("examples")[0].all("a")
    assert len(examples) >= 3
    for example in examples:
        assert get_page(example.attributes["href"]).one("input", id="q").attributes["value"] == example.text


def test_browse_shows_every_concept_and_organisation(get_page: GetPage, backend: Backend) -> None:
    links = internal_links(get_page("/browse"))
    for facet, path in CONCEPT_PATHS.items():
        assert {f"/{path}/{id}" for id in backend.taxonomy().ids(facet)} <= links
    assert {f"/organisations/{id}" for id in backend.organisations()} <= links


# --- search ----------------------------------------------------------------------------------------------------


def test_results_are_those_of_the_backend_in_its_order(get_page: GetPage, backend: Backend) -> None:
    text = practices(backend)[0].title
    expected = [hit.id for hit in backend.search(Query(text)).hits]
    page = get_page(f"/search?q={quote(text)}")
    shown = [a.attributes["href"] for title in page.with_class("hit-title") for a in title.all("a")]
    assert shown == [f"/practices/{id}" for id in expected]


def test_a_search_keeps_its_text_and_tells_the_total(get_page: GetPage, backend: Backend) -> None:
    text = practices(backend)[0].title
    total = backend.search(Query(text)).total
    page = get_page(f"/search?q={quote(text)}")
    assert page.one("input", id="q").attributes["value"] == text
    assert page.one("h1").text.startswith(f"{total} practice")


def test_a_misspelt_word_is_put_right_and_said_so(get_page: GetPage) -> None:
    page = get_page(f"/search?q={quote('parentel <i> controls')}&mode=lexical&country=GB")
    (note,) = [note for note in page.with_class("results-note") if note.text.startswith("Showing results for")]
    assert note.text.startswith("Showing results for parental <i> controls.")
    exact = note.one("a").attributes["href"]
    assert exact == "/search?q=parentel+%3Ci%3E+controls&country=GB&mode=lexical&exact=1"
    asked = get_page(exact)
    assert not any("Showing results" in note.text for note in asked.with_class("results-note"))
    assert asked.one("input", name="exact").attributes["form"] == "search-form"
    (back,) = [a for note in asked.with_class("results-note") for a in note.all("a") if "misspellings" in a.text]
    assert get_page(back.attributes["href"]).one("h1").text == page.one("h1").text


def test_a_question_in_another_language_names_its_concepts(get_page: GetPage) -> None:
    page = get_page(f"/search?q={quote('Cybermobbing in der Klasse')}")
    (note,) = [note for note in page.with_class("results-note") if note.text.startswith("Also searched for:")]
    assert [(a.text, a.attributes["href"]) for a in note.all("a")] == [
        ("Cyberbullying", "/topics/cyberbullying"),
        ("Search for the exact words only", "/search?q=Cybermobbing+in+der+Klasse&exact=1"),
    ]


def test_every_hit_says_why_it_is_there(get_page: GetPage, backend: Backend) -> None:
    page = get_page(f"/search?q={quote(practices(backend)[0].title)}")
    reasons = page.with_class("why")
    assert len(reasons) == len(page.with_class("hit"))
    assert all("% of its score comes from the words" in reason.text for reason in reasons)
    assert page.all("mark"), "the words of the question are marked"


def test_an_empty_search_shows_all_newest_first(get_page: GetPage, backend: Backend) -> None:
    page = get_page("/search")
    first = page.with_class("hit-title")[0].one("a").attributes["href"]
    assert first == f"/practices/{practices(backend)[0].id}"
    assert not page.with_class("why")


@pytest.mark.parametrize("facet", FACETS)
def test_every_facet_can_be_chosen_and_taken_back(get_page: GetPage, backend: Backend, facet: str) -> None:
    value = backend.search(Query(limit=1)).facets[facet][0]
    page = get_page(f"/search?{facet}={quote(value.id)}")
    assert "checked" in page.one("input", id=f"{facet}-{value.id}").attributes
    (chip,) = page.with_class("chip")
    assert value.label in chip.text
    assert chip.attributes["href"] == "/search"
    assert page.one("h1").text == f"{value.count} practice{'s' if value.count != 1 else ''}"


def test_the_filter_form_works_without_javascript(get_page: GetPage, client: FlaskClient) -> None:
    """What a browser would send from the form, all boxes of the first facet ticked, gives a page."""
    page = get_page("/search?q=children")
    fields = [e for e in page.all("input") if e.attributes.get("form") == "search-form"]
    assert {e.attributes["type"] for e in fields} == {"checkbox", "radio"}
    strands = [e.attributes["value"] for e in fields if e.attributes["name"] == "strand"]
    sent = "&".join(f"strand={value}" for value in strands)
    assert client.get(f"/search?q=children&mode=hybrid&{sent}").status_code == 200


def test_a_chip_keeps_the_other_filters(get_page: GetPage, backend: Backend) -> None:
    found = practices(backend)[0]
    strand, country = found.strand[0], found.countries[0]
    page = get_page(f"/search?country={country}&q=a&strand={strand}")
    chips = {urlsplit(chip.attributes["href"]).query for chip in page.with_class("chip")}
    assert chips == {f"q=a&strand={strand}", f"q=a&country={country}"}


def test_pages_neither_repeat_nor_skip(get_page: GetPage, backend: Backend) -> None:
    total = backend.search(Query(limit=1)).total
    shown: list[str] = []
    for number in range(1, -(-total // PER_PAGE) + 1):
        page = get_page(f"/search?page={number}")
        shown += [a.attributes["href"] for title in page.with_class("hit-title") for a in title.all("a")]
        assert bool(page.all("a", rel="prev")) == (number > 1)
        assert bool(page.all("a", rel="next")) == (number * PER_PAGE < total)
    assert len(shown) == len(set(shown)) == total


def test_a_page_beyond_the_end_leads_back(get_page: GetPage) -> None:
    page = get_page("/search?page=999")
    notice = page.with_class("notice")[0]
    assert notice.text.startswith("There is no page 999 here.")
    assert get_page(notice.one("a").attributes["href"]).with_class("hit")


@pytest.mark.parametrize("query", ["qzxvwk", "qzxvwk -children", '"no such phrase anywhere qzx"'])
def test_nothing_fits_well_says_so(get_page: GetPage, query: str) -> None:
    page = get_page(f"/search?mode=lexical&q={quote(query)}")
    assert page.one("h1").text == "Nothing fits well"
    assert "What you can do" in page.with_class("notice-title")[0].text
    assert "/browse" in internal_links(page)


def test_a_filter_by_country_offers_what_runs_more_widely(get_page: GetPage, backend: Backend) -> None:
    by_country = {value.id: value for value in backend.search(Query(limit=1)).facets["country"]}
    wider = [area for area in ("EU", "INT") if area in by_country]
    country = next(id for id in by_country if id not in ("EU", "INT"))
    if not wider:
        pytest.skip("the corpus of the tests has no practice that runs more widely")
    offers = get_page(f"/search?country={country}").with_class("results-wider")[0]
    assert {a.attributes["href"] for a in offers.all("a")} == {f"/search?country={country}&country={a}" for a in wider}


HOSTILE = [
    "q=%00",
    "q=a%00b",
    f"q={'word+' * 10_000}",
    f"q={'x' * 3000}",
    "q=" + quote("مرحبا \u202eabc"),
    "q=" + quote("👧🏽🔒"),
    "q=" + quote('AND OR NOT NEAR("a" "b", 3) * ^ : - + " '),
    "q=" + quote('"'),
    "q=" + quote("' OR 1=1; DROP TABLE practices; --"),
    "q=" + quote("-children"),
    "q=the+of+and",
    "q=%ff%fe",
    "q=%ED%A0%80",
    "q=" + quote("\u2028\u0007\u200b"),
    "q={{7*7}}",
    "page=-1",
    "page=0",
    "page=abc",
    "page=1&page=2",
    "page=999999",
    f"page={'9' * 5000}",
    "mode=magic",
    "sort=magic",
    "sort=newest&sort=%00",
    "topic=no-such-topic",
    "topic=%00",
    "topic=grooming%27--",
    "country=xx&country=DE",
    "strand=awareness-raising&strand=awareness-raising",
    "&".join(f"topic=t{n}" for n in range(2000)),
    "q=&topic=&country=&mode=&page=",
    "q[]=a&q[$ne]=b",
    "=&&=",
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: query[:40])
@pytest.mark.parametrize("path", ["/search", "/api/v1/search"])
def test_a_hostile_query_gets_an_answer_or_a_clear_refusal(client: FlaskClient, path: str, query: str) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code in (200, 400)
    if response.status_code == 400 and path.startswith("/api"):
        assert response.get_json()["error"]


def test_49_is_not_the_answer_to_a_template_in_a_query(get_page: GetPage) -> None:
    assert get_page("/search?q={{7*7}}").one("input", id="q").attributes["value"] == "{{7*7}}"


ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "javascript:alert(1)",
    "&lt;script&gt;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_query_is_never_markup(get_page: GetPage, attack: str) -> None:
    """``get_page`` fails on any script, handler or unbalanced tag; the text itself comes back as it was sent."""
    page = get_page(f"/search?q={quote(attack)}")
    assert page.one("input", id="q").attributes["value"] == attack
    assert len(page.all("script")) == 1, "ours, and no other"
    assert not [img for img in page.all("img") if img.attributes.get("src") == "x"]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/search?page=", 400),
        ("/search?topic=", 400),
        ("/practices/", 404),
        ("/topics/", 404),
        ("/organisations/", 404),
    ],
)
def test_an_error_page_is_never_markup(get_page: GetPage, url: str, status: int, attack: str) -> None:
    page = get_page(f"{url}{quote(attack, safe='')}", status)
    assert len(page.all("script")) == 1, "ours, and no other"
    assert not page.all("img")


# --- a practice ------------------------------------------------------------------------------------------------


def test_a_practice_page_shows_what_its_file_says(get_page: GetPage, backend: Backend) -> None:
    for practice in practices(backend)[:5]:
        page = get_page(f"/practices/{practice.id}")
        text = page.text
        assert page.one("h1").text == practice.title
        assert " ".join(practice.summary.split()) in text
        for organisation in practice.organisations:
            assert page.all("a", href=f"/organisations/{organisation}")
        for topic in practice.topics:
            assert page.all("a", href=f"/topics/{topic}")
        for country in practice.countries:
            assert backend.label("country", country) in text
        for question in practice.questions:
            assert question in text
        assert page.all("a", href=f"/practices/{practice.id}.md")


def test_evidence_is_said_in_plain_words(get_page: GetPage, backend: Backend) -> None:
    practice = practices(backend)[0]
    concept = backend.taxonomy().get("evidence", practice.evidence.kind)
    assert concept is not None
    fact = get_page(f"/practices/{practice.id}").with_class("fact-evidence")[0]
    assert concept.label() in fact.text
    assert concept.defined().text in fact.text


def test_sources_are_numbered_as_the_footnotes_are(get_page: GetPage, backend: Backend) -> None:
    for practice in practices(backend)[:5]:
        page = get_page(f"/practices/{practice.id}")
        listed = [item.attributes["id"] for item in page.with_class("sources")[0].one("ol").all("li")]
        assert len(listed) == len(practice.sources)
        for note in page.with_class("footnote"):
            link = note.one("a")
            assert listed[int(link.text) - 1] == link.attributes["href"].removeprefix("#")


def test_contents_lead_to_what_is_on_the_page_in_its_order(get_page: GetPage, backend: Backend) -> None:
    several = [p for p in practices(backend) if p.body.count("\n## ") + p.body.startswith("## ") > 1]
    for practice in (
        next(p for p in several if p.questions and p.translations),
        next(p for p in several if not p.translations),
    ):
        page = get_page(f"/practices/{practice.id}")
        contents = page.with_class("contents")[0]
        headings = [e.text for e in page.with_class("prose")[0].all("h2")]
        assert [a.text for a in contents.all("a")] == [
            *headings,
            *["Questions that this practice answers"] * bool(practice.questions),
            "Sources",
            *["In other languages"] * bool(practice.translations),
            "Similar practices",
            "Take it with you",
        ]
        targets = [a.attributes["href"][1:] for a in contents.all("a")]
        assert targets == [id for e in page if (id := e.attributes.get("id", "")) in targets], "in the page's order"


def test_similar_practices_are_those_of_the_backend(get_page: GetPage, backend: Backend) -> None:
    practice = practices(backend)[0]
    links = internal_links(get_page(f"/practices/{practice.id}"))
    assert {f"/practices/{hit.id}" for hit in backend.similar(practice.id, limit=4)} <= links


def test_the_markdown_file_is_served_as_it_is(client: FlaskClient, backend: Backend) -> None:
    practice = practices(backend)[0]
    response = client.get(f"/practices/{practice.id}.md")
    assert response.status_code == 200
    assert response.content_type == "text/markdown; charset=utf-8"
    assert response.get_data(as_text=True) == backend.source(practice.id)


def test_an_old_id_redirects_for_good(client: FlaskClient, backend: Backend) -> None:
    aliased = [(alias, p.id) for p in practices(backend) for alias in p.aliases]
    if not aliased:
        pytest.skip("the corpus of the tests has no aliases")
    for alias, id in aliased:
        for path, suffix in (("/practices/", ""), ("/practices/", ".md"), ("/api/v1/practices/", "")):
            response = client.get(f"{path}{alias}{suffix}")
            assert response.status_code == 301
            assert response.headers["Location"] == f"{path}{id}{suffix}"


# --- organisations, concepts -----------------------------------------------------------------------------------


def test_an_organisation_page_lists_its_practices(get_page: GetPage, backend: Backend) -> None:
    practice = practices(backend)[0]
    organisation = backend.organisation(practice.organisations[0])
    page = get_page(f"/organisations/{organisation.id}")
    assert page.one("h1").text == organisation.name
    assert backend.label("country", organisation.country) in page.text
    assert f"/practices/{practice.id}" in internal_links(page)


def test_every_concept_has_a_page(get_page: GetPage, backend: Backend) -> None:
    for facet, path in CONCEPT_PATHS.items():
        for concept in backend.taxonomy().schemes[facet].concepts[:8]:
            page = get_page(f"/{path}/{concept.id}")
            assert page.one("h1").text == concept.label()
            if concept.definition.get("en"):
                assert " ".join(concept.definition["en"].split()) in page.text


def test_a_topic_leads_up_and_down(get_page: GetPage, backend: Backend) -> None:
    taxonomy = backend.taxonomy()
    below = next(c for c in taxonomy.schemes["topic"].concepts if c.broader)
    assert below.broader
    assert f"/topics/{below.broader}" in internal_links(get_page(f"/topics/{below.id}"))
    assert f"/topics/{below.id}" in internal_links(get_page(f"/topics/{below.broader}"))


def test_a_search_within_a_topic_keeps_to_it(get_page: GetPage, backend: Backend) -> None:
    topic = practices(backend)[0].topics[0]
    form = get_page(f"/topics/{topic}").with_class("search-within")[0]
    assert form.one("input", type="hidden").attributes == {"type": "hidden", "name": "topic", "value": topic}


@pytest.mark.parametrize("rest", ["?page=abc", "?page=0"])
def test_pages_of_a_list_are_checked_like_those_of_a_search(get_page: GetPage, backend: Backend, rest: str) -> None:
    get_page(f"/topics/{practices(backend)[0].topics[0]}{rest}", expected_status=400)
    get_page(f"/organisations/{practices(backend)[0].organisations[0]}{rest}", expected_status=400)


# --- all together ----------------------------------------------------------------------------------------------


def test_languages_are_marked(get_page: GetPage, backend: Backend) -> None:
    for practice in practices(backend):
        if practice.language == "en" and not practice.translations:
            continue
        page = get_page(f"/practices/{practice.id}")
        assert page.one("html").attributes["lang"] == "en"
        if practice.language != "en":
            assert page.one("h1").attributes["lang"] == practice.language
        for language, translation in practice.translations.items():
            assert translation.title in {e.text for e in page if e.attributes.get("lang") == language}


def test_no_link_is_dead(client: FlaskClient) -> None:
    """From the home page through everything that is linked; of what has combinations without end, a share."""
    waiting, seen, left = ["/"], {"/"}, {"/search": 40, "/compare": 6, "/dossier": 6, "/map": 6}
    while waiting:
        url = waiting.pop()
        path = url.partition("?")[0]
        if path in left:
            left[path] -= 1
            if left[path] < 0:
                continue
        if path.startswith("/in/"):
            continue  # leads back to where one was, in another language
        response = client.get(url)
        assert response.status_code == 200, f"{url} answers {response.status}"
        if response.mimetype != "text/html":
            continue
        for found in re.findall(r'(?:href|src)="(/[^"]*)"', response.get_data(as_text=True)):
            link = unescape(found).partition("#")[0]
            if link not in seen and link.split("/")[1] not in PREFIXED:  # the others mirror this one
                seen.add(link)
                waiting.append(link)
    assert len(seen) > 50


# --- an index that changes -------------------------------------------------------------------------------------


def test_a_new_index_is_shown_without_a_restart(
    make_backend: Callable[..., Backend], pages_of: Callable[[Flask], GetPage]
) -> None:
    backend = make_backend(Document("first", "The first"))
    show = pages_of(create_app(backend))
    assert show("/search").one("h1").text == "1 practice"
    make_backend(Document("first", "The first"), Document("second", "The second"))
    assert show("/search").one("h1").text == "2 practices"


def test_what_an_entry_says_is_never_markup(
    make_backend: Callable[..., Backend], pages_of: Callable[[Flask], GetPage]
) -> None:
    attack = '"><script>alert(1)</script>'
    sections = (Section((f"Heading {attack}",), f"Grooming {attack} grooming"),)
    backend = make_backend(Document("one", f"Title {attack}", sections=sections, questions=(f"Grooming {attack}?",)))
    page = pages_of(create_app(backend))("/search?q=grooming")
    assert len(page.all("script")) == 1, "ours, and no other"
    assert f"Title {attack}" in page.with_class("hit-title")[0].text
    assert {mark.text for mark in page.all("mark")} == {"Grooming", "grooming"}
