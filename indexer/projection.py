"""Vectors to places on a map: two dimensions in which neighbours stay neighbours. Nothing is left to chance.

The principal components are the beginning, t-SNE (van der Maaten and Hinton 2008) does the rest. It compares each
document with each, so beyond ``LANDMARKS`` documents it arranges that many, evenly taken from all, and the others
stand among the landmarks that they are nearest to.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kb.types import Floats

Matrix = NDArray[np.float64]

#: Raised whenever the same vectors get other places.
PROJECTION = 2
#: Documents that are arranged with each other; a base of more has a map of the same cost.
LANDMARKS = 500
#: Bases of more documents have no map. A dot for each would say little, and every change of a text reads all vectors
#: again: at 10,000 documents one changed entry took twice the time and six times the memory.
MOST_PLACED = 2_000
#: How many neighbours a document has, so to speak.
PERPLEXITY = 12.0
_STEPS = 300
_EXAGGERATED_STEPS = 100
_EXAGGERATION = 8.0
_NEAREST_LANDMARKS = 3
_DECIMALS = 4
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def project(vectors: Floats) -> Matrix:
    """Places for ``vectors`` (float32, shape (n, dimension), rows of unit length): float64, shape (n, 2), in 0..1."""
    number = len(vectors)
    if number < 2:
        return np.full((number, 2), 0.5)
    chosen = np.linspace(0, number - 1, min(number, LANDMARKS)).round().astype(np.int64)
    landmarks = _arranged(vectors[chosen].astype(np.float64))
    places = landmarks if len(chosen) == number else _among(vectors, vectors[chosen], landmarks)
    places = places - places.min(axis=0)
    return np.asarray((places / np.maximum(places.max(axis=0), 1e-9)).round(_DECIMALS))


def _arranged(vectors: Matrix) -> Matrix:
    """t-SNE of squared distances, from the principal components: shape (n, 2), in no particular unit."""
    wanted = _affinities(_squared_distances(vectors))
    places = 1e-2 * _principal(vectors)
    rate = max(len(vectors) / _EXAGGERATION / 4, 10.0)
    velocity = np.zeros_like(places)
    gains = np.ones_like(places)
    for step in range(_STEPS):
        early = step < _EXAGGERATED_STEPS
        closeness = 1 / (1 + _squared_distances(places))
        np.fill_diagonal(closeness, 0)
        given = closeness / max(closeness.sum(), 1e-12)
        pull = ((_EXAGGERATION if early else 1.0) * wanted - given) * closeness
        gradient = 4 * (pull.sum(axis=1)[:, None] * places - pull @ places)
        gains = np.maximum(np.where(np.sign(gradient) == np.sign(velocity), gains * 0.8, gains + 0.2), 0.01)
        velocity = (0.5 if early else 0.8) * velocity - rate * gains * gradient
        places = places + velocity
        places = places - places.mean(axis=0)
    return places


def _squared_distances(points: Matrix) -> Matrix:
    squares = (points**2).sum(axis=1)
    return np.asarray(np.maximum(squares[:, None] + squares[None] - 2 * points @ points.T, 0))


def _affinities(distances: Matrix) -> Matrix:
    """How much each pair belongs together; each row has the same perplexity before it is made symmetric."""
    number = len(distances)
    wanted = np.log(min(PERPLEXITY, (number - 1) / 3 + 1))
    away = distances.copy()
    np.fill_diagonal(away, np.inf)
    away = away - away.min(axis=1, keepdims=True)
    np.fill_diagonal(distances_from := away.copy(), 0)
    low, high = np.zeros(number), np.full(number, np.inf)
    precision = np.ones(number)
    for _ in range(50):
        weights = np.exp(-away * precision[:, None])
        totals = weights.sum(axis=1)
        entropy = np.log(totals) + precision * (distances_from * weights).sum(axis=1) / totals
        low = np.where(entropy > wanted, precision, low)
        high = np.where(entropy > wanted, high, precision)
        precision = np.where(np.isinf(high), precision * 2, (low + high) / 2)
        precision = np.minimum(precision, 1e6)
    weights = np.exp(-away * precision[:, None])
    shares = weights / weights.sum(axis=1, keepdims=True)
    return np.asarray(np.maximum((shares + shares.T) / (2 * number), 1e-12))


def _principal(vectors: Matrix) -> Matrix:
    """The first two principal components, the larger coefficients positive, with a little turn to part twins."""
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    if axes.shape[1] < 2:
        axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(2)] < 0, -1, 1)
    places = centred @ axes
    places = places / max(float(places.std()), 1e-9)
    turn = np.arange(len(vectors)) * _GOLDEN_ANGLE
    return np.asarray(places + 1e-3 * np.column_stack([np.cos(turn), np.sin(turn)]))


def _among(vectors: Floats, landmarks: Floats, places: Matrix) -> Matrix:
    """Each at the mean of the places of its nearest landmarks, nearer ones weighing more."""
    cosines = vectors @ landmarks.T
    nearest = np.argpartition(-cosines, _NEAREST_LANDMARKS, axis=1)[:, :_NEAREST_LANDMARKS]
    # Steep weights: a document that is a landmark itself stands where that stands.
    weights = np.exp(30 * (np.take_along_axis(cosines, nearest, axis=1) - 1))
    weights = np.maximum(weights, 1e-12)
    weights = weights / weights.sum(axis=1, keepdims=True)
    spread = places.std() / 50
    turn = np.arange(len(vectors)) * _GOLDEN_ANGLE
    return np.asarray(
        (places[nearest] * weights[:, :, None]).sum(axis=1) + spread * np.column_stack([np.cos(turn), np.sin(turn)])
    )
