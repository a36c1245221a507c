"""The real site on a free port, and a real browser that looks at it. Without a browser these tests are skipped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from kb.backends import Backend
from tests.browser.chromium import chromium, find_chromium
from tests.browser.places import DESK
from web import create_app
from web.server import serve

#: Milliseconds that a page may take for anything before a test gives up: much, where the machine is busy.
PATIENCE = 60_000
#: Of the window, in pixels.
HEIGHT = 800

# One line says so, rather than one for each test: see test_browser.py.
collect_ignore_glob = [] if find_chromium() else ["test_[!b]*.py"]

Visit = Callable[..., Page]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """For this package only: while it runs, no other test in this thread can use an event loop."""
    path = find_chromium()
    assert path
    with chromium(path) as running:
        yield running


@pytest.fixture(scope="session")
def site(backend: Backend) -> str:
    """The URL of the site over the project's own entries, served as ``kb serve`` does."""
    addresses: Queue[str] = Queue()
    app = create_app(backend, styleguide=True)
    threading.Thread(target=serve, args=(app, "127.0.0.1", 0), kwargs={"ready": addresses.put}, daemon=True).start()
    return addresses.get(timeout=30)


class Profile:
    """A browser profile with one page, which tests use one after the other: a new one costs a second of work.

    It watches what its pages do. ``faults``: errors in scripts, what the site's policy had to stop, and requests to
    another host.
    """

    def __init__(self, browser: Browser, site: str, options: dict[str, Any]) -> None:
        self.faults: list[str] = []
        self._site = site
        self._context = browser.new_context(**{"base_url": site, "locale": "en-GB", **options})
        self._context.set_default_timeout(PATIENCE)
        self._context.on("weberror", lambda error: self.faults.append(f"{error.error}"))
        self._context.on("request", lambda request: self._asked(request.url))
        self._context.on("console", lambda message: self._said(message.type, message.text))
        self.page = self._context.new_page()

    def forget(self) -> None:
        """As if nobody had been here."""
        for page in self._context.pages:
            if page is not self.page:
                page.close()
        self.page.unroute_all()
        self._context.clear_cookies()
        self.page.evaluate("localStorage.clear()")
        self.page.goto("about:blank")
        self.faults.clear()

    def close(self) -> None:
        self._context.close()

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self._site).netloc:
            self.faults.append(f"asked of another host: {url}")

    def _said(self, kind: str, text: str) -> None:
        # The browser says so itself of a page that is not there.
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.faults.append(text)


class Profiles:
    """Those that no test uses at the moment, by their options."""

    def __init__(self, browser: Browser, site: str) -> None:
        self._browser = browser
        self._site = site
        self._idle: dict[str, list[Profile]] = {}

    def take(self, options: dict[str, Any]) -> Profile:
        idle = self._idle.setdefault(repr(options), [])
        return idle.pop() if idle else Profile(self._browser, self._site, options)

    def give_back(self, profile: Profile, options: dict[str, Any]) -> None:
        profile.forget()
        self._idle[repr(options)].append(profile)


@pytest.fixture(scope="package")
def profiles(browser: Browser, site: str) -> Profiles:
    return Profiles(browser, site)


@pytest.fixture
def visit(profiles: Profiles) -> Iterator[Visit]:
    """``visit(path, status=200, width=DESK, scheme="light", **options)`` opens a page in a profile without a past.

    ``options`` are those of a browser context. At the end every page must have been quiet: see :class:`Profile`.
    """
    used: list[tuple[Profile, dict[str, Any]]] = []

    def open_page(
        path: str, status: int = 200, *, width: int = DESK, scheme: Literal["light", "dark"] = "light", **options: Any
    ) -> Page:
        profile = profiles.take(options)
        used.append((profile, options))
        page = profile.page
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=scheme)
        response = page.goto(path)
        assert response, path
        assert response.status == status, f"{path} answers {response.status}"
        return page

    yield open_page
    faults = [fault for profile, _ in used for fault in profile.faults]
    for profile, options in used:
        profiles.give_back(profile, options)
    assert not faults, faults
