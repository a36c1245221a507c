"""The pictures in README and docs, taken of the real site.

    make screenshots                      writes docs/images
    python -m tests.browser.screenshots   the same

Words are drawn with the fonts that ``make browser`` installs; with others the pictures differ a little.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from tests.browser.chromium import MISSING, chromium, find_chromium
from tests.browser.places import DESK, PHONE, PLACES, QUESTION
from tests.browser.real_site import real_site

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """``height`` in pixels; ``scroll``: the selector of what stands at the top, where it is not the page."""

    name: str
    path: str
    width: int = DESK
    height: int = 800
    scheme: Literal["light", "dark"] = "light"
    scale: float = 1
    scroll: str | None = None


PICTURES = (
    Picture("home", "/"),
    Picture("results", f"/search?q={QUESTION.replace(' ', '+')}", height=900),
    Picture("practice", PLACES["practice"], height=900),
    Picture("coverage", "/coverage?rows=topic&columns=risk", height=900),
    Picture("map", "/map", height=900, scroll="#map_picture"),
    Picture("compare", PLACES["comparison"], height=900),
    Picture("phone", f"/search?q={QUESTION.replace(' ', '+')}", width=PHONE, height=740, scale=1.5),
    Picture("dark", "/", scheme="dark"),
)


def take(browser: Browser, site: str, picture: Picture, kind: Literal["webp", "png"] = "webp") -> bytes:
    """The visible part of the page, encoded by the browser."""
    context = browser.new_context(
        base_url=site,
        locale="en-GB",
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        device_scale_factor=picture.scale,
    )
    try:
        page = context.new_page()
        page.goto(picture.path)
        if picture.scroll:
            page.locator(picture.scroll).evaluate("element => element.scrollIntoView()")
        options = {"format": kind, **({"quality": QUALITY} if kind == "webp" else {})}
        return base64.b64decode(context.new_cdp_session(page).send("Page.captureScreenshot", options)["data"])
    finally:
        context.close()


def main() -> int:
    path = find_chromium()
    if path is None:
        print(MISSING, file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    with real_site() as site, chromium(path) as browser:
        for picture in PICTURES:
            image = take(browser, site, picture)
            (FOLDER / f"{picture.name}.webp").write_bytes(image)
            print(f"docs/images/{picture.name}.webp: {len(image) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
