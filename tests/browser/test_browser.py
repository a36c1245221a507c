"""That there is a browser at all; where there is none, all other tests of this folder are left out."""

from __future__ import annotations

import pytest

from tests.browser.chromium import MISSING, find_chromium


def test_a_browser_is_there() -> None:
    if find_chromium() is None:
        pytest.skip(MISSING)
