"""Fetching a page also checks it: status, headings, ids, labels, forms, headers and that nothing is inline."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from kb.backends import Backend
from web import create_app
from web.security import headers_of

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Element]:
        """This element and all below it, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child

    @property
    def text(self) -> str:
        """All text below, with runs of blanks as one."""
        return " ".join("".join(self._texts()).split())

    @property
    def raw(self) -> str:
        """All text below, as it stands."""
        return "".join(self._texts())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self if e.tag == tag and all(e.attributes.get(n) == v for n, v in wanted.items())]

    def one(self, tag: str, **attributes: str) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes} where one was expected"
        return found[0]

    def with_class(self, name: str) -> list[Element]:
        return [e for e in self if name in e.attributes.get("class", "").split()]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("document", {})
        self.current = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.current)
        self.current.children.append(element)
        if tag not in VOID:
            self.current = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.current.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.current))

    def handle_endtag(self, tag: str) -> None:
        assert self.current.tag == tag, f"</{tag}> closes <{self.current.tag}> (line {self.getpos()[0]})"
        assert self.current.parent is not None
        self.current = self.current.parent

    def handle_data(self, data: str) -> None:
        self.current.children.append(data)


def parse(html: str) -> Element:
    """The tree of a document whose elements are all closed in order."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.current is builder.root, f"<{builder.current.tag}> is never closed"
    return builder.root


def check_page(page: Element, app: Flask) -> None:
    """What holds on every page, whatever it is about."""
    ids = [e.attributes["id"] for e in page if "id" in e.attributes]
    assert not (twice := [id for id, n in Counter(ids).items() if n > 1]), f"ids that occur twice: {twice}"
    assert page.one("html").attributes["lang"]
    assert page.one("title").text
    assert len(page.all("main")) == 1
    assert page.all("header")
    assert page.all("footer")
    _check_headings(page)
    _check_nothing_inline(page)
    _check_references(page, set(ids))
    _check_forms(page, app)
    for image in page.all("img"):
        assert "alt" in image.attributes


def _check_headings(page: Element) -> None:
    assert len(page.all("h1")) == 1, f"{len(page.all('h1'))} h1 where one was expected"
    levels = [int(e.tag[1]) for e in page if e.tag in HEADINGS]
    assert levels[0] == 1
    for above, below in pairwise(levels):
        assert below <= above + 1, f"a heading of level {below} follows one of level {above}"
    for heading in (e for e in page if e.tag in HEADINGS):
        assert heading.text, f"an empty {heading.tag}"


def _check_nothing_inline(page: Element) -> None:
    assert not page.all("style")
    for element in page:
        if element.attributes.get("type") == "application/ld+json":
            json.loads(element.raw)  # data, which no browser runs
            continue
        assert element.tag != "script" or element.attributes.get("src", "").startswith("/static/"), "a foreign script"
        for name, value in element.attributes.items():
            assert name != "style", f"a style attribute on <{element.tag}>"
            assert not name.startswith("on"), f"an event handler {name} on <{element.tag}>"
            if name in ("href", "src", "action", "formaction"):
                assert not value.strip().lower().startswith(("javascript:", "vbscript:", "data:")), f"{name}={value!r}"


def _check_references(page: Element, ids: set[str]) -> None:
    for element in page:
        for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for", "form"):
            for id in element.attributes.get(name, "").split():
                assert id in ids, f"{name}={id!r} on <{element.tag}> names nothing"
        href = element.attributes.get("href", "")
        if href.startswith("#"):
            assert href[1:] in ids, f"a link to {href}, which is nowhere on the page"


def _check_forms(page: Element, app: Flask) -> None:
    labelled = {label.attributes.get("for") for label in page.all("label")}
    for field_ in (*page.all("input"), *page.all("select"), *page.all("textarea")):
        if field_.attributes.get("type") not in ("hidden", "submit"):
            assert field_.attributes.get("id") in labelled, f"a field without a label: {field_.attributes}"
    for form in page.all("form"):
        assert form.attributes.get("method", "get").lower() == "get"
        check_link(form.attributes["action"], app)
    for button in page.all("button"):
        assert button.text


def check_link(url: str, app: Flask) -> None:
    """Some page has this address."""
    try:
        app.url_map.bind("localhost").match(urlsplit(url).path)
    except HTTPException as error:
        if error.code and error.code >= 400:
            raise AssertionError(f"no page has the address {url!r}") from error


def check_headers(response: TestResponse) -> None:
    for name, value in headers_of(response.request.path).items():
        assert response.headers.get(name) == value, f"the header {name} is {response.headers.get(name)!r}"
    assert "unsafe" not in response.headers["Content-Security-Policy"]


class GetPage:
    """``get_page(url, expected_status=200)`` fetches a page, checks it and returns its document."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, url: str, expected_status: int = 200) -> Element:
        response = self.app.test_client().get(url)
        assert response.status_code == expected_status, f"{url} answers {response.status}"
        assert response.content_type == "text/html; charset=utf-8"
        check_headers(response)
        page = parse(response.get_data(as_text=True))
        check_page(page, self.app)
        return page


@pytest.fixture
def app(backend: Backend) -> Flask:
    app = create_app(backend)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def get_page(app: Flask) -> GetPage:
    return GetPage(app)


@pytest.fixture
def pages_of() -> Callable[[Flask], GetPage]:
    """``get_page`` for an application that a test makes."""
    return GetPage


@pytest.fixture(autouse=True)
def _every_response_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test fetches, the headers are there."""
    fetch = FlaskClient.open

    def checked(self: FlaskClient, *args: Any, **named: Any) -> TestResponse:
        response = fetch(self, *args, buffered=True, **named)
        check_headers(response)
        return response

    monkeypatch.setattr(FlaskClient, "open", checked)
