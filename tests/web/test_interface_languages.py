"""The languages of the interface: by address, by choice, by browser; complete catalogues; ``lang`` on what is other."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from flask.testing import FlaskClient

from tests.conftest import REPOSITORY
from tests.web.conftest import GetPage
from web.languages import LANGUAGES, PREFIXED, read_catalogue

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


def test_catalogues_are_not_compiled_in_the_repository() -> None:
    assert not list(Path(REPOSITORY / "web").rglob("*.mo"))
