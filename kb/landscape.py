"""The map of all documents in two dimensions: its places, and regions named after what is dense in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kb.types import Positions, Tags

Coordinates = NDArray[np.float64]

#: A region has this many documents at least, on average, and there are this many regions at most.
PER_REGION = 12
MOST_REGIONS = 14
#: A topic names a region if it is this often in it, at least.
NAMED_BY = 3
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands on the map: ``x`` and ``y`` in 0..1, y downwards. ``strand`` is its first one."""

    id: str
    title: str
    language: str
    strand: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the map. ``topic`` is carried by ``carried`` of its ``members``, more than elsewhere; ``members`` are
    numbers of places. ``x`` and ``y`` are the middle of those that carry it."""

    topic: str
    carried: int
    members: tuple[int, ...]
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Landscape:
    """The map of one generation: every document in the order of the ids, and the regions, largest first.

    A region that no topic stands out in has no name, and is none.
    """

    places: tuple[Place, ...]
    regions: tuple[Region, ...]


def regions(points: Coordinates, topics: Tags) -> tuple[Region, ...]:
    """The regions of ``points`` (float64, shape (documents, 2)), largest first.

    Points near each other are one region (k-means, begun from points that lie far apart, so nothing is left to
    chance). It is named by the topic that adds most to what tells it from the whole: ``n log(share here / share in
    all)``, n being the documents in it that carry the topic. A topic names one region at most.
    """
    groups = _groups(points, min(MOST_REGIONS, max(1, len(points) // PER_REGION)))
    everywhere = np.bincount(topics.concepts, minlength=len(topics.values))
    candidates = []
    for group in range(int(groups.max(initial=-1)) + 1):
        members = np.flatnonzero(groups == group)
        inside = np.isin(topics.documents, members)
        counts = np.bincount(topics.concepts[inside], minlength=len(topics.values))
        for concept in np.flatnonzero(counts >= NAMED_BY).tolist():
            lift = (counts[concept] / len(members)) / (everywhere[concept] / len(points))
            candidates.append((-float(counts[concept] * np.log(lift)), topics.values[concept], group, concept))
    named: dict[int, Region] = {}
    used: set[str] = set()
    for score, topic, group, concept in sorted(candidates):
        if score < 0 and group not in named and topic not in used:
            members = np.flatnonzero(groups == group)
            carrying = np.intersect1d(members, topics.documents[topics.concepts == concept])
            x, y = np.median(points[carrying], axis=0).tolist()
            named[group] = Region(topic, len(carrying), tuple(members.tolist()), x, y)
            used.add(topic)
    return tuple(sorted(named.values(), key=lambda region: (-len(region.members), region.topic)))


def _groups(points: Coordinates, number: int) -> Positions:
    """The group of each point (Lloyd 1982): int64, shape (len(points),)."""
    if not len(points):
        return np.empty(0, dtype=np.int64)
    centres = points[_far_apart(points, number)]
    groups = np.zeros(len(points), dtype=np.int64)
    for _ in range(_ROUNDS):
        nearest = np.argmin(((points[:, None] - centres[None]) ** 2).sum(axis=2), axis=1)
        centres = np.array(
            [
                points[nearest == group].mean(axis=0) if (nearest == group).any() else centre
                for group, centre in enumerate(centres)
            ]
        )
        if (nearest == groups).all():
            break
        groups = nearest
    return groups


def _far_apart(points: Coordinates, number: int) -> Sequence[int]:
    """Numbers of points: the one nearest the middle, then always the one that is farthest from those chosen."""
    chosen = [int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
    away = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < number:
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
    return chosen
