"""What the page of a practice offers beside its text: contact, citation, history, other practices, downloads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.content.model import Practice, Source
from kb.text.markup import nested, render
from kb.types import Query
from kb.upkeep.history import Change, History
from kb.upkeep.repository import Repository
from tests.web.conftest import parse
from web import create_app
from web.contact import Contact, contact
from web.documents import bibtex, citation, to_markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.conftest import Element, GetPage


@pytest.fixture(scope="session")
def practice(backend: Backend) -> Practice:
    """One whose organisation has done more."""
    for hit in backend.search(Query(limit=300)).hits:
        if hit.practice and backend.search(Query(filters={"organisation": hit.practice.organisations})).total > 6:
            return hit.practice
    raise AssertionError("no organisation has several practices")


def called(facet: str, value: str) -> str:
    return {"ngo-a": "Kids & Co_", "ngo-b": "Ünder {18}"}.get(value, value)


# --- whom to tell ----------------------------------------------------------------------------------------------

CONTACTS = [
    ("office@example.org", "mailto:office@example.org?subject=Error%20in%20%26%20%3F"),
    ("https://example.org/issues?new=1", "https://example.org/issues?new=1"),
    ("The office of the NGO", None),
    ("javascript:alert(1)", None),
    ("a@b.org?bcc=c@d.org", None),
    ("a@b.org\nBcc: c@d.org", None),
    ("https://", None),
    ("http://[", None),
    ("https://exa mple.org", None),
    ("ftp://example.org", None),
]


@pytest.mark.parametrize(("text", "url"), CONTACTS)
def test_a_contact_is_a_link_where_it_is_an_address(text: str, url: str | None) -> None:
    assert contact(text, subject="Error in & ?") == Contact(text, url)


def report(app: Flask, pages_of: Callable[[Flask], GetPage], practice: Practice) -> tuple[str, list[str]]:
    colophon = pages_of(app)(f"/practices/{practice.id}").with_class("colophon")[0]
    (told,) = [p for p in colophon.all("p") if "wrong here" in p.text]
    return told.text, [a.attributes["href"] for a in told.all("a")]


def test_errors_go_to_the_contact_of_the_site(
    backend: Backend, pages_of: Callable[[Flask], GetPage], practice: Practice
) -> None:
    _, (link,) = report(create_app(backend, contact="office@example.org"), pages_of, practice)
    assert link.startswith("mailto:office@example.org?subject=Error%20in%20")
    assert link.endswith(f"%28{practice.id}%29")
    text, links = report(create_app(backend, contact="The office"), pages_of, practice)
    assert "The office." in text
    assert links == []
    text, links = report(create_app(backend), pages_of, practice)
    assert f"entries/practices/{practice.id}.md" in text
    assert links == []
    known = Repository("https://github.com/owner/name/issues")
    text, links = report(create_app(backend, repository=known), pages_of, practice)
    assert f"entries/practices/{practice.id}.md" in text
    assert links == [known.issues]
    assert report(create_app(backend, repository=known, contact="The office"), pages_of, practice)[1] == []
    access = pages_of(create_app(backend, repository=known))("/accessibility")
    assert known.issues in [a.attributes["href"] for a in access.all("a")]


# --- citing ----------------------------------------------------------------------------------------------------


def made(**changes: Any) -> Practice:
    empty = dict.fromkeys(("strand", "risks", "topics", "audiences", "countries", "sources"), ())
    fields = {
        "id": "one",
        "title": "One: 100 % of {it}",
        "summary": "In *short*",
        "language": "en",
        "organisations": ("ngo-a", "ngo-b"),
        "stage": "running",
        "evidence": cast("Any", type("E", (), {"kind": "none", "findings": None})()),
        "added": "2024-01-01",
        "updated": "2025-03-07",
        "body": "",
    }
    return Practice(**cast("Any", empty | fields | changes))


URL = "https://kb.example/practices/one"


def test_a_citation_says_who_what_about_whom_when_and_where() -> None:
    cited = citation(made(), site_name="Shared Practice", url=URL, label=called, accessed=date(2026, 11, 27))
    assert cited == (
        "Shared Practice. “One: 100 % of {it}”. About a practice of Kids & Co_ and Ünder {18}. "
        f"Last changed on 7 March 2025. {URL}, accessed on 27 November 2026"
    )
    alone = citation(made(organisations=()), site_name="S", url="u", label=called)
    assert alone == "S. “One: 100 % of {it}”. Last changed on 7 March 2025. u"
    assert citation(made(organisations=()), site_name="S", url="", label=called).endswith("7 March 2025.")


def test_bibtex_escapes_what_tex_reads() -> None:
    assert bibtex(made(), site_name="A & B", url=URL, label=called, accessed=date(2026, 11, 27)) == (
        "@misc{one,\n"
        "  author = {{A \\& B}},\n"
        "  title = {{One: 100 \\% of \\{it\\}}},\n"
        "  note = {About a practice of Kids \\& Co\\_ and Ünder \\{18\\}},\n"
        "  year = {2025},\n"
        "  url = {https://kb.example/practices/one},\n"
        "  urldate = {2026-11-27},\n"
        "  language = {en},\n"
        "}"
    )


def test_who_wrote_the_entry_is_the_same_everywhere(client: FlaskClient, practice: Practice) -> None:
    page = parse(client.get(f"/practices/{practice.id}").get_data(as_text=True))
    article = json.loads(page.all("script", type="application/ld+json")[0].raw)
    assert article["author"]["name"] == "Shared Practice"
    assert page.one("p", id="page_citation").text.startswith("Shared Practice. “")
    assert "author = {{Shared Practice}}" in page.one("pre", id="page_bibtex").raw


def test_the_day_of_access_is_that_of_the_request(
    client: FlaskClient, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on(day: date) -> tuple[str, str, str]:
        clock = type("Clock", (date,), {"today": classmethod(lambda cls: day)})
        monkeypatch.setattr("web.views.practices.date", clock)
        monkeypatch.setattr("web.caching.date", clock)
        answer = client.get(f"/practices/{practice.id}")
        other = client.get("/help").headers["ETag"]
        return parse(answer.get_data(as_text=True)).one("p", id="page_citation").text, answer.headers["ETag"], other

    first, etag, other = on(date(2026, 11, 27))
    second, later, same = on(date(2026, 11, 28))
    assert first.endswith("accessed on 27 November 2026")
    assert second.endswith("accessed on 28 November 2026")
    assert etag != later
    assert other == same, "pages that tell no day hold on"


# --- many bodies in one document -------------------------------------------------------------------------------

BODY = """\
# Top

