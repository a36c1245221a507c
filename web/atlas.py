"""The semantic map as a drawing: which part of it is shown, and where its points and names stand in the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
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
#: Points keep this distance where they can: then none hides the middle of another.
_MARK = 12
#: Where a name can stand, seen from the middle of its region, the nearest first.
_TRIES = sorted(
    ((across * 30, down * _LINE / 2) for across in range(-4, 5) for down in range(-6, 7)),
    key=lambda step: (math.hypot(*step), step),
)
#: Where a point can stand, seen from its own place: there, then in rings around it.
_BESIDE = (
    (0.0, 0.0),
    *(
        (ring * math.cos(math.tau * turn / 12), ring * math.sin(math.tau * turn / 12))
        for ring in (_MARK / 2, _MARK, 1.5 * _MARK, 2 * _MARK)
        for turn in range(12)
    ),
)
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
    points = _apart({n: Point(landscape.places[n], *_at(view, landscape.places[n])) for n in drawn})
    of_a_region = {number for region in landscape.regions for number in region.members}
    groups = [
        *(Group(region, _those(points, region.members)) for region in landscape.regions),
        Group(None, _those(points, [number for number in drawn if number not in of_a_region])),
    ]
    return Picture(
        view=view,
        shown=len(shown),
        points=tuple(points.values()),
        names=tuple(_names(landscape.regions, view, labels, tuple(points.values()))),
        groups=tuple(group for group in groups if group.points),
    )


def _at(view: View, place: Place) -> tuple[float, float]:
    return view.at(place.x, place.y)


def _those(points: Mapping[int, Point], numbers: Sequence[int]) -> tuple[Point, ...]:
    found = (points[number] for number in numbers if number in points)
    return tuple(sorted(found, key=lambda point: sort_key(point.place.title, language())))


def _names(regions: Sequence[Region], view: View, labels: Mapping[str, str], points: Sequence[Point]) -> Iterator[Name]:
    """Names within the picture, each where it touches no other and lies under as few points as can be, then nearest.

    The largest regions choose first; a name that no place is free for is left out, and the list has it.
    """
    taken: list[tuple[float, float, float]] = []
    for region in regions:
        if not view.shows(region.x, region.y):
            continue
        label = labels[region.topic]
        half = _CHARACTER * len(label) / 2
        middle = view.at(region.x, region.y)
        places = (
            (min(max(middle[0] + across, half), WIDTH - half), min(max(middle[1] + down, _LINE), HEIGHT - 10))
            for across, down in _TRIES
        )
        free = [
            (x, y)
            for x, y in places
            if all(abs(y - other) >= _LINE or abs(x - at) >= half + room for at, other, room in taken)
        ]
        if not free:
            continue
        x, y = min(free, key=lambda place: _under(points, place[0], place[1], half))  # the first of equals
        taken.append((x, y, half))
        closer = View(round(100 * region.x), round(100 * region.y), max(REGION_ZOOM, view.zoom))
        yield Name(region, label, round(x, 1), round(y, 1), closer)


def _under(points: Sequence[Point], x: float, y: float, half: float) -> int:
    """How many points lie on a name; ``y`` is its base line."""
    return sum(abs(point.x - x) < half + _MARK / 2 and -_LINE < point.y - y < _MARK for point in points)


def _apart(points: Mapping[int, Point]) -> dict[int, Point]:
    """The points, each beside those before it where it would lie on one: as near to its own place as is free.

    Where nothing near is free it stays: a map that is so full wants to be looked at more closely.
    """
    placed: dict[tuple[int, int], list[Point]] = {}

    def is_free(x: float, y: float) -> bool:
        column, row = int(x // _MARK), int(y // _MARK)
        near = (placed.get((column + i, row + j), ()) for i in (-1, 0, 1) for j in (-1, 0, 1))
        return all((x - other.x) ** 2 + (y - other.y) ** 2 >= _MARK**2 for some in near for other in some)

    moved = {}
    for number, point in points.items():
        beside = ((point.x + right, point.y + down) for right, down in _BESIDE)
        x, y = next((place for place in beside if is_free(*place)), (point.x, point.y))
        moved[number] = Point(point.place, round(x, 1), round(y, 1))
        placed.setdefault((int(x // _MARK), int(y // _MARK)), []).append(moved[number])
    return moved
