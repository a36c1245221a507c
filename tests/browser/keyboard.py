"""What hands on a keyboard do."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_HAS_FOCUS = "element => element === document.activeElement"


def tab_to(target: Locator, *, back: bool = False, most: int = 300) -> None:
    """Press Tab until the element has the focus; an AssertionError if it cannot be reached that way."""
    page = target.page
    for _ in range(most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if target.evaluate(_HAS_FOCUS):
            return
    raise AssertionError(f"{target} is not reached with {most} presses of Tab")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
