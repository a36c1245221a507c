"""What all tests share: a small encoder whose vectors can be told by eye, and knowledge bases made with it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.build import build
from indexer.reindex import reindex
from kb.backends import Backend, load_encoder
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.types import Document, Encoder, Floats

REPOSITORY = Path(__file__).resolve().parent.parent
ENTRIES = REPOSITORY / "entries"


class FakeEncoder:
    """A real, small encoder: the same text always has the same vector, and shared words bring texts closer.

    Each word is a random direction drawn from its own hash; a text is the sum of its words. ``encoded`` counts the
    passages that were encoded.
    """

    fingerprint = "fake"
    dimension = 64
    max_tokens = 48

    def __init__(self, fingerprint: str = "fake") -> None:
        self.fingerprint = fingerprint
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Floats:
        self.encoded += len(texts)
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(-1, self.dimension)

    def encode_query(self, text: str) -> Floats:
        total = np.sum([_direction(word) for word in re.findall(r"\w+", text.lower())], axis=0)
        total = np.broadcast_to(total, self.dimension) + 1e-3 * _direction("")
        return np.asarray(total / np.linalg.norm(total), dtype=np.float32)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]

    def measure(self) -> FakeEncoder:
        return self


@cache
def _direction(word: str) -> Floats:
    generator = np.random.default_rng(crc32(word.encode("utf-8", "surrogatepass")))
    return generator.standard_normal(FakeEncoder.dimension).astype(np.float32)


def in_bytes(whole: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Numbers from -7 to 7, each 8 more, in half a byte: even places in the lower half."""
    shifted = (whole + 8).astype(np.uint8)
    return shifted[:, 0::2] + 16 * shifted[:, 1::2]


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


MakeBackend = Callable[..., Backend]


@pytest.fixture
def make_backend(tmp_path: Path, encoder: FakeEncoder) -> Iterator[MakeBackend]:
    """Index documents into ``tmp_path/data`` and open the result; called again, it updates the same index."""
    opened: list[Backend] = []

    def make(*documents: Document, using: Encoder = encoder) -> Backend:
        build(tmp_path / "data", {document.id: document for document in documents}, using, "fake")
        backend = Backend(tmp_path / "data", lambda manifest: using)
        opened.append(backend)
        return backend

    yield make
    for backend in opened:
        backend.close()


@pytest.fixture(scope="session")
def compiled_default(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the default model was compiled, which takes some seconds. Read-only; copy its models."""
    data = tmp_path_factory.mktemp("compiled")
    load_encoder(DEFAULT_MODEL, data).encode_query("made now")
    return data


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the project's own entries, encoded by the small encoder."""
    data = tmp_path_factory.mktemp("indexed")
    reindex(ENTRIES, data, "fake", lambda _: FakeEncoder())
    return data


#: How many practices :func:`few` has: few enough to export in a second.
FEW = 8


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Some of the project's own entries, with the organisations that they name and the whole taxonomy. Read-only."""
    folder = tmp_path_factory.mktemp("few")
    entries = folder / "entries"
    shutil.copytree(ENTRIES / "taxonomy", entries / "taxonomy")
    for name in ("practices", "organisations"):
        (entries / name).mkdir()
    for file in sorted((ENTRIES / "practices").glob("*.md"))[:FEW]:
        text = re.sub(r"^related:.*\n(?: *- .*\n)*", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
        text = text.replace("\n---\n", f"\naliases: [old-{file.stem}]\n---\n", 1)
        (entries / "practices" / file.name).write_text(text, encoding="utf-8")
        for organisation in (ENTRIES / "organisations").glob("*.md"):
            if re.search(rf"\b{organisation.stem}\b", text.partition("\n---\n")[0]):
                shutil.copy(organisation, entries / "organisations")
    reindex(entries, folder / "data", "fake", lambda _: FakeEncoder())
    with Backend(folder / "data", lambda manifest: FakeEncoder()) as opened:
        yield opened


@pytest.fixture(scope="session")
def exported(few: Backend, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site over :func:`few` as plain files, in English and German. Read-only."""
    from web import create_app
    from web.offline import export_site

    target = tmp_path_factory.mktemp("exported") / "site"
    app = create_app(few, offline=True, interface=("en", "de"))
    count = export_site(app, few, target, everything={"practices": []}, interface=("en", "de"))
    assert count == len([file for file in target.rglob("*") if file.is_file() and not file.name.startswith(".")])
    return target


@pytest.fixture(scope="session")
def backend(indexed: Path) -> Iterator[Backend]:
    """The project's own entries, searched with the small encoder. Read-only."""
    with Backend(indexed, lambda manifest: FakeEncoder()) as opened:
        yield opened