Said.[^a] In code: `[^a]`, escaped: \\[^a]. And [below](#results).

## Results

```
## no heading [^a]
```

- item [^b]
"""
SOURCES = (Source("a", "https://a.example", "A"), Source("b", "https://b.example", "B"))


def test_ids_and_levels_move_together() -> None:
    html = render(BODY, SOURCES, within="one", deeper=1)
    assert '<h3 id="one--top">Top</h3>' in html
    assert '<h3 id="one--results">Results</h3>' in html
    assert 'href="#one--source-a"' in html
    assert '<a href="#one--results">below</a>' in html
    assert 'id="results"' not in html


def test_markdown_is_nested_and_code_is_left_alone() -> None:
    assert nested(BODY, within="one", deeper=1) == (
        "### Top\n\n"
        "Said.[^one-a] In code: `[^a]`, escaped: \\[^a]. And [below](#results).\n\n"
        "### Results\n\n"
        "```\n## no heading [^a]\n```\n\n"
        "- item [^one-b]\n"
    )


def test_headings_never_go_below_the_sixth() -> None:
    assert nested("###### Deep", within="x", deeper=3) == "###### Deep"
    assert "<h6" in render("###### Deep", within="x", deeper=3)


def test_a_title_is_never_markdown() -> None:
    document = to_markdown([made(title="*One* [x](y)")], site_name="S", base="https://kb.example/", label=called)
    assert "## \\*One\\* \\[x\\](y)\n" in document
    assert "In \\*short\\*" in document


def test_every_entry_can_be_nested(backend: Backend) -> None:
    """A body of the base has as many headings and notes after as before."""
    for hit in backend.search(Query(limit=1000)).hits:
        assert hit.practice
        body = hit.practice.body
        moved = nested(body, within=hit.id, deeper=1)
        assert moved.count("\n") == body.count("\n")
        assert moved.count("[^") == moved.count(f"[^{hit.id}-") == body.count("[^")


# --- what changed, what else there is --------------------------------------------------------------------------


class Told(History):
    """A history with words of its own."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = tuple(changes)

    def of(self, path: str, *, version: object) -> tuple[Change, ...]:
        return self._changes if path.startswith("practices/") and path.endswith(".md") else ()


def test_changes_are_told_latest_first_and_are_never_markup(
    backend: Backend, pages_of: Callable[[Flask], GetPage], practice: Practice
) -> None:
    changes = [
        Change("2024-03-02", "Correct it <b>", fields=("sources", "title", "added"), headings=("Results <i>",)),
        Change("2024-03-01", fields=("started", "ended")),
        Change("2024-02-29", added=True),
        Change("2024-02-28", fields=("updated",)),
    ]
    page = pages_of(create_app(backend, history=Told(changes)))(f"/practices/{practice.id}")
    assert [item.text for item in page.with_class("changes")[0].all("li")] == [
        "2 March 2024 Title, Sources, Results <i> Correct it <b>",
        "1 March 2024 When",
        "29 February 2024 The entry was written",
    ]


def test_without_a_history_nothing_is_said_of_changes(get_page: GetPage, practice: Practice) -> None:
    assert not get_page(f"/practices/{practice.id}").with_class("changes")


def test_other_practices_of_the_organisation_are_named_once(
    get_page: GetPage, backend: Backend, practice: Practice
) -> None:
    page = get_page(f"/practices/{practice.id}")
    (others,) = page.all("section", aria_labelledby="page_others")
    links = [heading.one("a").attributes["href"] for heading in others.all("h3")]
    assert 1 <= len(links) <= 5
    similar = {f"/practices/{hit.id}" for hit in backend.similar(practice.id, limit=4)}
    assert not similar & set(links)
    for link in links:
        found = backend.practice(link.removeprefix("/practices/"))
        assert set(found.organisations) & set(practice.organisations)
        assert found.id != practice.id


def test_a_practice_can_be_taken_away(get_page: GetPage, client: FlaskClient, practice: Practice) -> None:
    take = get_page(f"/practices/{practice.id}").with_class("take")[0]
    downloads = [a.attributes["href"] for a in take.all("a") if "download" in a.attributes]
    assert downloads == [f"/practices/{practice.id}.md", f"/api/v1/practices/{practice.id}"]
    for url in downloads:
        assert client.get(url).status_code == 200
    assert f"http://localhost/practices/{practice.id}" in take.one("p", id="page_citation").text
    assert take.one("pre", id="page_bibtex").text.startswith(f"@misc{{{practice.id},")
    assert take.one("input", name="id").attributes["value"] == practice.id


def test_an_entry_of_its_own_contact_wins(
    backend: Backend, pages_of: Callable[[Flask], GetPage], practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(practice, contact="https://own.example/contact")
    monkeypatch.setattr(Backend, "practice", lambda self, id: changed)
    _, links = report(create_app(backend, contact="office@example.org"), pages_of, practice)
    assert links == ["https://own.example/contact"]


# --- languages -------------------------------------------------------------------------------------------------


def language_of(element: Element | None) -> str:
    """The language that a screen reader takes the text of an element to be in."""
    while element is not None:
        if language := element.attributes.get("lang"):
            return language
        element = element.parent
    return ""


def test_words_of_the_entry_are_marked_wherever_they_stand(
    backend: Backend, pages_of: Callable[[Flask], GetPage]
) -> None:
    practice = next(p for p in backend.practices() if p.language == "en" and p.ages and p.ages.note and p.partners)
    assert practice.ages
    get = pages_of(create_app(backend, history=Told([Change("2026-01-02", "Correct the year")])))
    everywhere = [", ".join(practice.partners), practice.ages.note or ""]
    related = [backend.practice(id).title for id in practice.related]
    for url, told in (
        (f"/de/practices/{practice.id}", [*everywhere, "Correct the year", *related]),
        (f"/de/compare?id={practice.id}", everywhere),
        (f"/de/dossier/print?id={practice.id}", everywhere),
    ):
        page = get(url)
        for text in told:
            innermost = [e for e in page if e.text == text and not any(c.text == text for c in e if c is not e)]
            assert {language_of(e) for e in innermost} == {"en"}, f"{text!r} on {url}"


def test_a_question_is_quoted_in_its_language(get_page: GetPage) -> None:
    for url, language in (("/de/search?q=bullying+in+the+classroom", "en"), ("/search?q=Mobbing+in+der+Klasse", "de")):
        assert {language_of(q) for q in get_page(url).all("q")} == {language}
