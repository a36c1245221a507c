"""The exported site from a disk: its search runs there, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import HEIGHT, PATIENCE
from tests.browser.places import DESK, PHONE
from tests.conftest import FEW


@pytest.fixture(params=[PHONE, DESK])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of a browser that has no network; whatever goes wrong in its scripts fails the test."""
    context = browser.new_context(offline=True, viewport={"width": request.param, "height": HEIGHT})
    context.set_default_timeout(PATIENCE)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(f"{error.error}"))
    context.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page = context.new_page()
    yield page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert not faults


def test_a_question_is_asked_in_another_language_and_kept_when_the_language_changes(page: Page, exported: Path) -> None:
    page.goto((exported / "index.html").as_uri())
    page.get_by_role("contentinfo").get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("searchbox").first.fill("Eltern")
    page.get_by_role("button", name="Suchen").first.click()
    page.wait_for_url("**/de/search.html?q=Eltern")
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text("für Eltern")
    expect(title).to_contain_text("Praxisbeispiel")
    page.locator("#offline_details > summary").click()
    expect(page.get_by_label("Handlungsfeld")).to_be_visible()
    page.get_by_role("contentinfo").get_by_role("link", name="English").click()
    page.wait_for_url("**/site/search.html?q=Eltern")
    expect(page.get_by_role("searchbox")).to_have_value("Eltern")
    expect(title).to_contain_text("for Eltern")


def test_a_practice_is_found_and_read(page: Page, exported: Path) -> None:
    page.goto((exported / "de" / "search.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{FEW} Praxisbeispiele")
    first = page.locator(".hit-title a").first
    words = first.inner_text()
    first.click()
    page.wait_for_url("**/de/practices/*.html")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", level=1)).to_contain_text(words.partition(":")[0])
