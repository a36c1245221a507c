"""Collecting and comparing with the keyboard: what is ticked stays, wherever one goes, and travels as an address."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.keyboard import press, tab_to
from tests.browser.places import CHOSEN, DESK, PHONE, PLACES

ASKED = "/search?q=cyberbullying+at+school"


def ids(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("id", [])


def pick(page: Page, count: int) -> list[str]:
    """Tick the first practices of a list, and say which."""
    boxes = page.locator("input[data-pick]")
    values = [boxes.nth(index).get_attribute("value") or "" for index in range(count)]
    boxes.first.focus()
    press(page, "Space")
    for index in range(1, count):
        tab_to(boxes.nth(index))
        press(page, "Space")
    return values


def test_what_is_ticked_becomes_a_dossier(visit: Visit) -> None:
    page = visit(ASKED)
    tab_to(page.locator("input[data-pick]").first)
    picked = pick(page, 2)
    dossier = page.get_by_role("navigation", name="Site").get_by_role("link", name=re.compile("^Dossier"))
    expect(dossier).to_have_text("Dossier (2)")
    tab_to(page.get_by_role("button", name="Open as a dossier"))
    press(page, "Enter")
    page.wait_for_url("**/dossier?*")
    assert ids(page) == picked
    page.goto("/search?q=parental+controls")  # still there on another page, and the box of each is ticked
    expect(dossier).to_have_text("Dossier (2)")
    page.goto(f"/practices/{picked[0]}")
    box = page.locator("input[data-pick]")
    expect(box).to_be_checked()
    tab_to(box)
    press(page, "Space")
    expect(dossier).to_have_text("Dossier (1)")
    tab_to(dossier, back=True)
    press(page, "Enter")
    page.wait_for_url("**/dossier?*")
    assert ids(page) == picked[1:]


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_collecting_is_answered_where_one_is(visit: Visit, width: int) -> None:
    page = visit(ASKED, width=width)
    bar = page.locator("form.picks")
    expect(bar).not_to_be_in_viewport()
    pick(page, 2)
    expect(page.locator("#page_status")).to_have_text("Collected: 2")
    expect(bar).to_be_in_viewport(ratio=1)
    expect(bar.locator(".picks-count")).to_have_text("Collected: 2")
    # Whatever has the focus is not behind the bar.
    for link in page.locator(".results-list .hits :is(a, summary, input)").all()[:60]:
        link.focus()
        focused, standing = link.bounding_box(), bar.bounding_box()
        assert focused
        assert standing
        assert (
            focused["y"] + focused["height"] <= standing["y"] + 1 or focused["y"] > standing["y"] + standing["height"]
        )
    page.locator("input[data-pick]").first.focus()
    press(page, "Space")
    expect(page.locator("#page_status")).to_have_text("Collected: 1")
    page.locator("input[data-pick]").nth(1).focus()
    press(page, "Space")
    expect(bar).not_to_be_in_viewport()


def test_one_is_taken_out_of_a_dossier(visit: Visit) -> None:
    page = visit(ASKED)
    picked = pick(page, 3)
    page.goto("/dossier")  # an address without ids is that of one's own
    page.wait_for_url("**/dossier?*")
    assert ids(page) == picked
    tab_to(page.locator(f"[data-unpick='{picked[1]}']"))
    press(page, "Enter")
    page.wait_for_url(f"**/dossier?id={picked[0]}&id={picked[2]}")
    expect(page.locator("[data-dossier]")).to_have_text("Dossier (2)")
    expect(page.locator(".dossier-list > li")).to_have_count(2)


def test_practices_of_a_dossier_are_compared(visit: Visit) -> None:
    page = visit(PLACES["dossier"])
    for id in CHOSEN[:2]:
        tab_to(page.locator(f"[id='compare-{id}']"))
        press(page, "Space")
    tab_to(page.get_by_role("button", name="Compare those ticked"))
    press(page, "Enter")
    page.wait_for_url("**/compare?*")
    assert ids(page) == [*CHOSEN[:2]]
    expect(page.get_by_role("heading", level=1)).to_have_text("Compare 2 practices")
    expect(page.get_by_role("columnheader")).to_have_count(2)
    tab_to(page.locator(".compare-out").first)
    press(page, "Enter")
    page.wait_for_url(f"**/compare?id={CHOSEN[1]}")


def test_no_more_than_four_are_ticked_to_compare(visit: Visit) -> None:
    listed = visit(ASKED)
    page = visit("/dossier?" + "&".join(f"id={id}" for id in pick(listed, 6)))
    boxes = page.locator("#compare-form").evaluate("form => [...form.elements].length") - 1  # and its button
    assert boxes == 6
    offered = page.get_by_role("checkbox", name=re.compile("^Compare"))
    for index in range(4):
        tab_to(offered.nth(index))
        press(page, "Space")
    expect(offered.nth(4)).to_be_disabled()
    expect(offered.nth(5)).to_be_disabled()
    press(page, "Space")  # off again
    expect(offered.nth(4)).to_be_enabled()


def test_two_are_compared_from_a_list(visit: Visit) -> None:
    page = visit(ASKED)
    picked = pick(page, 2)
    tab_to(page.get_by_role("button", name="Compare", exact=True))
    press(page, "Enter")
    page.wait_for_url("**/compare?*")
    assert ids(page) == picked


def test_who_asks_to_compare_more_than_four_is_told(visit: Visit) -> None:
    page = visit(ASKED)
    picked = pick(page, 5)
    expect(page.locator("form.picks")).to_contain_text("up to 4 compared")
    tab_to(page.get_by_role("button", name="Compare", exact=True))
    press(page, "Enter")
    page.wait_for_url("**/dossier?*")
    assert ids(page) == picked
    told = page.get_by_text("Up to 4 practices can be compared at once.")
    expect(told).to_be_in_viewport()
    page.goto(page.url.partition("#")[0])
    page.reload()
    expect(told).to_be_hidden()  # of no concern to who opens the address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whose_column_it_is_stays_in_sight(visit: Visit, scheme: Literal["light", "dark"]) -> None:
    page = visit(PLACES["comparison"], scheme=scheme)
    page.locator(".compare-table tbody tr").last.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 400
    for name in page.locator("thead th").all():
        expect(name).to_be_in_viewport(ratio=1)
        # Nothing shows through, and nothing lies over it.
        assert name.evaluate("e => getComputedStyle(e).backgroundColor") == page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        assert name.locator("a").first.evaluate(
            "e => { const box = e.getBoundingClientRect();"
            " return e.contains(document.elementFromPoint(box.x + 4, box.y + 4)); }"
        )
    top = page.locator("thead th").first.bounding_box()
    assert top
    # Going back with the keyboard, what has the focus is not behind them.
    page.locator("tbody a").last.focus()
    for link in reversed(page.locator("tbody a").all()):
        link.focus()
        box = link.bounding_box()
        assert box
        assert box["y"] >= top["y"] + top["height"], link.inner_text()
        if page.evaluate("scrollY") < 100:
            break
    page.emulate_media(media="print")
    printed = page.locator("thead th").first.evaluate("e => getComputedStyle(e).position")
    page.emulate_media(media="null")  # other tests go on in this page
    assert printed == "static"


def test_a_dossier_that_was_sent_is_kept_when_asked(visit: Visit) -> None:
    page = visit(PLACES["dossier"])
    link = page.locator("[data-dossier]")
    expect(link).to_have_text("Dossier")
    keep = page.get_by_role("button", name="Keep it in this browser")
    tab_to(keep)
    press(page, "Enter")
    expect(keep).to_be_hidden()
    expect(page.locator("#page_status")).to_have_text("Kept in this browser")
    expect(link).to_have_text("Dossier (3)")
    page.goto("/dossier")
    page.wait_for_url("**/dossier?*")
    assert ids(page) == [*CHOSEN]


def test_two_tabs_know_of_each_other(visit: Visit) -> None:
    one = visit(ASKED)
    other = one.context.new_page()
    other.goto("/browse")
    one.bring_to_front()
    pick(one, 1)
    expect(other.locator("[data-dossier]")).to_have_text("Dossier (1)")


@pytest.mark.parametrize("kept", ["{", '"ico"', '[1, null, {"id": "x"}]', "[]"])
def test_what_is_not_a_dossier_is_passed_over(visit: Visit, kept: str) -> None:
    page = visit("/")
    page.evaluate("kept => localStorage.setItem('dossier', kept)", kept)
    page.goto(ASKED)
    expect(page.locator("[data-dossier]")).to_have_text("Dossier")
    pick(page, 1)
    expect(page.locator("[data-dossier]")).to_have_text("Dossier (1)")


def test_a_browser_that_keeps_nothing_still_compares(visit: Visit) -> None:
    page = visit(PLACES["dossier"])
    page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    page.get_by_role("button", name="Keep it in this browser").focus()
    press(page, "Enter")
    expect(page.locator("[data-dossier]")).to_have_text("Dossier")
    expect(page.locator(".dossier-list > li")).to_have_count(len(CHOSEN))


def test_it_all_works_without_scripts(visit: Visit) -> None:
    page = visit(ASKED, java_script_enabled=False)
    picked = pick(page, 2)
    with page.expect_navigation():
        tab_to(page.get_by_role("button", name="Open as a dossier"))
        press(page, "Enter")
    assert ids(page) == picked
    offered = page.get_by_role("checkbox", name=re.compile("^Compare"))
    for index in range(2):
        tab_to(offered.nth(index))
        press(page, "Space")
    with page.expect_navigation():
        tab_to(page.get_by_role("button", name="Compare those ticked"))
        press(page, "Enter")
    assert page.url.partition("/compare?")[2]
    assert ids(page) == picked
