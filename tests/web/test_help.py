"""Who needs somebody to talk to must not end up where content is reported, and finds their country first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.backends import Backend
from kb.types import Query

if TYPE_CHECKING:
    from tests.web.conftest import Element, GetPage

KINDS = {"Somebody to talk to": "helplines", "Where to report illegal content": "hotlines"}


def by_country(page: Element) -> dict[tuple[str, str], list[str]]:
    """(country, topic) to the ids of the practices that stand there."""
    found: dict[tuple[str, str], list[str]] = {}
    (section,) = (s for s in page.all("section") if s.attributes.get("aria-labelledby") == "help_countries")
    country = kind = ""
    for element in section:
        if element.tag == "h3":
            country, kind = element.text, ""
        elif element.tag == "h4":
            kind = KINDS[element.text]
        elif element.tag == "a" and "/practices/" in element.attributes["href"]:
            found.setdefault((country, kind), []).append(element.attributes["href"].rpartition("/")[2])
    return found


def test_help_is_what_somebody_can_turn_to(get_page: GetPage) -> None:
    found = {key: set(ids) for key, ids in by_country(get_page("/help")).items()}
    assert found["France", "helplines"] == {"france-3018-national-number"}  # neither the plan for schools nor the games
    assert found["Spain", "helplines"] == {"anar-phone-and-chat", "incibe-017-helpline-and-is4k"}
    assert found["Estonia", "helplines"] == {"smartly-on-the-web-estonia"}  # no other entry tells of its lines
    listed = set.union(*found.values())
    # They exchange figures, list addresses, teach: nobody can turn to them.
    assert listed.isdisjoint(
        {
            "child-helpline-international-network-data",
            "bt-cleanfeed-network-blocking",
            "iwf-url-and-hash-lists",
            "nspcc-speak-out-stay-safe",
            "generazioni-connesse-epolicy",
        }
    )


def test_nothing_stands_under_another_kind_or_country(get_page: GetPage, backend: Backend) -> None:
    tagged: dict[tuple[str, str], set[str]] = {}
    for topic in KINDS.values():
        for hit in backend.search(Query(filters={"topic": (topic,), "stage": ("running", "unknown")}, limit=1000)).hits:
            assert hit.practice
            for code in hit.practice.countries:
                tagged.setdefault((backend.label("country", code), topic), set()).add(hit.id)
    for key, ids in by_country(get_page("/help")).items():
        assert len(set(ids)) == len(ids)
        assert set(ids) <= tagged[key], key


def test_countries_are_in_order_and_what_is_wider_comes_last(get_page: GetPage, backend: Backend) -> None:
    page = get_page("/help")
    countries = [heading.text for heading in page.all("h3")]
    wider = [backend.label("country", code) for code in ("EU", "INT")]
    national = [name for name in countries if name not in wider]
    assert countries == sorted(national, key=str.casefold) + [name for name in sorted(wider) if name in countries]
    jumps = [e.text for e in page.with_class("jumps")[0].all("a")]
    assert jumps == countries


def test_the_numbers_come_before_the_hotlines(get_page: GetPage) -> None:
    page = get_page("/help")
    assert [h.text for h in page.all("h2")] == [*KINDS, "Help in your country"]
    talk, report = page.all("section")[:2]
    assert [a.attributes["href"] for a in talk.all("a")] == ["tel:112", "tel:116111", "tel:116000"]
    assert [a.attributes["href"] for a in report.all("a")] == ["https://www.inhope.org/"]
