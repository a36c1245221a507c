"""Whoever knows a practice is told, in plain words, how it comes in; nobody has to know what Markdown is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kb.backends import Backend
from kb.upkeep.repository import Repository
from web import create_app

if TYPE_CHECKING:
    from flask import Flask

    from tests.web.conftest import GetPage

REPOSITORY = Repository("https://github.com/o/n/issues", "https://github.com/o/n/blob/HEAD/CONTRIBUTING.md")


@pytest.mark.parametrize("url", ["/", "/coverage", "/search?q=qzxvwk&mode=lexical"])
def test_whoever_misses_something_is_led_there(get_page: GetPage, url: str) -> None:
    page = get_page(url)
    (told,) = (e for e in page if e.tag in ("p", "li") and e.text.startswith("Know a practice that belongs here?"))
    assert told.one("a").attributes["href"] == "/contribute"
    assert "Markdown" not in told.text


@pytest.mark.parametrize(
    ("contact", "repository", "links"),
    [
        (None, None, []),
        ("The office", REPOSITORY, [REPOSITORY.guide]),
        (None, REPOSITORY, [REPOSITORY.issues, REPOSITORY.guide]),
        (None, Repository(REPOSITORY.issues), [REPOSITORY.issues]),
        ("https://example.org/tell", None, ["https://example.org/tell"]),
    ],
)
def test_it_leads_to_whoever_is_known(
    backend: Backend,
    pages_of: Callable[[Flask], GetPage],
    contact: str | None,
    repository: Repository | None,
    links: list[str],
) -> None:
    page = pages_of(create_app(backend, contact=contact, repository=repository))("/contribute")
    assert [a.attributes["href"] for a in page.one("main").all("a") if "://" in a.attributes["href"]] == links
    assert "Markdown" not in page.one("main").text
