"""The stylesheet: colours that can be read in both schemes, and no class that nothing uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
STYLE = (WEB / "static" / "style.css").read_text(encoding="utf-8")
TEMPLATES = "".join(path.read_text(encoding="utf-8") for path in sorted((WEB / "templates").rglob("*.html")))
PIECES = (WEB / "pieces.py").read_text(encoding="utf-8")
SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in sorted((WEB / "static" / "js").glob("*.js")))

_COLOUR = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});")
_LIGHT, _DARK = (dict(_COLOUR.findall(block)) for block in re.findall(r":root \{(.*?)\n *\}", STYLE, re.DOTALL)[:2])

#: (foreground, background, least contrast): 4.5 for text, 3 for what is no text (WCAG 2.2 AA, 1.4.3 and 1.4.11).
PAIRS = [
    *[
        (text, ground, 4.5)
        for text in ("ink", "soft", "accent", "accent-strong")
        for ground in ("paper", "sheet", "tint")
    ],
    *[(strand, ground, 4.5) for strand in ("strand-1", "strand-2", "strand-3") for ground in ("paper", "sheet")],
    ("ink", "accent-tint", 4.5),
    ("soft", "accent-tint", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    ("on-mark", "mark", 4.5),
    ("alert", "accent-tint", 3),
    ("alert", "paper", 3),
    *[(edge, ground, 3) for edge in ("edge", "focus") for ground in ("paper", "sheet", "tint")],
]


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("foreground", "background", "least"), PAIRS)
@pytest.mark.parametrize("scheme", [_LIGHT, _DARK], ids=["light", "dark"])
def test_colours_can_be_read(scheme: dict[str, str], foreground: str, background: str, least: float) -> None:
    assert contrast(scheme[foreground], scheme[background]) >= least


def test_both_schemes_set_the_same_colours() -> None:
    assert set(_LIGHT) == set(_DARK)


#: Classes whose names are put together in a template, or come from kb.text.markup.
MADE = re.compile(r"is-[a-z0-9-]+|fact-[a-z]+|strand-[123]|footnote|table-scroll|align-(right|center)")


def test_every_class_is_used() -> None:
    without_comments = re.sub(r"/\*.*?\*/", "", STYLE, flags=re.DOTALL)
    styled = set(re.findall(r"\.([a-z][a-z0-9-]*)", re.sub(r"\{[^{}]*\}", "{}", without_comments)))
    unused = {name for name in styled if name not in TEMPLATES + PIECES + SCRIPTS and not MADE.fullmatch(name)}
    assert not unused, f"the stylesheet has classes that neither a template nor a script uses: {sorted(unused)}"


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
