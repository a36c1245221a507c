"""Finding with the keyboard: results while one types, history, filters, orders, pages."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.keyboard import press, tab_to
from tests.browser.places import PHONE

ASKED = "cyberbullying at school"
ADDRESS = "/search?q=cyberbullying+at+school"


def search_field(page: Page) -> Locator:
    field = page.get_by_role("combobox", name="Search the practices")
    tab_to(field)
    return field


def title(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def links(page: Page) -> list[str | None]:
    return [link.get_attribute("href") for link in page.locator(".hit-title a").all()]


def arguments(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_results_change_while_one_types(visit: Visit) -> None:
    page = visit("/search")
    status = page.locator("#search_status")
    expect(status).to_have_attribute("role", "status")
    expect(status).to_be_empty()
    field = search_field(page)
    page.keyboard.type(ASKED, delay=20)
    expect(title(page)).to_contain_text(f"for {ASKED}")
    page.wait_for_url(f"**{ADDRESS}")
    expect(field).to_be_focused()
    expect(field).to_have_value(ASKED)
    expect(page).to_have_title(re.compile(rf"^{ASKED} – [\d,]+ practices – "))
    # Said once the reader pauses, and in the words of the page.
    expect(status).to_have_text(re.compile(r"^[\d,]+ practices?(, [\d,]+ strong or fair match(es)?)?$"))
    expect(status).to_have_text(page.locator("#results").get_attribute("data-status") or "")
    assert links(page) == links(visit(ADDRESS, java_script_enabled=False))


def test_one_step_back_leaves_the_whole_word(visit: Visit) -> None:
    page = visit("/search?topic=grooming")
    before = links(page)
    field = search_field(page)
    page.keyboard.type("grooming")
    page.wait_for_url("**/search?q=grooming&topic=grooming")
    page.keyboard.type(" online", delay=400)  # long enough for a search after each letter
    page.wait_for_url("**/search?q=grooming+online&topic=grooming")
    expect(title(page)).to_contain_text("for grooming online")
    found = links(page)
    page.go_back()
    page.wait_for_url("**/search?topic=grooming")
    expect(field).to_have_value("")
    expect(title(page)).not_to_contain_text("for grooming")
    assert links(page) == before
    expect(page.locator("#topic-grooming")).to_be_checked()
    page.go_forward()
    page.wait_for_url("**/search?q=grooming+online&topic=grooming")
    expect(field).to_have_value("grooming online")
    expect(title(page)).to_contain_text("for grooming online")
    assert links(page) == found


def test_a_search_that_was_looked_at_is_a_step_of_its_own(visit: Visit) -> None:
    page = visit("/search")
    field = search_field(page)
    page.keyboard.type("grooming")
    page.wait_for_url("**/search?q=grooming")
    expect(title(page)).to_contain_text("for grooming")
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(2500)  # the field keeps the focus
    press(page, "Control+a")
    page.keyboard.type("sextortion")
    page.wait_for_url("**/search?q=sextortion")
    page.go_back()
    page.wait_for_url("**/search?q=grooming")
    expect(title(page)).to_contain_text("for grooming")
    expect(field).to_have_value("grooming")
    page.go_back()
    page.wait_for_url("**/search")
    expect(field).to_have_value("")


def test_an_answer_that_was_overtaken_leaves_no_step_and_takes_none(visit: Visit) -> None:
    page = visit("/search")
    page.route("**/search?q=g&part=results", lambda route: None)  # is never answered
    search_field(page)
    with page.expect_request("**/search?q=g&part=results"):
        page.keyboard.type("g")
    page.keyboard.type("rooming")
    page.wait_for_url("**/search?q=grooming")
    page.go_back()
    page.wait_for_url("**/search")


def test_a_late_answer_changes_nothing(visit: Visit) -> None:
    page = visit("/search")
    late = []
    page.route("**/search?q=bully&part=results", lambda route: late.append(route))
    search_field(page)
    with page.expect_request("**/search?q=bully&part=results"):
        page.keyboard.type("bully")
    page.keyboard.type("ing")
    expect(title(page)).to_contain_text("for bullying")
    for route in late:
        route.continue_()
    page.wait_for_timeout(200)
    expect(title(page)).to_contain_text("for bullying")
    assert page.url.endswith("/search?q=bullying")


def test_without_an_answer_typing_changes_nothing(visit: Visit) -> None:
    page = visit("/search")
    before = links(page)
    page.route("**/search?*part=results", lambda route: route.abort())
    field = search_field(page)
    with page.expect_event("requestfailed"):
        page.keyboard.type("bullying")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    assert links(page) == before
    expect(field).to_have_value("bullying")
    press(page, "Enter")  # and the form still does what a form does
    page.wait_for_url("**/search?q=bullying")
    expect(title(page)).to_contain_text("for bullying")


def test_a_filter_is_ticked_and_taken_off_again(visit: Visit) -> None:
    page = visit(ADDRESS)
    unfiltered = links(page)
    panel = page.locator("#facet_audience")
    if panel.get_attribute("open") is None:
        tab_to(panel.locator("summary").first)
        press(page, "Enter")
    box = panel.get_by_role("checkbox").first
    value = box.get_attribute("value") or ""
    label = panel.locator(f"label[for='audience-{value}']")
    # "Teachers 83 practices", of which the number is drawn and the words are said
    counted = re.search(r"([\d,]+)\s+practices?$", label.inner_text())
    tab_to(box)
    press(page, "Space")
    page.wait_for_url(f"**{ADDRESS}&audience={value}")
    box = page.locator(f"#audience-{value}")
    expect(box).to_be_checked()
    expect(box).to_be_focused()
    if counted:
        expect(title(page)).to_contain_text(counted[1])
    chip = page.locator(".chip")
    expect(chip).to_have_text(re.compile("Remove the filter.*For whom:", re.DOTALL))
    tab_to(chip, back=True)
    press(page, "Enter")
    page.wait_for_url(f"**{ADDRESS}")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#results_title")).to_be_focused()
    assert links(page) == unfiltered


def test_filters_fold_away_on_a_phone(visit: Visit) -> None:
    page = visit(ADDRESS, width=PHONE)
    box = page.locator("#facet_strand").get_by_role("checkbox").first
    expect(box).to_be_hidden()
    tab_to(page.locator("#filters > summary"))
    press(page, "Enter")
    if page.locator("#facet_strand").get_attribute("open") is None:
        tab_to(page.locator("#facet_strand > summary"))
        press(page, "Enter")
    tab_to(box)
    press(page, "Space")
    page.wait_for_url(f"**{ADDRESS}&strand=*")
    expect(page.locator("#facet_strand").get_by_role("checkbox").first).to_be_focused()
    expect(page.locator("#filters > summary")).to_contain_text("1 chosen")


def test_an_order_is_chosen(visit: Visit) -> None:
    page = visit(ADDRESS)
    relevant = links(page)
    tab_to(page.locator("#sort_newest"))
    press(page, "Enter")
    page.wait_for_url(f"**{ADDRESS}&sort=newest")
    newest = page.locator("#sort_newest")
    expect(newest).to_have_attribute("aria-current", "true")
    expect(newest).to_be_focused()
    assert links(page) != relevant
    # What is typed then keeps the order.
    field = page.locator("#q")
    tab_to(field, back=True)
    press(page, "End")
    page.keyboard.type("s")
    page.wait_for_url("**/search?q=cyberbullying+at+schools&sort=newest")
    expect(field).to_be_focused()


def test_pages_are_turned(visit: Visit) -> None:
    page = visit("/search?strand=awareness-raising")
    first = links(page)
    tab_to(page.get_by_role("link", name="Next page"))
    press(page, "Enter")
    page.wait_for_url("**/search?strand=awareness-raising&page=2")
    heading = page.locator("#results_title")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport()
    second = links(page)
    assert len(first) == 10
    assert second
    assert not set(first) & set(second)
    page.go_back()
    page.wait_for_url("**/search?strand=awareness-raising")
    expect(page.get_by_role("link", name="Previous page")).to_have_count(0)
    assert links(page) == first


def test_a_link_that_is_meant_for_another_tab_goes_there(visit: Visit) -> None:
    page = visit(ADDRESS)
    tab_to(page.locator("#sort_newest"))
    with page.context.expect_page() as opened:
        press(page, "Control+Enter")
    opened.value.wait_for_url(f"**{ADDRESS}&sort=newest")
    assert page.url.endswith(ADDRESS)


def test_why_opens(visit: Visit) -> None:
    page = visit(ADDRESS)
    why = page.locator("details.why").first
    expect(why.locator("p").first).to_be_hidden()
    tab_to(why.locator("summary"))
    press(page, "Enter")
    expect(why).to_contain_text(re.compile(r"\d+\s%\s+of its score comes from the words"))


@pytest.mark.parametrize(
    ("typed", "ticked"),
    [
        (ASKED, ""),
        (ASKED, "topic-cyberbullying"),
        ("qzxvwk vbnmrt", ""),
        ("parentel controls", ""),
        ("", "risk-conduct"),
    ],
)
def test_a_form_without_scripts_finds_the_same(visit: Visit, typed: str, ticked: str) -> None:
    """The same keys on the same page: once with scripts, which never load it anew, once without."""
    plain = visit("/search", java_script_enabled=False)
    live = visit("/search")
    for page in (plain, live):
        page.locator("#q").focus()
        page.keyboard.type(typed)
    with plain.expect_navigation():
        press(plain, "Enter")
    press(live, "Enter")
    if ticked:
        for page in (plain, live):
            page.locator("details:not([open])").evaluate_all("all => all.forEach(one => one.open = true)")
            page.locator(f"#{ticked}").focus()
            press(page, "Space")
        plain.get_by_role("button", name="Apply filters").focus()
        with plain.expect_navigation():
            press(plain, "Enter")
    facet, _, value = ticked.partition("-")
    expected = ({"q": [typed]} if typed else {}) | ({facet: [value]} if ticked else {})
    live.wait_for_function("words => document.title.startsWith(words)", arg=plain.title())
    assert arguments(live) == expected
    # A form also sends the fields that are as they are anyway.
    assert {name: values for name, values in arguments(plain).items() if values != ["hybrid"]} == expected
    assert links(live) == links(plain)
