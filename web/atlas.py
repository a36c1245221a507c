"""The semantic map as a drawing: which part of it is shown, and where its points and names stand in the picture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from kb.errors import UsageError
from kb.landscape import Landscape, Place, Region
from kb.text.collation import sort_key
from web.languages import language

#: The picture, in its own units, and what is left free around the points.
WIDTH, HEIGHT, MARGIN = 1000, 700, 40
ZOOMS = (1, 2, 4, 8)
#: How close a named part is looked at.
REGION_ZOOM = 4
#: Points in one picture; beyond it every second one is drawn, or every third.
MOST_DRAWN = 600
#: Points of which each has its name beside it.
MOST_NAMED = 30
#: Names of regions keep this distance from each other: down, and across for each character.
_LINE, _CHARACTER = 30, 11
_PERCENT = re.compile(r"[0-9]{1,2}|100")


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at: the part of the map around (``x``, ``y``), per cent of its width and height."""

    x: int = 50
    y: int = 50
    zoom: int = 1

    @property
    def corner(self) -> tuple[float, float]:
        """The left and upper edge, in 0..1: the part shown never reaches beyond the map."""
        room = 1 - 1 / self.zoom
        left, top = (min(max(centre / 100 - 0.5 / self.zoom, 0), room) for centre in (self.x, self.y))
        return left, top

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place (0..1) in the units of the picture."""
        left, top = self.corner
        return (
            round(MARGIN + (x - left) * self.zoom * (WIDTH - 2 * MARGIN), 1),
            round(MARGIN + (y - top) * self.zoom * (HEIGHT - 2 * MARGIN), 1),
        )

    def shows(self, x: float, y: float) -> bool:
        left, top = self.corner
        return left <= x <= left + 1 / self.zoom and top <= y <= top + 1 / self.zoom

    def closer(self, step: int) -> View | None:
        """One step in (1) or out (-1); None where there is none."""
        number = ZOOMS.index(self.zoom) + step
        left, top = self.corner
        return _around(left, top, self.zoom, ZOOMS[number]) if 0 <= number < len(ZOOMS) else None

    def moved(self, right: int, down: int) -> View | None:
        """Half a picture to the side; None at the edge."""
        left, top = self.corner
        room, step = 1 - 1 / self.zoom, 0.5 / self.zoom
        new = min(max(left + right * step, 0), room), min(max(top + down * step, 0), room)
        if max(abs(new[0] - left), abs(new[1] - top)) < 0.005:
            return None
        return _around(*new, self.zoom, self.zoom)

    def arguments(self) -> Mapping[str, int]:
        """What :func:`read_view` reads again."""
        return {} if self.zoom == 1 else {"x": self.x, "y": self.y, "zoom": self.zoom}


def _around(left: float, top: float, zoom: int, new_zoom: int) -> View:
    """The view with the middle of the one that has this corner."""
    return View(round(100 * (left + 0.5 / zoom)), round(100 * (top + 0.5 / zoom)), new_zoom)


@dataclass(frozen=True, slots=True)
class Point:
    place: Place
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a region where it is written, and the view that looks at it closely."""

    region: Region
    label: str
    x: float
    y: float
    view: View


@dataclass(frozen=True, slots=True)
class Group:
    """The points of a region, for reading instead of looking; without a region, those that belong to none."""

    region: Region | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """``shown`` of all practices lie within the view; ``points`` are those that are drawn."""

    view: View
    shown: int
    points: tuple[Point, ...]
    names: tuple[Name, ...]
    groups: tuple[Group, ...]

    @property
    def names_points(self) -> bool:
        """Whether there is room to write beside each point what it is, whoever points at it or not."""
        return len(self.points) <= MOST_NAMED


def read_view(args: MultiDict[str, str]) -> View:
    """The view that the arguments of ``/map`` ask for. Raises UsageError."""
    zoom = args.get("zoom") or "1"
    if zoom not in map(str, ZOOMS):
        raise UsageError(
            "%(name)s must be %(others)s or %(last)s, found %(found)s",
            name="zoom",
            others=", ".join(map(str, ZOOMS[:-1])),
            last=ZOOMS[-1],
            found=repr(zoom),
        )
    return View(_percent("x", args), _percent("y", args), int(zoom))


def _percent(name: str, args: MultiDict[str, str]) -> int:
    value = args.get(name) or "50"
    if not _PERCENT.fullmatch(value):
        raise UsageError("%(name)s must be a whole number from 0 to 100, found %(found)s", name=name, found=repr(value))
    return int(value)


def picture(landscape: Landscape, view: View, labels: Mapping[str, str]) -> Picture:
    """``labels``: what the topics of the regions are called."""
    shown = [number for number, place in enumerate(landscape.places) if view.shows(place.x, place.y)]
    drawn = shown[:: max(1, -(-len(shown) // MOST_DRAWN))]
    points = {number: Point(landscape.places[number], *_at(view, landscape.places[number])) for number in drawn}
    of_a_region = {number for region in landscape.regions for number in region.members}
    groups = [
        *(Group(region, _those(points, region.members)) for region in landscape.regions),
        Group(None, _those(points, [number for number in drawn if number not in of_a_region])),
    ]
    return Picture(
        view=view,
        shown=len(shown),
        points=tuple(points.values()),
        names=_names(landscape.regions, view, labels),
        groups=tuple(group for group in groups if group.points),
    )


def _at(view: View, place: Place) -> tuple[float, float]:
    return view.at(place.x, place.y)


def _those(points: Mapping[int, Point], numbers: Sequence[int]) -> tuple[Point, ...]:
    found = (points[number] for number in numbers if number in points)
    return tuple(sorted(found, key=lambda point: sort_key(point.place.title, language())))


def _names(regions: Sequence[Region], view: View, labels: Mapping[str, str]) -> tuple[Name, ...]:
    """Names within the picture, moved down where two would stand on each other, from the top."""
    made: list[Name] = []
    for region in sorted(regions, key=lambda region: (region.y, region.x)):
        if not view.shows(region.x, region.y):
            continue
        label = labels[region.topic]
        half = _CHARACTER * len(label) / 2
        x, y = view.at(region.x, region.y)
        x = min(max(x, half), WIDTH - half)
        while any(
            abs(y - other.y) < _LINE and abs(x - other.x) < half + _CHARACTER * len(other.label) / 2 for other in made
        ):
            y += 5
        closer = View(round(100 * region.x), round(100 * region.y), max(REGION_ZOOM, view.zoom))
        made.append(Name(region, label, round(x, 1), round(min(y, HEIGHT - 10), 1), closer))
    return tuple(made)
