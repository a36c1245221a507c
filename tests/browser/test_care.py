"""Whoever is in need sees where help is before anything else on the page of results."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.places import DESK, PHONE


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_care_stands_above_what_was_found(browser: Browser, site: str, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}, base_url=site) as context:
        page = context.new_page()
        page.goto("/search?q=i+want+to+kill+myself")
        care, title, hit = (page.locator(css).first.bounding_box() for css in (".care", ".results-title", ".hit"))
        assert care
        assert title
        assert hit
        assert care["y"] + care["height"] <= title["y"] < hit["y"]
