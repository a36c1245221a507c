"""The page for the operator: what it says of files left out, of links, of reviews and of what serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from indexer.reindex import reindex
from kb.backends import Backend, encoder_way, load_encoder
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.errors import ModelError
from kb.types import Encoder, Manifest
from kb.upkeep.links import Answer, write_answers
from tests.conftest import FakeEncoder
from tests.content.conftest import Entries
from web import create_app

if TYPE_CHECKING:
    from tests.web.conftest import GetPage


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Backend]:
    """Three entries of which one is left out; one links to the same page as an organisation."""
    entries = Entries(tmp_path / "entries")
    entries.practice(sources='[{id: a, url: "https://example.org/a", title: A}]')
    entries.practice("old", title='"Old: an old one"', updated="2020", added="2020")
    entries.practice("wrong", topics="[helpline, nonsense]")
    entries.organisation("childline", website="https://example.org/a")
    reindex(entries.root, tmp_path / "data", "/srv/models/fake", lambda _: FakeEncoder())
    with Backend(tmp_path / "data", lambda manifest: FakeEncoder()) as opened:
        yield opened


def test_a_file_left_out_is_named_with_what_is_wrong_with_it(
    small: Backend, pages_of: Callable[[Flask], GetPage]
) -> None:
    page = pages_of(create_app(small))("/status")
    (item,) = [item for item in page.all("li") if any(code.text == "practices/wrong.md" for code in item.all("code"))]
    assert "nonsense" in item.text
    assert "8: " in item.text, "the line"


def test_links_that_want_looking_at_are_named(small: Backend, pages_of: Callable[[Flask], GetPage]) -> None:
    get = pages_of(create_app(small))
    assert "Links to sources have never been checked." in get("/status").one("main").text
    write_answers(small.folder, {"https://example.org/a": Answer("dead", "404 Not Found", "2026-11-27", "2026-10-01")})
    section = next(s for s in get("/status").all("section") if s.attributes["aria-labelledby"] == "status_links")
    assert "Asked last on 27 November 2026. Alive: 0, dead: 1, moved: 0" in section.text
    assert "404 Not Found · since 1 October 2026" in section.text
    assert [link.attributes["href"] for link in section.all("a")] == [
        "https://example.org/a",
        "/practices/old",
        "/practices/report-remove",
        "/organisations/childline",
    ]


def test_a_link_that_moved_says_where_to(small: Backend, pages_of: Callable[[Flask], GetPage]) -> None:
    moved = Answer("moved", "has moved", "2026-11-27", "2026-11-27", "https://example.org/<b>")
    write_answers(small.folder, {"https://example.org/a": moved})
    page = pages_of(create_app(small))("/de/status")
    assert page.one("a", href="https://example.org/<b>").text == "https://example.org/<b>"


@pytest.mark.parametrize(("days", "late"), [(365, ["/practices/old"]), (36_500, [])])
def test_entries_that_nobody_looked_at_are_overdue(
    small: Backend, pages_of: Callable[[Flask], GetPage], days: int, late: list[str]
) -> None:
    assert date.today() - date(2020, 12, 31) > timedelta(365)
    page = pages_of(create_app(small, review_days=days))("/status")
    section = next(s for s in page.all("section") if s.attributes["aria-labelledby"] == "status_review")
    assert [link.attributes["href"] for link in section.all("a") if "old" in link.attributes["href"]] == late
    assert str(days)[:2] in section.text


def test_what_serves_is_told_without_a_folder(small: Backend, pages_of: Callable[[Flask], GetPage]) -> None:
    text = pages_of(create_app(small))("/status").one("main").text
    assert "fake (every language)" in text
    assert "/srv" not in text
    assert "every vector is compared, exactly" in text


def test_a_model_that_cannot_be_used_is_told(small: Backend, pages_of: Callable[[Flask], GetPage]) -> None:
    def fails(manifest: Manifest) -> Encoder:
        raise ModelError("/srv/models/x holds no weights (https://hub.example/org/x); try org/x, or ./here/y")

    with Backend(small.folder, fails) as broken:
        text = pages_of(create_app(broken))("/status").one("main").text
    assert "It cannot be used: x holds no weights (https://hub.example/org/x); try org/x, or y" in text


def test_how_the_default_model_runs(compiled_default: Path) -> None:
    assert encoder_way(load_encoder(DEFAULT_MODEL, compiled_default)) == "compiled"
    assert encoder_way(FakeEncoder()) is None
