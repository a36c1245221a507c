"""Reading with the keyboard: skipping, copying, the semantic map, another language."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.keyboard import press, tab_to
from tests.browser.places import CHOSEN, DESK, PHONE, PLACES

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


def test_every_point_of_the_map_can_be_pointed_at(visit: Visit) -> None:
    page = visit("/map")
    page.set_viewport_size({"width": DESK, "height": 1400})
    page.locator("#map_points").scroll_into_view_if_needed()
    hidden = page.locator(".map-point").evaluate_all(
        """points => points.filter(point => {
          const box = point.querySelector(".map-mark").getBoundingClientRect();
          return !point.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
        }).map(point => point.getAttribute("href"))"""
    )
    assert hidden == []
    touching = page.locator(".map-name text").evaluate_all(
        """names => names.flatMap((name, index) => names.slice(0, index).filter(other => {
          const [a, b] = [name.getBoundingClientRect(), other.getBoundingClientRect()];
          return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        })).length"""
    )
    assert touching == 0


@pytest.mark.parametrize("path", ["/map", "/coverage"])
def test_a_picture_that_goes_on_to_the_side_says_so(visit: Visit, path: str) -> None:
    hint = visit(path, width=PHONE).get_by_text("Scroll sideways to see all of it.")
    expect(hint).to_be_visible()
    hint.page.set_viewport_size({"width": DESK, "height": 800})
    expect(hint).to_be_hidden()


def test_headings_of_the_coverage_map_stay_and_nothing_slides_into_the_corner(visit: Visit) -> None:
    page = visit("/coverage", width=PHONE)
    box = page.locator(".coverage-scroll")
    box.scroll_into_view_if_needed()
    box.evaluate("box => box.scrollTo(100, 300)")
    assert box.evaluate("box => [box.scrollLeft, box.scrollTop]") == [100, 300]
    at = """(box, [right, down]) => {
      const { x, y } = box.getBoundingClientRect();
      return document.elementFromPoint(x + right, y + down).closest("th, td").outerHTML;
    }"""
    corner = page.locator(".coverage thead td")
    assert box.evaluate(at, [20, 10]) == corner.evaluate("cell => cell.outerHTML")
    assert corner.evaluate("cell => getComputedStyle(cell).backgroundColor") == page.evaluate(
        "getComputedStyle(document.body).backgroundColor"
    )
    assert 'scope="col"' in box.evaluate(at, [250, 10])
    assert 'scope="row"' in box.evaluate(at, [20, 200])


def test_forced_colours_keep_what_shades_and_dots_tell(visit: Visit) -> None:
    page = visit("/coverage")
    page.emulate_media(forced_colors="active")
    try:
        bars = page.locator(".shade").evaluate_all("all => all.map(one => getComputedStyle(one).borderLeftWidth)")
        widths = [float(bar.removesuffix("px")) for bar in bars]
        assert len(widths) > 2
        assert widths == sorted(set(widths))
        page.goto("/map")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        panel = page.locator(".map").evaluate("map => getComputedStyle(map).backgroundColor")
        assert panel == ground
        page.goto("/search")
        dots = page.locator(".evidence-dots").first.evaluate("dots => getComputedStyle(dots).backgroundImage")
        assert dots.endswith(f"{ground} 0%)") or f"{ground} " in dots  # those that are not earned are not drawn
    finally:
        page.emulate_media(forced_colors="none")


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
