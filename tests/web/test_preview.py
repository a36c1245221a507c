"""The preview of one file: no index, no model, and it follows the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from kb.config import Config
from kb.errors import ContentError
from web.preview import create_preview_app

if TYPE_CHECKING:
    from tests.web.conftest import Element, GetPage

TAXONOMY = {
    "strands": ["awareness-raising"],
    "risks": ["conduct"],
    "topics": ["cyberbullying"],
    "audiences": ["children"],
    "kinds": ["ngo"],
    "evidence": ["self-reported"],
    "stages": ["running"],
}

SOUND = """\
---
title: "KiVa: schools against bullying"
summary: A programme that works on bystanders.
language: en
organisations: [turku]
strand: [awareness-raising]
risks: [conduct]
topics: [cyberbullying]
audiences: [children]
countries: [FI]
stage: running
evidence: {kind: self-reported}
sources:
  - {id: report, url: "https://example.org/report", title: Report}
added: 2024-01-01
updated: 2024-01-01
---

## What it is

A programme for schools.[^report]
"""


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """A folder of entries with one practice."""
    folder = tmp_path / "entries"
    for name in ("practices", "organisations", "taxonomy"):
        (folder / name).mkdir(parents=True)
    for name, ids in TAXONOMY.items():
        scheme = {"kinds": "kind", "evidence": "evidence"}.get(name, name.removesuffix("s"))
        concepts = "".join(
            f"  - id: {id}\n    prefLabel: {{en: {id.capitalize()}}}\n    definition: {{en: About {id}.}}\n"
            for id in ids
        )
        text = f"scheme: {scheme}\nlabelSource: unreviewed\nprefLabel: {{en: {name}}}\nconcepts:\n{concepts}"
        (folder / "taxonomy" / f"{name}.yaml").write_text(text)
    (folder / "organisations" / "turku.md").write_text(
        "---\nname: University of Turku\nkind: ngo\ncountry: FI\n---\n\nA university.\n"
    )
    (folder / "practices" / "kiva.md").write_text(SOUND)
    return folder


@pytest.fixture
def file(entries: Path) -> Path:
    return entries / "practices" / "kiva.md"


@pytest.fixture
def app(entries: Path, file: Path, tmp_path: Path) -> Flask:
    return create_preview_app(file, Config(entries, tmp_path / "no-such-data"))


@pytest.fixture
def show(app: Flask, pages_of: Callable[[Flask], GetPage]) -> Callable[[], Element]:
    return lambda: pages_of(app)("/")


def bar(page: Element) -> str:
    return page.with_class("preview-bar")[0].text


def test_the_page_is_that_of_the_site(show: Callable[[], Element]) -> None:
    page = show()
    assert page.one("h1").text == "KiVa: schools against bullying"
    assert "A programme for schools." in page.with_class("prose")[0].text
    assert "University of Turku" in page.text
    assert "About self-reported." in page.with_class("fact-evidence")[0].text
    assert "no problems" in bar(page)


def test_problems_stand_on_top_with_their_lines(show: Callable[[], Element], file: Path) -> None:
    file.write_text(SOUND.replace("[cyberbullying]", "[cyberbulying]"))
    page = show()
    assert "1 problem" in bar(page)
    assert "Line 8:" in bar(page)
    assert "cyberbullying" in bar(page), "the nearest concept is suggested"
    assert page.one("h1").text == "KiVa: schools against bullying", "what can be shown is shown"


def test_a_file_that_is_no_entry_yet_has_a_page_too(show: Callable[[], Element], file: Path) -> None:
    file.write_text("---\ntitle: [\n---\n")
    page = show()
    assert page.one("h1").text == "There is no page to show yet"
    assert "problem" in bar(page)


def version(app: Flask) -> str:
    return str(app.test_client().get("/version").get_json()["version"])


def test_the_version_changes_with_the_file(app: Flask, file: Path, show: Callable[[], Element]) -> None:
    first = version(app)
    assert version(app) == first
    file.write_text(SOUND.replace("A programme for schools", "A programme for all schools"))
    os.utime(file, ns=(1, 1))
    assert version(app) != first
    assert "A programme for all schools" in show().text


def test_a_new_organisation_is_noticed(entries: Path, file: Path, show: Callable[[], Element]) -> None:
    file.write_text(SOUND.replace("[turku]", "[oxford]"))
    assert "1 problem" in bar(show())
    (entries / "organisations" / "oxford.md").write_text(
        "---\nname: Oxford\nkind: ngo\ncountry: GB\n---\n\nA university.\n"
    )
    assert "no problems" in bar(show())


def test_the_page_reloads_with_and_without_javascript(app: Flask, show: Callable[[], Element]) -> None:
    page = show()
    script = page.one("script")
    assert app.test_client().get(script.attributes["src"]).status_code == 200
    assert script.attributes["data-version"] == version(app)
    assert page.one("noscript").one("meta", http_equiv="refresh").attributes["content"] == "5"


def test_a_file_that_goes_away_is_told(app: Flask, file: Path) -> None:
    first = version(app)
    file.unlink()
    assert version(app) != first
    response = app.test_client().get("/")
    assert response.status_code == 503
    assert "no file" in response.get_data(as_text=True).lower()


def test_other_pages_say_that_they_are_elsewhere(app: Flask, pages_of: Callable[[Flask], GetPage]) -> None:
    for link in {a.attributes["href"] for a in pages_of(app)("/").all("a")}:
        if link.startswith("/") and link != "/":
            assert pages_of(app)(link, 404).one("h1").text == "Not part of the preview"


def test_a_path_without_a_file_is_refused(entries: Path, tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"no file .*; write a new entry with: kb new"):
        create_preview_app(tmp_path / "nothing.md", Config(entries, tmp_path))
