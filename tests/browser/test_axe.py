"""axe-core finds no fault on any kind of page, in either colour scheme, in any language, at any width.

    make a11y       every combination: kinds of page x languages x schemes x widths
    make test       a selection: each page in both schemes, once on a phone and once wider, in two languages; every
                    language in both schemes and at every width

The rules are those of axe for WCAG 2.2, levels A and AA, and its best practices.
"""

from __future__ import annotations

import os
from itertools import product
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.places import DESK, ENGLISH_ONLY, PHONE, PLACES, STATUS, TABLET, path_of
from web.languages import DEFAULT, LANGUAGES
from web.views.about import TESTED

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (PHONE, TABLET, DESK)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}


class Look(NamedTuple):
    place: str
    language: str
    scheme: Scheme
    width: int


def every() -> list[Look]:
    found = (Look(*look) for look in product(PLACES, LANGUAGES, SCHEMES, WIDTHS))
    return [look for look in found if look.place not in ENGLISH_ONLY or look.language == DEFAULT]


def selection() -> list[Look]:
    """Each page in both schemes, once on a phone and once wider; languages and wider widths take turns."""
    codes = tuple(LANGUAGES)
    found = []
    for at, place in enumerate(PLACES):
        rounds, turn = divmod(at, len(codes))
        wider = (TABLET, DESK)[at % 2]
        for step, width in enumerate((PHONE, wider)):
            code = codes[(turn + step * (rounds + 2)) % len(codes)]
            found.append(Look(place, DEFAULT if place in ENGLISH_ONLY else code, SCHEMES[(rounds + step) % 2], width))
    return found


LOOKS = every() if os.environ.get("A11Y") == "all" else selection()


@pytest.mark.parametrize(
    "pair",
    [("place", "scheme"), ("language", "scheme"), ("language", "width"), ("scheme", "width")],
)
def test_the_selection_has_every_pair(pair: tuple[str, str]) -> None:
    values = {"place": PLACES, "language": LANGUAGES, "scheme": SCHEMES, "width": WIDTHS}
    met = {tuple(getattr(look, name) for name in pair) for look in selection()}
    assert met == set(product(*(values[name] for name in pair)))


def test_the_selection_has_every_page_on_a_phone_and_wider() -> None:
    for place in PLACES:
        narrow, wide = sorted(look.width for look in selection() if look.place == place)
        assert narrow == PHONE < wide


def test_the_statement_claims_what_is_tested() -> None:
    assert (TESTED.kinds, TESTED.looks) == (len(PLACES), len(selection()))


def faults(page: Page) -> list[str]:
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(options)", OPTIONS)
    assert found["passes"], "axe looked at nothing"
    return [
        f"{fault['id']}: {fault['help']}: {node['target']} {node['html'][:200]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: "-".join(map(str, look)))
def test_axe_finds_no_fault(visit: Visit, look: Look) -> None:
    page = visit(
        path_of(look.place, look.language),
        STATUS.get(look.place, 200),
        width=look.width,
        scheme=look.scheme,
    )
    assert page.evaluate("document.documentElement.lang") == look.language
    assert page.evaluate("document.scrollingElement.scrollWidth") == look.width
    assert faults(page) == []


def test_axe_finds_no_fault_in_what_opens(visit: Visit) -> None:
    """Suggestions, filters, reasons, sources to copy: what a page shows on request only."""
    page = visit(PLACES["results"])
    page.locator("details:not([open])").evaluate_all("all => all.forEach(one => one.open = true)")
    page.locator("#q").fill("groom")
    page.wait_for_url("**/search?q=groom&topic=grooming")
    page.keyboard.press("ArrowDown")  # the list made room for the results
    expect(page.get_by_role("option").first).to_be_visible()
    assert faults(page) == []
    page = visit(PLACES["practice"])
    page.locator("details:not([open])").evaluate_all("all => all.forEach(one => one.open = true)")
    assert faults(page) == []


def test_axe_would_find_a_fault(visit: Visit) -> None:
    page = visit("/")
    page.evaluate("document.querySelector('#q').closest('form').querySelector('label').remove()")
    assert any(fault.startswith("label:") for fault in faults(page))
