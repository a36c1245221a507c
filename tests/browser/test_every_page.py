"""What holds on a page of any kind: weight, reflow, focus, colours, rest.

Pages are seen in German, whose words are long, at 320 pixels: that is what 1280 pixels are at a zoom of 400 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.browser.conftest import HEIGHT, Profile, Profiles, Visit
from tests.browser.places import DESK, NARROW, PLACES, STATUS, path_of

#: Bytes over the wire, headers and all.
MOST, MOST_SCRIPT = 100_000, 30_000

#: What may be wider than a narrow screen: tables and pictures that mean something side by side, and code.
WIDE = ".coverage-scroll, .map-scroll, .table-scroll, pre"


@dataclass(frozen=True, slots=True)
class Seen:
    """A page, and the bytes of its first view by kind of resource."""

    place: str
    page: Page
    weight: dict[str, float]

    def evaluate(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(script, *arguments)


class Scales:
    """What comes over the wire while a page loads with nothing kept from before, as the browser counts it."""

    def __init__(self, session: CDPSession) -> None:
        self._kinds: dict[str, str] = {}
        self.weight: dict[str, float] = {}
        session.on("Network.responseReceived", lambda event: self._kinds.update({event["requestId"]: event["type"]}))
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _finished(self, event: dict[str, Any]) -> None:
        kind = self._kinds[event["requestId"]]
        self.weight[kind] = self.weight.get(kind, 0) + event["encodedDataLength"]


@pytest.fixture(scope="module")
def profile(profiles: Profiles) -> Iterator[Profile]:
    taken = profiles.take({})
    yield taken
    profiles.give_back(taken, {})


@pytest.fixture(scope="module", params=PLACES)
def seen(request: pytest.FixtureRequest, profile: Profile) -> Iterator[Seen]:
    page = profile.page
    page.set_viewport_size({"width": NARROW, "height": HEIGHT})
    session = page.context.new_cdp_session(page)
    scales = Scales(session)
    response = page.goto(path_of(request.param, "de"))
    assert response
    assert response.status == STATUS.get(request.param, 200)
    yield Seen(request.param, page, scales.weight)
    session.detach()
    assert not profile.faults, profile.faults


def test_the_first_view_is_light(seen: Seen) -> None:
    assert {"Document", "Stylesheet", "Script"} <= set(seen.weight)
    assert seen.weight["Script"] <= MOST_SCRIPT
    assert sum(seen.weight.values()) <= MOST


# --- reflow ----------------------------------------------------------------------------------------------------

#: What sticks out to the right or is cut off there, and what scrolls sideways though it is not WIDE.
_TOO_WIDE = """wide => {
  const { clientWidth: width, scrollWidth } = document.documentElement;
  const found = scrollWidth > width ? [`the page is ${scrollWidth} wide`] : [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(".unseen, svg") || element.parentElement.closest(wide) || !element.checkVisibility()) continue;
    const { right, width: own } = element.getBoundingClientRect();
    const name = `<${element.localName} class="${element.className}">`;
    if (own && right > width + 0.5) found.push(`${name} ends at ${right}`);
    const hidden = element.scrollWidth - element.clientWidth;
    const cut = getComputedStyle(element).overflowX !== "visible" && hidden > 1;
    if (cut && !element.matches(`${wide}, input`)) found.push(`${name} hides ${hidden} pixels`);
  }
  return found;
}"""


def test_nothing_is_wider_than_the_screen(seen: Seen) -> None:
    assert seen.evaluate(_TOO_WIDE, WIDE) == []


def test_what_scrolls_sideways_can_be_reached_with_the_keyboard(seen: Seen) -> None:
    unreached = seen.evaluate(
        """wide => [...document.querySelectorAll(wide)]
          .filter(element => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1)
          .filter(element => element.tabIndex !== 0)
          .map(element => element.className)""",
        WIDE,
    )
    assert unreached == []


def test_text_may_be_set_wider(seen: Seen) -> None:
    """The distances of WCAG 1.4.12, which readers may ask for."""
    seen.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`
            * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
            p { margin-bottom: 2em !important; }`);
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    try:
        assert seen.evaluate(_TOO_WIDE, WIDE) == []
    finally:
        seen.evaluate("() => { document.adoptedStyleSheets = []; }")


# --- focus -----------------------------------------------------------------------------------------------------

#: Of up to ``most`` stops of the Tab key those whose focus cannot be seen: no ring, or something else in front of it.
_UNSEEN_FOCUS = """most => {
  const stops = [...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")].filter(element =>
    !element.disabled && element.tabIndex >= 0 && element.checkVisibility({ visibilityProperty: true }));
  const found = [];
  const step = Math.ceil(stops.length / most);
  for (const element of stops.filter((_, index) => index % step === 0)) {
    element.focus();
    const name = element.outerHTML.slice(0, 120);
    if (document.activeElement !== element) { found.push(`takes no focus: ${name}`); continue; }
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) found.push(`no ring: ${name}`);
    const drawn = (element.matches(".map-point") && element.querySelector(".map-mark")) || element;
    const shown = [...drawn.getClientRects()].some(({ left, top, right, bottom }) => {
      const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
      const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
      const hit = document.elementFromPoint(x, y);
      // On the map what lies in front of the point in focus fades.
      return hit && (element.contains(hit) || hit.contains(element) || hit.closest("svg")?.contains(element));
    });
    if (!shown) found.push(`hidden: ${name}`);
  }
  return [stops.length, found];
}"""


def unseen_focus(page: Page, most: int) -> list[str]:
    page.keyboard.press("Tab")  # rings are for those who use the keyboard
    stops, found = page.evaluate(_UNSEEN_FOCUS, most)
    assert stops > 10
    return list(found)


def test_focus_is_seen(seen: Seen) -> None:
    assert unseen_focus(seen.page, most=80) == []


# --- colours and rest ------------------------------------------------------------------------------------------


def test_forced_colours_leave_edges_and_focus(seen: Seen) -> None:
    """Backgrounds are gone then: what is a button or a field is told by its edge."""
    seen.page.emulate_media(forced_colors="active")
    try:
        assert seen.evaluate("matchMedia('(forced-colors: active)').matches")
        without_edge = seen.evaluate(
            """() => [...document.querySelectorAll("button, input[type=search], .tag:not(.tag-strand), .chip, .notice")]
              .filter(element => element.checkVisibility() && !element.matches(".copy-link"))
              .filter(element => {
                const { borderTopStyle, borderTopWidth, borderTopColor, backgroundColor } = getComputedStyle(element);
                return borderTopStyle !== "solid" || !parseFloat(borderTopWidth) || borderTopColor === backgroundColor;
              })
              .map(element => element.outerHTML.slice(0, 120))"""
        )
        assert without_edge == []
        assert unseen_focus(seen.page, most=10) == []
    finally:
        seen.page.emulate_media(forced_colors="none")


def test_nothing_moves(seen: Seen) -> None:
    """Not even for those who have not asked for less motion."""
    moving = seen.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll("body *")].filter(element => {
          const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(element);
          return animationName !== "none" || parseFloat(transitionDuration) > 0 || scrollBehavior !== "auto";
        }).length"""
    )
    assert moving == 0


def test_what_is_chosen_is_told_in_forced_colours(visit: Visit) -> None:
    page = visit(PLACES["style guide"], width=DESK)
    page.emulate_media(forced_colors="active")
    try:
        edges = page.evaluate(
            """() => {
              const colour = element => getComputedStyle(element).borderBottomColor;
              const link = document.querySelector(".masthead-nav a");
              const before = colour(link);
              link.setAttribute("aria-current", "page");
              return [before, colour(link), getComputedStyle(document.body).backgroundColor];
            }"""
        )
        unchosen, chosen, ground = edges
        assert unchosen == ground
        assert chosen != ground
    finally:
        page.emulate_media(forced_colors="none")
