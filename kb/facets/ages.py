"""The bands of age that practices are browsed by: those of the stages of childhood in the Children's Code of the ICO.

A band is named by its bounds, so that its label needs no translation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kb.content.model import Ages

FACET = "age"

#: Every band by its id, from the youngest. Bounds are inclusive.
BANDS: Mapping[str, Ages] = MappingProxyType(
    {
        "0-5": Ages(0, 5),
        "6-9": Ages(6, 9),
        "10-12": Ages(10, 12),
        "13-15": Ages(13, 15),
        "16-17": Ages(16, 17),
        "18-plus": Ages(18, None),
    }
)
_ORDER = {band: number for number, band in enumerate(BANDS)}


def bands(ages: Ages | None) -> tuple[str, ...]:
    """The bands that ``ages`` reach into. None where only a note says what they are."""
    if ages is None or (ages.start is None and ages.end is None):
        return ()
    start, end = ages.start or 0, ages.end
    return tuple(
        band
        for band, of in BANDS.items()
        if (of.end is None or start <= of.end) and (end is None or end >= (of.start or 0))
    )


def label(band: str) -> str:
    """``6–9``, ``18+``; the band itself if there is no such."""
    found = BANDS.get(band)
    if found is None:
        return band
    return f"{found.start}+" if found.end is None else f"{found.start}–{found.end}"


def position(band: str) -> int:
    """Where a band stands among the others, from 0; behind them if there is no such."""
    return _ORDER.get(band, len(_ORDER))
