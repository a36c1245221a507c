"""The languages of the interface: by address, by choice, by browser; complete catalogues; ``lang`` on what is other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from flask.testing import FlaskClient

from kb.backends import Backend
from kb.content.codes import INTERNATIONAL
from kb.content.model import Concept, Definition
from kb.text.collation import sort_key
from kb.types import Query
from tests.conftest import REPOSITORY
from tests.web.conftest import Element, GetPage
from web.languages import LANGUAGES, PREFIXED, read_catalogue
from web.views.about import WIDER

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
TAG = re.compile(r"</?\w+")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "lazy": None, "plural": (1, 2)}
PAGES = (
    "/",
    "/browse",
    "/search",
    "/help",
    "/privacy",
    "/contribute",
    "/accessibility",
    "/status",
    "/compare",
    "/dossier",
    "/coverage",
    "/map",
)


def in_code() -> set[str | tuple[str, ...]]:
    found = extract_from_dir(
        REPOSITORY / "web", [("**.py", "python"), ("**/templates/**.html", "jinja2")], keywords=KEYWORDS
    )
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("code", PREFIXED)
def test_every_text_is_translated(code: str) -> None:
    catalogue = read_catalogue(code)
    messages = {message.id: message for message in catalogue if message.id}
    missing = sorted(str(id) for id in in_code() - set(messages))
    assert not missing, f"not in {code}; run make messages, and translate: {missing}"
    for id in in_code():
        check(messages[id], catalogue)


def check(message: Message, catalogue: Catalog) -> None:
    forms = _forms(message.string)
    assert all(forms), f"{catalogue.locale}: not translated: {message.id!r}"
    assert not message.fuzzy, f"{catalogue.locale}: fuzzy: {message.id!r}"
    many = _forms(message.id)[-1]
    assert len(forms) == (catalogue.num_plurals if message.pluralizable else 1)
    assert set(PLACEHOLDER.findall(forms[-1])) == set(PLACEHOLDER.findall(many)), forms
    for form in forms:
        assert set(PLACEHOLDER.findall(form)) <= set(PLACEHOLDER.findall(many)), f"{catalogue.locale}: {form!r}"
        assert sorted(TAG.findall(form)) == sorted(TAG.findall(many)), form


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ("",))


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_pages_stay_in_their_language(path: str, code: str, get_page: GetPage) -> None:
    prefix = f"/{code}" if code in PREFIXED else ""
    page = get_page(prefix + path)
    assert page.one("html").attributes["lang"] == code
    alternates = {e.attributes["hreflang"] for e in page.all("link", rel="alternate") if "hreflang" in e.attributes}
    assert alternates == {*LANGUAGES, "x-default"}
    for link in page.one("main").all("a"):
        to = urlsplit(link.attributes["href"])
        if not to.scheme and to.path and not to.path.startswith(("/api/", "/feed", "/static/")):
            assert (to.path.split("/")[1] in PREFIXED) == bool(prefix), link.attributes["href"]


@pytest.mark.parametrize(
    ("accepted", "cookie", "leads_to"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", None, "/de/"),
        ("da,fr;q=0.4", None, "/fr/"),
        ("en,de;q=0.9", None, None),
        ("da", None, None),
        ("", None, None),
        ("de", "pl", "/pl/"),
        ("de", "en", None),
        ("de", "../x", "/de/"),
    ],
)
def test_the_bare_home_page_leads_to_a_language(
    accepted: str, cookie: str | None, leads_to: str | None, client: FlaskClient
) -> None:
    if cookie:
        client.set_cookie("language", cookie)
    answer = client.get("/", headers={"Accept-Language": accepted})
    assert answer.headers.get("Location") == leads_to
    assert {"Accept-Language", "Cookie"} <= set(answer.vary)


def test_no_other_address_depends_on_who_asks(client: FlaskClient) -> None:
    client.set_cookie("language", "de")
    answer = client.get("/browse", headers={"Accept-Language": "fr"})
    assert '<html lang="en">' in answer.text


@pytest.mark.parametrize(
    ("code", "page", "leads_to"),
    [
        ("de", "/search?q=a%26b&topic=x", "/de/search?q=a%26b&topic=x"),
        ("en", "/fr/browse", "/browse"),
        ("it", "/de/browse", "/it/browse"),
        ("de", "//elsewhere.example/", "/de/"),
        ("de", "https://elsewhere.example/", "/de/"),
        ("de", "/nowhere", "/de/"),
        ("de", "/healthz", "/de/"),
    ],
)
def test_a_choice_is_remembered_and_stays_on_the_page(code: str, page: str, leads_to: str, client: FlaskClient) -> None:
    answer = client.get(f"/in/{code}", query_string={"page": page})
    assert (answer.status_code, answer.headers["Location"]) == (303, leads_to)
    assert answer.headers["Set-Cookie"].startswith(f"language={code};")


# --- what is in another language than the page -----------------------------------------------------------------


def spoken(element: Element) -> str:
    """The language that a reader is told this element is in."""
    found: Element | None = element
    while found is not None and "lang" not in found.attributes:
        found = found.parent
    return found.attributes["lang"] if found else ""


def in_language(page: Element, code: str) -> str:
    """All that stands in the language ``code`` itself, without what is inside it in others."""
    return " ".join(
        " ".join(child for child in element.children if isinstance(child, str))
        for element in page
        if spoken(element) == code and element.tag not in ("script", "style")
    )


@pytest.mark.parametrize("code", PREFIXED)
def test_english_words_of_an_entry_say_so(code: str, get_page: GetPage, backend: Backend) -> None:
    practice = next(
        hit.practice
        for hit in backend.search(Query(limit=50)).hits
        if hit.practice and hit.practice.language == "en" and hit.practice.organisations
    )
    page = get_page(f"/{code}/practices/{practice.id}")
    assert practice.title not in in_language(page, code)
    assert spoken(page.one("title")) == "en"
    assert page.one("meta", name="description").attributes["lang"] == "en"
    evidence = backend.taxonomy().get("evidence", practice.evidence.kind)
    assert evidence is not None
    (note,) = page.with_class("fact-note")
    assert (note.text, spoken(note)) == (evidence.defined(code).text, evidence.defined(code).language)
    citation = page.one("p", id="page_citation")
    assert [part.text for part in citation.all("span", lang="en")] == [practice.title]
    assert spoken(page.one("pre", id="page_bibtex")) == "en"
    assert not get_page(f"/practices/{practice.id}").one("main").all("span", lang="en")


@pytest.mark.parametrize("code", PREFIXED)
def test_definitions_are_in_the_language_of_the_page(code: str, get_page: GetPage, backend: Backend) -> None:
    risk = backend.taxonomy().get("risk", "contact")
    assert risk is not None
    words = risk.definition[code]
    assert words != risk.definition["en"]
    page = get_page(f"/{code}/risks/contact")
    assert words in in_language(page, code)
    assert page.one("meta", name="description").attributes == {"name": "description", "content": words}
    assert words in in_language(get_page(f"/{code}/"), code)
    assert words in in_language(get_page(f"/{code}/browse"), code)


def test_a_definition_that_is_not_translated_is_english_and_says_so() -> None:
    concept = Concept("topic", "x", {}, definition={"en": "What it is.", "de": "Was es ist."})
    assert concept.defined("de") == Definition("Was es ist.", "de")
    assert concept.defined("fr") == Definition("What it is.", "en")
    assert replace(concept, definition={}).defined("de") == Definition("", "en")


@pytest.mark.parametrize(
    ("code", "name"), [("es", "Internacional"), ("it", "Internazionale"), ("pl", "Zasięg międzynarodowy")]
)
def test_what_is_in_no_country_has_a_name_in_every_language(code: str, name: str, get_page: GetPage) -> None:
    assert set(INTERNATIONAL) == set(LANGUAGES)
    assert get_page(f"/{code}/browse").one("a", href=f"/{code}/search?country=INT").text == name
    page = get_page(f"/{code}/search?country=INT")
    assert page.one("label", for_="country-INT").text.startswith(name)
    assert "International" not in page.with_class("hit-where")[0].text


#: Two of these in one text are English; none is a word of another language of the pages.
ENGLISH = frozenset("the of and with which that this are from not what how".split())


@pytest.mark.parametrize("code", PREFIXED)
def test_no_english_sentence_is_left(code: str, get_page: GetPage, backend: Backend) -> None:
    ids = [hit.id for hit in backend.search(Query(limit=100)).hits]
    names = {organisation.name for organisation in backend.organisations().values()}
    further = (
        "/search?q=cyberbullying+at+school",
        "/search?q=qzxvwk&mode=lexical",
        "/search?country=DE&sort=evidence",
        f"/practices/{ids[0]}",
        f"/practices/{ids[50]}",
        f"/compare?id={ids[0]}&id={ids[50]}",
        f"/dossier?id={ids[0]}&id=nope",
        f"/dossier/print?id={ids[0]}",
        "/topics/grooming",
        "/evidence/randomised-trial",
        "/coverage?rows=country",
    )
    for path in (*PAGES, *further):
        page = get_page(f"/{code}{path}")
        for element in (one for one in page if spoken(one) == code and one.tag not in ("script", "style")):
            shown = [child for child in element.children if isinstance(child, str)]
            told = [element.attributes.get(name, "") for name in ("aria-label", "placeholder", "data-done")]
            for text in (*shown, *told):
                assert len(english(text, names)) < 2, f"{path}: {text!r}"


def english(text: str, names: set[str]) -> frozenset[str]:
    """The English words in ``text``, apart from those in the names of organisations."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return ENGLISH & set(re.findall(r"[a-z]+", text.lower()))


@pytest.mark.parametrize("code", LANGUAGES)
def test_countries_stand_in_the_order_of_the_language(code: str, get_page: GetPage, backend: Backend) -> None:
    prefix = f"/{code}" if code in PREFIXED else ""
    used = [value.id for value in backend.search(Query(limit=1)).facets["country"] if value.count]
    wanted = sorted((backend.label("country", id, code) for id in used), key=lambda name: sort_key(name, code))
    browsed = get_page(f"{prefix}/browse").one("section", aria_labelledby="countries")
    assert [link.text for link in browsed.all("a")] == wanted
    covered = get_page(f"{prefix}/coverage?rows=country").with_class("coverage")[0]
    assert [row.text for row in covered.all("th", scope="row")] == wanted
    headings = [heading.text for heading in get_page(f"{prefix}/help").all("h3")]
    helped = [name for name in headings if name in wanted]  # the others stand together, under a heading of their own
    wider = {backend.label("country", id, code) for id in WIDER}
    assert [name for name in helped if name not in wider] == [n for n in wanted if n in helped and n not in wider]


def test_catalogues_are_not_compiled_in_the_repository() -> None:
    assert not list(Path(REPOSITORY / "web").rglob("*.mo"))
