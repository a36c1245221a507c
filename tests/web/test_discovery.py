"""What other programs find of the site: feeds, the sitemap, and what pages say of themselves."""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.content.model import Source
from kb.types import Document, Query
from tests.conftest import MakeBackend
from tests.web.conftest import Element, GetPage
from web import create_app
from web.feeds import MAX_ENTRIES, moment
from web.languages import LANGUAGES

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def entries(client: FlaskClient, url: str) -> list[ET.Element]:
    response = client.get(url)
    assert response.content_type == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(response.get_data())
    check_feed(feed)
    return feed.findall(f"{ATOM}entry")


def check_feed(feed: ET.Element) -> None:
    """What RFC 4287 asks of a feed (4.1.1) and its entries (4.1.2)."""
    assert feed.tag == f"{ATOM}feed"
    assert len([link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]) == 1
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        assert element.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
        assert feedparser.datetimes._parse_date(element.findtext(f"{ATOM}updated")) is not None
        assert len([link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]) == 1
    for entry in feed.findall(f"{ATOM}entry"):
        assert entry.findall(f"{ATOM}author/{ATOM}name") or feed.findall(f"{ATOM}author/{ATOM}name")
    ids = [element.findtext(f"{ATOM}id") for element in (feed, *feed.findall(f"{ATOM}entry"))]
    assert len(ids) == len(set(ids))


def links(found: list[ET.Element]) -> list[str]:
    return [link.get("href", "") for entry in found for link in entry.findall(f"{ATOM}link")]


def test_the_feed_has_the_newest_practices(client: FlaskClient, backend: Backend) -> None:
    practices = [hit.practice for hit in backend.search(Query(limit=1000)).hits if hit.practice]
    newest = sorted(practices, key=lambda one: one.id)
    newest.sort(key=lambda one: (one.updated, one.added), reverse=True)
    found = entries(client, "/feed.atom")
    assert links(found) == [f"http://localhost/practices/{one.id}" for one in newest[:MAX_ENTRIES]]


def test_a_reader_of_feeds_takes_it(client: FlaskClient) -> None:
    read = feedparser.parse(client.get("/feed.atom?topic=grooming").get_data())
    assert not read.bozo, read.get("bozo_exception")
    assert read.version == "atom10"
    assert read.feed.title == "Shared Practice: Grooming"
    assert read.entries[0].updated_parsed
    assert read.entries[0].authors[0].name


def test_a_feed_follows_a_search(client: FlaskClient, backend: Backend) -> None:
    with_topic = backend.search(Query(filters={"topic": ("grooming",)}, limit=1000))
    found = entries(client, "/feed.atom?topic=grooming")
    assert {link.rpartition("/")[2] for link in links(found)} == {hit.id for hit in with_topic.hits}
    asked = backend.search(Query("parental controls", limit=1000))
    assert 0 < asked.fitting < asked.total
    fitting = {hit.id for hit in asked.hits if hit.band in ("strong", "fair")}
    found = entries(client, "/feed.atom?q=parental+controls")
    assert {link.rpartition("/")[2] for link in links(found)} <= fitting
    assert len(found) == min(MAX_ENTRIES, asked.fitting)
    assert entries(client, "/feed.atom?q=%22no such phrase anywhere%22") == []
    assert client.get("/feed.atom?topic=nothing").status_code == 400


def test_ids_stay_whatever_the_host(backend: Backend) -> None:
    feeds = [
        create_app(backend, address=address).test_client().get("/feed.atom?topic=grooming").get_data(as_text=True)
        for address in (None, "https://example.org/kb")
    ]
    here, there = (ET.fromstring(feed) for feed in feeds)
    assert [one.text for one in here.iter(f"{ATOM}id")] == [one.text for one in there.iter(f"{ATOM}id")]
    assert there.find(f"{ATOM}link").get("href") == "https://example.org/kb/feed.atom?topic=grooming"  # type: ignore[union-attr]


def test_hostile_text_stays_text(client: FlaskClient) -> None:
    for text in ("<script>", "]]>", "&amp;", "\x00\x0b\x1f", "\ufffe", "\U0001f600"):
        entries(client, f"/feed.atom?q={text}")


@pytest.mark.parametrize(
    ("date", "expected"), [("2017", "2017-01-01T00:00:00Z"), ("2026-03-04", "2026-03-04T00:00:00Z")]
)
def test_a_moment(date: str, expected: str) -> None:
    assert moment(date) == expected


def test_pages_name_their_feed(get_page: GetPage, client: FlaskClient) -> None:
    for url, expected in (
        ("/", "/feed.atom"),
        ("/topics/grooming", "/feed.atom?topic=grooming"),
        ("/search?q=x&sort=evidence&page=2&country=DE", "/feed.atom?q=x&country=DE"),
    ):
        link = get_page(url).one("link", type="application/atom+xml")
        assert link.attributes["href"] == expected
        assert client.get(expected).status_code == 200


def test_results_can_be_taken_away(get_page: GetPage, client: FlaskClient) -> None:
    page = get_page("/search?q=children&topic=grooming&page=1")
    found = [a.attributes["href"] for a in page.with_class("takeaway")[0].all("a")]
    assert found[0] == "/api/v1/export?q=children&topic=grooming&format=csv"
    assert all(client.get(url).status_code == 200 for url in found)


