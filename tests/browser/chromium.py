"""The browser that looks at the site: Debian's Chromium, or the one that the environment variable CHROMIUM names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

MISSING = "tests in a browser are left out: none is installed; run make browser, or set CHROMIUM to a Chromium"

#: Text looks alike wherever it is drawn, and screenshots with it.
_ARGUMENTS = ("--font-render-hinting=none", "--disable-lcd-text")


def find_chromium() -> str | None:
    """Where it is; None if there is none."""
    return shutil.which(os.environ.get("CHROMIUM") or "chromium")


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A running browser without windows. While it runs, no event loop can be started in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
