"""Who needs somebody to talk to must not end up where content is reported, and finds their country first."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from indexer.documents import from_practice
from indexer.plan import digest
from kb.backends import Backend
from kb.content.model import Practice
from kb.text.collation import sort_key

if TYPE_CHECKING:
    from tests.web.conftest import Element, GetPage

KINDS = {"Somebody to talk to": "talk", "Where to report illegal content": "report"}
OTHERS = "Other countries of the European Union"


def by_country(page: Element) -> dict[tuple[str, str], list[str]]:
    """(country, purpose) to the ids of the practices that stand there."""
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


def test_help_is_what_says_where_to_turn_to(get_page: GetPage, backend: Backend) -> None:
    expected: dict[tuple[str, str], list[str]] = {}
    for practice in backend.practices():
        for service in practice.help if practice.stage in ("running", "unknown") else ():
            for code in practice.countries:
                expected.setdefault((backend.label("country", code), service.purpose), []).append(practice.id)
    found = by_country(get_page("/help"))
    assert {key: sorted(ids) for key, ids in found.items()} == {key: sorted(ids) for key, ids in expected.items()}
    assert found["France", "talk"] == ["france-3018-national-number"]
    assert "Ireland" not in {country for country, _ in found}  # nothing but a line for people who may offend


def test_number_and_address_come_before_the_entry(get_page: GetPage) -> None:
    page = get_page("/help")
    (line,) = (li for li in page.all("li") if "3018: " in li.text and li.all("strong"))
    assert [a.attributes["href"] for a in line.all("a")] == [
        "tel:3018",
        "https://e-enfance.org/",
        "/practices/france-3018-national-number",
    ]
    (italian,) = (li for li in page.all("li") if li.text.startswith("Line for missing children: 116 000"))
    assert italian.all("a")[0].attributes["href"] == "tel:116000", "a number is dialled without its spaces"


def test_no_help_is_for_people_who_may_offend(backend: Backend) -> None:
    assert not [p.id for p in backend.practices() if p.help and "preventing-offending" in p.topics]


def test_every_number_is_one_that_the_entry_states(backend: Backend) -> None:
    """Whether the sources state it is for the reviewer to say; here at least nothing comes from nowhere."""
    for practice in backend.practices():
        told = re.sub(r"\s", "", " ".join((practice.title, practice.summary, practice.body, *practice.partners)))
        for service in practice.help:
            assert service.phone is None or service.phone.replace(" ", "") in told, practice.id


def test_addresses_are_those_of_the_service_or_its_organisation(backend: Backend) -> None:
    def host(url: str) -> str:
        return (urlsplit(url).hostname or "").removeprefix("www.")

    organisations = backend.organisations()
    for practice in backend.practices():
        websites = [organisations[id].website or "" for id in practice.organisations]
        known = {host(url) for url in (*websites, *(source.url for source in practice.sources))}
        assert {host(service.url) for service in practice.help if service.url} <= known, practice.id


def test_a_country_of_the_union_is_never_missing(get_page: GetPage) -> None:
    page = get_page("/help")
    (others,) = (p.text for p in page.all("p") if p.text.startswith("No entry describes a service of these countries"))
    listed = {country for country, _ in by_country(page)}
    for country in ("Austria", "Czechia", "Hungary", "Ireland", "Poland", "Romania"):
        assert (country in others) != (country in listed)
    assert "Germany" in listed
    assert "Germany" not in others
    assert "United Kingdom" not in others


def test_countries_are_in_order_and_what_is_wider_comes_last(get_page: GetPage, backend: Backend) -> None:
    page = get_page("/help")
    *countries, last = [heading.text for heading in page.all("h3")]
    assert last == OTHERS
    wider = [backend.label("country", code) for code in ("EU", "INT")]
    national = [name for name in countries if name not in wider]
    assert countries == sorted(national, key=lambda name: sort_key(name, "en")) + [
        name for name in sorted(wider) if name in countries
    ]
    jumps = [e.text for e in page.with_class("jumps")[0].all("a")]
    assert jumps == [*countries, OTHERS]


def test_the_numbers_come_before_the_hotlines(get_page: GetPage) -> None:
    page = get_page("/help")
    assert [h.text for h in page.all("h2")] == [*KINDS, "Help in your country"]
    talk, report = page.all("section")[:2]
    assert [a.attributes["href"] for a in talk.all("a")] == ["tel:112", "tel:116111", "tel:116000"]
    assert [a.attributes["href"] for a in report.all("a")] == ["https://www.inhope.org/"]


def test_a_change_of_help_alone_is_a_change_of_the_document(backend: Backend) -> None:
    """Else a number that was put right would stay wrong on the page until something else changed."""
    practice = next(p for p in backend.practices() if p.help)

    def hashed(found: Practice) -> str:
        return digest(from_practice(found, "", backend.taxonomy(), backend.organisations()))

    other = replace(practice, help=(replace(practice.help[0], phone="112"), *practice.help[1:]))
    assert hashed(practice) == hashed(replace(practice)) != hashed(other)
