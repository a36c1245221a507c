"""What a practice looks like on paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

#: The width of A4 in CSS pixels, upright and across, and that of a window.
WIDTHS = (794, 1123, 1280)


@pytest.mark.parametrize("width", WIDTHS)
def test_facts_are_printed_in_two_columns(browser: Browser, site: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 1123}, base_url=site) as context:
        page = context.new_page()
        page.emulate_media(media="print")
        page.goto("/practices/thinkuknow-uk")
        columns = page.locator(".facts .fact-list").evaluate("list => getComputedStyle(list).gridTemplateColumns")
        assert len(columns.split()) == 2
