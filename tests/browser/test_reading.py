"""Reading with the keyboard: skipping, copying, the semantic map, another language."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.keyboard import press, tab_to
from tests.browser.places import CHOSEN, PLACES

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


@pytest.mark.parametrize("path", ["/", PLACES["practice"], PLACES["results"]])
def test_the_first_stop_skips_to_the_content(visit: Visit, path: str) -> None:
    page = visit(path)
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).not_to_be_in_viewport()
    press(page, "Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    press(page, "Enter")
    expect(page.locator("main")).to_be_focused()
    press(page, "Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_addresses_are_copied(visit: Visit, site: str) -> None:
    page = visit(PLACES["practice"], permissions=CLIPBOARD)
    heading = page.locator(".prose h2").nth(1)
    anchor = heading.get_attribute("id")
    assert anchor
    tab_to(page.get_by_role("button", name=f"Copy the link to {heading.inner_text()}"))
    press(page, "Enter")
    status = page.locator("#page_status")
    expect(status).to_have_text("Link copied")
    assert clipboard(page) == f"{site}{PLACES['practice']}#{anchor}"
    expect(status).to_be_empty()  # so that it is said again next time
    tab_to(page.get_by_role("button", name="Copy the link", exact=True))
    press(page, "Space")
    expect(status).to_have_text("Link copied")
    assert clipboard(page) == f"{site}{PLACES['practice']}"


def test_citations_are_copied(visit: Visit, site: str) -> None:
    page = visit(PLACES["practice"], permissions=CLIPBOARD)
    tab_to(page.locator("details.cite > summary"))
    press(page, "Enter")
    tab_to(page.get_by_role("button", name="Copy", exact=True))
    press(page, "Enter")
    expect(page.locator("#page_status")).to_have_text("Citation copied")
    citation = clipboard(page)
    assert citation == page.locator("#page_citation").inner_text()
    assert f"{site}{PLACES['practice']}" in citation
    tab_to(page.get_by_role("button", name="Copy the BibTeX"))
    press(page, "Enter")
    expect(page.locator("#page_status")).to_have_text("BibTeX copied")
    assert re.match(r"@\w+\{", clipboard(page))


@pytest.mark.parametrize("path", [PLACES["comparison"], PLACES["dossier"]])
def test_what_was_chosen_is_copied_as_an_address(visit: Visit, site: str, path: str) -> None:
    page = visit(path, permissions=CLIPBOARD)
    tab_to(page.get_by_role("button", name="Copy the link"))
    press(page, "Enter")
    expect(page.locator("#page_status")).to_have_text("Link copied")
    assert clipboard(page) == site + path


def test_nothing_offers_to_copy_without_scripts(visit: Visit) -> None:
    page = visit(PLACES["practice"], java_script_enabled=False)
    expect(page.get_by_role("button", name=re.compile("^Copy"))).to_have_count(0)


def test_the_map_is_one_stop_and_the_arrows_walk_on_it(visit: Visit) -> None:
    page = visit("/map")
    points = page.locator(".map-point")
    tab_to(points.first)
    assert page.locator(".map-point[tabindex='0']").count() == 1
    seen = {points.first.get_attribute("href")}
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        before = page.evaluate("(r => [r.x, r.y])(document.activeElement.getBoundingClientRect())")
        seen.add(str(page.evaluate("document.activeElement.getAttribute('href')")))
        press(page, key)
        assert page.evaluate("document.activeElement.matches('.map-point')")
        after = page.evaluate(
            "(r => [r.x, r.y])(document.activeElement.querySelector('.map-mark').getBoundingClientRect())"
        )
        assert before != after, key
    assert len(seen) > 3
    target = urlsplit(str(page.evaluate("document.activeElement.getAttribute('href')"))).path
    press(page, "Enter")
    page.wait_for_url(f"**{target}")
    page.go_back()
    tab_to(page.locator(".map-name").first)  # one press after the points: they are one stop


def test_the_list_of_the_map_opens(visit: Visit) -> None:
    page = visit("/map")
    group = page.locator(".map-group").first
    tab_to(group.locator("summary"))
    press(page, "Enter")
    expect(group.get_by_role("table")).to_be_visible()
    link = group.get_by_role("table").get_by_role("link").first
    tab_to(link)
    press(page, "Enter")
    page.wait_for_url("**/practices/*")


def test_another_language_is_chosen_and_remembered(visit: Visit) -> None:
    page = visit(f"/practices/{CHOSEN[0]}")
    tab_to(page.get_by_role("contentinfo").get_by_role("link", name="Deutsch"))
    press(page, "Enter")
    page.wait_for_url(f"**/de/practices/{CHOSEN[0]}")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", name="Quellen")).to_be_visible()
    page.goto("/")
    page.wait_for_url("**/de/")
    tab_to(page.get_by_role("contentinfo").get_by_role("link", name="English"))
    press(page, "Enter")
    page.wait_for_url(re.compile(r"//[^/]+/$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_browser_language_counts_on_the_first_visit(visit: Visit) -> None:
    page = visit("/", locale="pl-PL")
    assert urlsplit(page.url).path == "/pl/"
    assert page.evaluate("document.documentElement.lang") == "pl"
