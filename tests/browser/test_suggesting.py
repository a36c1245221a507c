"""The search field as a combobox, with the keyboard: what the ARIA pattern asks of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.keyboard import press, tab_to
from tests.browser.places import PHONE


def field_with_suggestions(page: Page, text: str = "groom") -> tuple[Locator, Locator]:
    """The field after ``text`` was typed, and the options that it then shows."""
    field = page.get_by_role("combobox")
    tab_to(field)
    page.keyboard.type(text)
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_be_visible()
    return field, options


def chosen(field: Locator, options: Locator) -> int | None:
    """Which option is chosen, told alike by the field and by the options; None if none is."""
    selected = [option.get_attribute("aria-selected") == "true" for option in options.all()]
    assert sum(selected) <= 1
    ids = [option.get_attribute("id") for option in options.all()]
    active = field.get_attribute("aria-activedescendant")
    assert active == (ids[selected.index(True)] if any(selected) else None)
    return ids.index(active) if active else None


def test_the_field_says_what_it_is(visit: Visit) -> None:
    field = visit("/").get_by_role("combobox", name="What are you looking for?")
    for name, value in {"aria-autocomplete": "list", "aria-expanded": "false", "aria-haspopup": "listbox"}.items():
        expect(field).to_have_attribute(name, value)
    expect(field).to_have_accessible_description(re.compile("^Ask in a sentence"))


def test_arrows_choose_and_wrap_by_way_of_the_field(visit: Visit) -> None:
    page = visit("/")
    field, options = field_with_suggestions(page)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    assert field.get_attribute("aria-controls") == page.get_by_role("listbox").get_attribute("id")
    last = options.count() - 1
    assert last >= 2
    assert chosen(field, options) is None
    steps = [("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", None), ("ArrowUp", last)]
    for key, expected in [*steps, ("ArrowDown", None), ("ArrowDown", 0)]:
        press(page, key)
        assert chosen(field, options) == expected, key
        expect(field).to_be_focused()
    expect(field).to_have_value("groom")


@pytest.mark.parametrize("key", ["Home", "End", "ArrowLeft", "ArrowRight"])
def test_a_move_within_the_text_leaves_the_list(visit: Visit, key: str) -> None:
    page = visit("/")
    field, options = field_with_suggestions(page)
    press(page, "ArrowDown", key)
    assert chosen(field, options) is None
    expect(field).to_have_attribute("aria-expanded", "true")


def test_escape_closes_and_keeps_what_was_typed(visit: Visit) -> None:
    page = visit("/")
    field, options = field_with_suggestions(page)
    press(page, "ArrowDown", "Escape")
    expect(options.first).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    assert field.get_attribute("aria-activedescendant") is None
    expect(field).to_have_value("groom")
    expect(field).to_be_focused()
    press(page, "Alt+ArrowDown")
    expect(options.first).to_be_visible()
    assert chosen(field, options) is None
    press(page, "Alt+ArrowUp")
    expect(options.first).to_be_hidden()
    press(page, "ArrowUp")
    assert chosen(field, options) == options.count() - 1
    press(page, "Escape", "Escape")
    expect(field).to_have_value("")


def test_tab_closes_and_goes_on(visit: Visit) -> None:
    page = visit("/")
    field, options = field_with_suggestions(page)
    press(page, "ArrowDown", "Tab")
    expect(options.first).to_be_hidden()
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    expect(field).to_have_value("groom")


def test_enter_on_a_concept_goes_there(visit: Visit) -> None:
    page = visit("/")
    _, options = field_with_suggestions(page)
    expect(options.first).to_have_text(re.compile(r"Grooming\s+Topic"))
    press(page, "ArrowDown", "Enter")
    page.wait_for_url("**/topics/grooming")


def test_enter_on_a_question_asks_it(visit: Visit) -> None:
    page = visit("/browse")  # the field in the head of every other page
    _, options = field_with_suggestions(page, "how can schools")
    question = options.filter(has_text=re.compile("Question$")).first
    words = question.locator("span").first.inner_text()
    for _ in range(options.count()):
        press(page, "ArrowDown")
        if question.get_attribute("aria-selected") == "true":
            break
    press(page, "Enter")
    page.wait_for_url("**/search?q=*")
    expect(page.get_by_role("combobox")).to_have_value(words)


def test_enter_on_no_suggestion_asks_what_was_typed(visit: Visit) -> None:
    page = visit("/")
    field_with_suggestions(page)
    press(page, "Enter")
    page.wait_for_url("**/search?q=groom")


def test_what_is_typed_next_overtakes_an_answer_that_is_late(visit: Visit) -> None:
    page = visit("/")
    late = []
    page.route("**/suggest?q=gr", lambda route: late.append(route))
    field = page.get_by_role("combobox")
    tab_to(field)
    with page.expect_request("**/suggest?q=gr"):
        page.keyboard.type("gr")
    page.keyboard.type("ooming")
    options = page.get_by_role("option")
    expect(options.first).to_have_text(re.compile("^Grooming"))
    shown = options.all_inner_texts()
    for route in late:
        route.continue_()
    page.wait_for_timeout(200)
    assert options.all_inner_texts() == shown


def test_the_list_makes_room_for_results_that_come_as_one_types(visit: Visit) -> None:
    page = visit("/search", width=PHONE)
    field = page.get_by_role("combobox")
    tab_to(field)
    page.keyboard.type("groom")
    expect(page.locator("#results_title")).to_contain_text("for groom")
    options = page.get_by_role("option")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(options).to_have_count(0)  # of those that are shown
    expect(page.locator("#results_title")).to_be_in_viewport(ratio=1)
    page.wait_for_timeout(300)  # nor does an answer that comes after the results open it
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_be_focused()
    press(page, "ArrowDown")
    expect(options.first).to_be_visible()
    press(page, "Escape")
    expect(field).to_have_value("groom")
    late = []
    page.route("**/search?*part=results", lambda route: late.append(route))
    with page.expect_request("**/search?*part=results"):  # on a slow machine it comes before the key is pressed
        page.keyboard.type("ing")
        expect(options.first).to_be_visible()
        press(page, "ArrowDown")
    assert chosen(field, options) == 0
    for route in late:
        route.continue_()
    expect(page.locator("#results_title")).to_contain_text("for grooming")
    assert chosen(field, options) == 0, "whoever is in the list stays there"


def test_suggestions_are_those_of_what_stands_in_the_field(visit: Visit) -> None:
    page = visit("/search")
    field, _ = field_with_suggestions(page)
    expect(field).to_have_attribute("aria-expanded", "false")
    held = []
    page.route("**/suggest?q=sext*", lambda route: held.append(route))
    field.fill("sextortion")
    expect(page.locator("#results_title")).to_contain_text("for sextortion")
    page.unroute_all()
    press(page, "ArrowDown")
    expect(page.get_by_role("option").first).to_have_text(re.compile("sextortion", re.IGNORECASE))