# --- search engines --------------------------------------------------------------------------------------------


def test_the_sitemap_has_every_page_once(client: FlaskClient, backend: Backend) -> None:
    root = ET.fromstring(client.get("/sitemap.xml").get_data())
    found = [url.text or "" for url in root.iter(f"{SITEMAP}loc")]
    assert len(found) == len(set(found))
    concepts = sum(len(scheme.concepts) for scheme in backend.taxonomy().schemes.values())
    assert len(found) == 6 + backend.search(Query(limit=0)).total + len(backend.organisations()) + concepts
    for url in (*found[:6], *found[-2:]):
        assert client.get(url).status_code == 200
    page = next(url for url in root if url.findtext(f"{SITEMAP}loc", "").endswith("/topics/grooming"))
    beside = {link.get("hreflang"): link.get("href") for link in page.findall("{http://www.w3.org/1999/xhtml}link")}
    assert list(beside) == list(LANGUAGES)
    assert beside["en"] == "http://localhost/topics/grooming"
    assert beside["de"] == "http://localhost/de/topics/grooming"


def test_robots_are_told_what_has_no_end(client: FlaskClient) -> None:
    lines = client.get("/robots.txt").get_data(as_text=True).splitlines()
    assert lines[0] == "User-agent: *"
    assert "Disallow: /search" in lines
    assert "Sitemap: http://localhost/sitemap.xml" in lines


def data(page: Element) -> list[dict[str, Any]]:
    return [json.loads(block.raw) for block in page.all("script", type="application/ld+json")]


def test_a_practice_says_what_it_is(get_page: GetPage, backend: Backend) -> None:
    practice = backend.search(Query(limit=1)).hits[0].practice
    assert practice
    page = get_page(f"/practices/{practice.id}?utm_source=x")
    url = f"http://localhost/practices/{practice.id}"
    assert page.one("link", rel="canonical").attributes["href"] == url
    assert page.one("meta", property="og:url").attributes["content"] == url
    assert page.one("meta", property="og:title").attributes["content"] == practice.title
    assert page.one("meta", property="og:type").attributes["content"] == "article"
    article, crumbs = data(page)
    assert article["@type"] == "Article"
    assert article["name"] == practice.title
    assert [one["url"] for one in article["citation"]] == [source.url for source in practice.sources]
    assert crumbs["@type"] == "BreadcrumbList"
    assert [step["position"] for step in crumbs["itemListElement"]] == list(
        range(1, len(crumbs["itemListElement"]) + 1)
    )


def test_the_home_page_says_how_to_search(get_page: GetPage) -> None:
    [site] = data(get_page("/"))
    assert site["potentialAction"]["target"]["urlTemplate"] == "http://localhost/search?q={search_term_string}"


def test_each_page_of_a_list_is_canonical_by_itself(get_page: GetPage) -> None:
    page = get_page("/strands/awareness-raising?page=2&x=y")
    assert page.one("link", rel="canonical").attributes["href"] == "http://localhost/strands/awareness-raising?page=2"


@pytest.mark.parametrize("url", ["/browse", "/organisations/google", "/risks/contact", "/stages/running"])
def test_other_kinds_of_page_too(get_page: GetPage, url: str) -> None:
    page = get_page(url)
    assert page.one("link", rel="canonical").attributes["href"] == f"http://localhost{url}"
    for value in data(page):
        assert value["@context"] == "https://schema.org"


def test_no_text_of_an_entry_ends_a_block_of_data(
    backend: Backend, make_backend: MakeBackend, pages_of: type[GetPage]
) -> None:
    evil = "</script><script>alert(1)</script><!-- \u2028 ' \" & ]]>"
    practice = backend.search(Query(limit=1)).hits[0].practice
    assert practice
    sources = (Source("s", "https://example.org", evil),)
    practice = replace(
        practice, id="evil", title=evil, summary=evil, topics=(), organisations=(), related=(), sources=sources
    )
    app = create_app(make_backend(Document("evil", evil, practice=practice, source=evil)))
    page = pages_of(app)("/practices/evil")
    assert data(page)[0]["name"] == evil
    assert not [block for block in page.all("script") if "alert" in block.raw and "type" not in block.attributes]
    [entry] = entries(app.test_client(), "/feed.atom")
    assert entry.findtext(f"{ATOM}title") == evil.replace("\0", "")


def test_a_page_that_is_shared_has_a_picture_and_says_its_languages(get_page: GetPage, client: FlaskClient) -> None:
    page = get_page("/de/browse")
    picture = page.one("meta", property="og:image").attributes["content"]
    assert picture.startswith("http://localhost/static/preview.")
    answer = client.get(urlsplit(picture).path)
    assert answer.content_type == "image/png"
    width, height = struct.unpack(">II", answer.data[16:24])  # of the IHDR chunk
    named = [page.one("meta", property=f"og:image:{side}").attributes["content"] for side in ("width", "height")]
    assert named == [str(width), str(height)] == ["1200", "630"]
    assert len(answer.data) < 100_000
    assert page.one("meta", property="og:locale").attributes["content"] == "de_DE"
    others = {e.attributes["content"] for e in page.all("meta", property="og:locale:alternate")}
    assert others == {"en_GB", "fr_FR", "es_ES", "it_IT", "pl_PL"}
