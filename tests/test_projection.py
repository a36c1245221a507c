"""The map that a reindex makes: neighbours stay near, nothing is left to chance, nothing is done twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer import build as building
from indexer import projection
from indexer.build import build
from indexer.projection import project
from kb.backends import Backend
from kb.types import Document, Floats
from tests.conftest import FakeEncoder


def three_groups(each: int, dimension: int = 16) -> Floats:
    """Vectors of unit length around three axes, in turn: 0 belongs with 3 and 6, 1 with 4 and 7."""
    noise = np.random.default_rng(1).standard_normal((3 * each, dimension)) * 0.05
    vectors = np.tile(np.eye(3, dimension), (each, 1)) + noise
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def of_the_same_group(places: np.ndarray, neighbours: int) -> float:
    """The share of the nearest ``neighbours`` of each place that belong to its group."""
    distances = ((places[:, None] - places[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :neighbours]
    return float((nearest % 3 == np.arange(len(places))[:, None] % 3).mean())


@pytest.mark.parametrize("landmarks", [500, 30])
def test_what_is_near_in_meaning_is_near_on_the_map(monkeypatch: pytest.MonkeyPatch, landmarks: int) -> None:
    """With all documents as landmarks, and with a third of them."""
    monkeypatch.setattr(projection, "LANDMARKS", landmarks)
    vectors = three_groups(31)
    places = project(vectors)
    assert places.shape == (93, 2)
    assert (places.min(axis=0) == 0).all()
    assert (places.max(axis=0) == 1).all()
    assert of_the_same_group(places, 10) == 1
    assert (project(vectors) == places).all(), "the same vectors, the same map"


@pytest.mark.parametrize(
    "vectors",
    [
        np.empty((0, 8)),
        np.eye(1, 8),
        np.eye(2, 8),
        np.eye(3, 8),
        np.ones((6, 8)) / np.sqrt(8),  # all the same
        np.zeros((4, 8)),
        np.ones((5, 1)),
    ],
)
def test_a_map_of_next_to_nothing(vectors: Floats) -> None:
    places = project(vectors.astype(np.float32))
    assert places.shape == (len(vectors), 2)
    assert ((places >= 0) & (places <= 1)).all()
    assert len({tuple(place) for place in places.tolist()}) == len(vectors), "two stand in one place"


# --- in a reindex ----------------------------------------------------------------------------------------------

A, B, C = (Document(id, f"About {id}", summary=f"{id} and others", tags={"topic": (id,)}) for id in ("a", "b", "c"))


class Counted:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        monkeypatch.setattr(building, "project", self)

    def __call__(self, vectors: Floats) -> np.ndarray:
        self.times += 1
        return project(vectors)


def made(folder: Path, *documents: Document, up_to: int = 10, full: bool = False) -> Backend:
    build(folder, {d.id: d for d in documents}, FakeEncoder(), "fake", map_up_to=up_to, full=full)
    return Backend(folder, lambda manifest: FakeEncoder())


def places(backend: Backend) -> dict[str, tuple[float, float]]:
    landscape = backend.landscape()
    backend.close()
    return {place.id: (place.x, place.y) for place in landscape.places} if landscape else {}


def test_a_place_is_worked_out_when_what_was_encoded_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Counted(monkeypatch)
    first = places(made(tmp_path, A, B))
    assert (set(first), work.times) == ({"a", "b"}, 1)
    assert places(made(tmp_path, A, B)) == first
    assert work.times == 1, "nothing changed"
    other_tags = Document(A.id, A.title, summary=A.summary, tags={"topic": ("z",)})
    assert places(made(tmp_path, other_tags, B)) == first
    assert work.times == 1, "tags are not encoded"
    assert set(places(made(tmp_path, A, B, C))) == {"a", "b", "c"}
    assert work.times == 2
    assert set(places(made(tmp_path, A, C))) == {"a", "c"}
    assert work.times == 3


def test_step_by_step_or_at_once_it_is_the_same_map(tmp_path: Path) -> None:
    for documents in ((A,), (C, A), (A, B, C)):
        last = places(made(tmp_path / "steps", *documents))
    assert last == places(made(tmp_path / "once", C, B, A))
    assert last == places(made(tmp_path / "steps", A, B, C, full=True))


def test_a_large_base_has_no_map(tmp_path: Path) -> None:
    assert set(places(made(tmp_path, A, B, up_to=2))) == {"a", "b"}
    assert places(made(tmp_path, A, B, C, up_to=2)) == {}
    assert set(places(made(tmp_path, A, B, up_to=2))) == {"a", "b"}


def test_what_goes_wrong_on_the_way_leaves_the_last_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = places(made(tmp_path, A, B))

    def broken(vectors: Floats) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(building, "project", broken)
    with pytest.raises(MemoryError):
        made(tmp_path, A, B, C)
    backend = Backend(tmp_path, lambda manifest: FakeEncoder())
    assert backend.manifest().documents == 2, "the generation and its map appear together"
    assert places(backend) == first
