"""The compiled form of a sentence-transformers model: how it is kept, checked and run. Needs neither torch nor network.

A form is a folder under the model's fingerprint: the network, made ready for one runtime and processor, and its
tokenizer. Its vectors agree with the model's own within :data:`MEAN` and :data:`LEAST` of cosine, and so share their
space and their fingerprint: vectors made by either may lie in one index.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.engines.encoders import openvino_runtime
from kb.engines.encoders.model_files import Hashes
from kb.engines.encoders.tokens import Encoded, Ids, TokenMeasure, Tokens
from kb.errors import KbError
from kb.types import Floats

#: Where forms lie in the data folder.
FOLDER = "models"
#: Raise it when a form is made in another way: those of before are then made anew.
FORMAT = 3
#: What the cosine of a vector to the model's own must be, on average and at least.
MEAN, LEAST = 0.99, 0.97
#: Tokens in one batch, padding included: beyond that a batch leaves the processor's cache, and gets slower.
TOKENS = 512
_NETWORK, _TOKENIZER, _MANIFEST = "network", "tokenizer.json", "form.json"
_UNFINISHED = ".unfinished"
#: Seconds after which what an interrupted maker left behind may go.
_ABANDONED = 3600.0

#: Texts on which a form is compared with its model: languages, scripts, lengths and letters that models treat apart.
SAMPLES: tuple[str, ...] = (
    "",
    "helpline",
    "how can we stop strangers from messaging children",
    "Wie kann ich mein Kind vor Cybermobbing schützen?",
    "Comment signaler un contenu illégal en ligne ?",
    "¿Qué hago si alguien me pide fotos?",
    "Come funziona la verifica dell'età?",
    "Gdzie zgłosić nielegalne treści w internecie?",
    "Πώς μιλάω στο παιδί μου για το διαδίκτυο;",
    "Безопасен интернет за деца и младежи",
    "子どものインターネット利用とフィルタリング",
    "حماية الأطفال على الإنترنت",
    "AGE VERIFICATION, 2017-2024: 37 % (n = 1,204); see https://example.org/report?id=7",
    "naïve café - co-operation – “quoted” … emoji 🙂\n\tsecond line",
    "x",
    "Reports of grooming rose by 82 per cent in five years, and most of the children were under the age of twelve.",
    "The app sets a daily limit, pauses notifications at night, and asks a parent before anything is bought.\n\n"
    "It was tried by 240 families for three months; sleep improved in two of three, and quarrels became fewer.",
    "Moderators read what is reported within an hour. " * 12,
    "Eine Schulstunde über Werbung, Daten und versteckte Kosten in Spielen. " * 30,
)


#: What a network is fed with, from what its tokenizer gives.
Feed = Callable[[Mapping[str, Ids]], Mapping[str, NDArray[Any]]]


class NotCompilable(KbError):
    """The model cannot be had in compiled form; the message says why."""


@dataclass(frozen=True, slots=True)
class Description:
    """What must be known to feed a network as its model does.

    ``most``: tokens that are read, special ones included; ``query`` and ``document``: what goes before a text.
    """

    most: int
    padding: int
    left: bool
    query: str
    document: str


@dataclass(frozen=True)
class Parts:
    """What a form is made of. ``tokenizer``: the text of its file.

    ``reference``: the model's own vectors for :data:`SAMPLES`, as passages, then as queries: float32, shape
    (2 * len(SAMPLES), dimension). ``feed``: see :class:`CompiledEncoder`.
    """

    network: openvino_runtime.Network
    tokenizer: str
    description: Description
    reference: Floats
    feed: Feed | None = None


class CompiledEncoder:
    """An Encoder. Thread-safe; a query is worked on by one thread, passages by all cores; memory by the batch."""

    def __init__(
        self,
        fingerprint: str,
        network: openvino_runtime.Network,
        tokenizer: str,
        description: Description,
        feed: Feed | None = None,
    ) -> None:
        """``feed``: what makes the inputs of a network that reads other things than tokens. Raises ValueError for a
        ``tokenizer`` that is none."""
        self.fingerprint = fingerprint
        self._feed: Feed = feed or (lambda batch: batch)
        self._network = network
        self._description = description
        self._tokens = Tokens(tokenizer, most=description.most, padding=description.padding, left=description.left)

    @property
    def dimension(self) -> int:
        return self._network.dimension

    @property
    def max_tokens(self) -> int:
        return self._description.most - self._tokens.special()

    def encode(self, texts: Sequence[str]) -> Floats:
        rows = self._tokens.encode([self._description.document + text for text in texts])
        found = np.empty((len(rows), self.dimension), dtype=np.float32)
        self._network.run_all(self._batches(rows), found)
        return found

    def encode_query(self, text: str) -> Floats:
        rows = self._tokens.encode([self._description.query + text])
        vector: Floats = self._network.run(self._feed(self._tokens.batch(rows)))[0]
        return vector

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._tokens.offsets(text)

    def measure(self) -> TokenMeasure:
        return self._tokens.measure(self.max_tokens)

    def _batches(self, rows: Sequence[Encoded]) -> Iterator[tuple[list[int], Mapping[str, NDArray[Any]]]]:
        """Rows of like length together, longest first, so that little is padding and no core waits for the last."""
        share = sum(map(len, rows)) // (2 * self._network.streams)
        most = min(TOKENS, max(TOKENS // 8, share))
        waiting = sorted(range(len(rows)), key=lambda row: len(rows[row]), reverse=True)
        while waiting:
            several = max(1, most // max(1, len(rows[waiting[0]])))
            taken, waiting = waiting[:several], waiting[several:]
            yield taken, self._feed(self._tokens.batch([rows[row] for row in taken]))


def open_form(data: Path, fingerprint: str, hashes: Hashes, feed: Feed | None = None) -> CompiledEncoder | None:
    """The form of a model in the data folder; None where there is none for this runtime, or not a sound one.

    ``feed``: see :class:`CompiledEncoder`.

    Raises NotCompilable where an earlier try failed, ImportError without the runtime.
    """
    folder = data / FOLDER / fingerprint
    manifest = _read(folder / _MANIFEST)
    if manifest is None:
        return None
    if "refused" in manifest:
        raise NotCompilable(manifest["refused"])
    try:
        if any(hashes.sha256(folder / file) != digest for file, digest in manifest["sha256"].items()):
            return None
        network = openvino_runtime.Network(folder / _NETWORK)
        tokenizer = (folder / _TOKENIZER).read_text(encoding="utf-8")
        return CompiledEncoder(fingerprint, network, tokenizer, Description(**manifest["description"]), feed)
    except (KbError, OSError, ValueError, RuntimeError, LookupError, TypeError):
        return None


def make_form(data: Path, fingerprint: str, parts: Callable[[], Parts]) -> None:
    """Compare a form with its model, write it aside, then give it its name in one step.

    Makers may run at the same time and stop anywhere: a form is whole or not there. Raises NotCompilable, which is
    remembered, OSError, and what ``parts`` raises.
    """
    place = data / FOLDER / fingerprint
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place.parent)
    aside = place.with_name(f".{fingerprint[:16]}-{token_hex(4)}{_UNFINISHED}")
    aside.mkdir()
    try:
        try:
            made = parts()
            encoder = CompiledEncoder(fingerprint, made.network, made.tokenizer, made.description, made.feed)
            verify(encoder, made.reference)
        except NotCompilable as error:
            _write(aside / _MANIFEST, {"refused": str(error)})
            _put(aside, place)
            raise
        made.network.save(aside / _NETWORK)
        (aside / _TOKENIZER).write_text(made.tokenizer, encoding="utf-8")
        digests = {file: _sha256(aside / file) for file in (_NETWORK, _TOKENIZER)}
        _write(aside / _MANIFEST, {"description": asdict(made.description), "sha256": digests})
        _put(aside, place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def verify(encoder: CompiledEncoder, reference: Floats) -> None:
    """Raises NotCompilable when its vectors are too far from ``reference`` (see :class:`Parts`)."""
    mine = np.vstack([encoder.encode(SAMPLES), *(encoder.encode_query(text) for text in SAMPLES)])
    if mine.shape != reference.shape:
        raise NotCompilable(f"its vectors have another shape than the model's: {mine.shape}, not {reference.shape}")
    cosines = (mine * reference).sum(axis=1)
    mean, least = float(cosines.mean()), float(cosines.min())
    # Written so that a vector that is no number fails as well.
    if not (mean >= MEAN and least >= LEAST):
        raise NotCompilable(
            f"its vectors are too far from the model's (cosine {mean:.4f} on average, {least:.4f} at least;"
            f" wanted {MEAN} and {LEAST})"
        )


def _put(aside: Path, place: Path) -> None:
    """Give ``aside`` its name. What another maker put there in the meantime is as good; what is unsound makes room."""
    if _sound(place):
        return
    replaced = aside.with_name(f".{token_hex(8)}{_UNFINISHED}")
    with contextlib.suppress(FileNotFoundError):
        place.rename(replaced)
    try:
        aside.rename(place)
    except OSError:
        if not place.is_dir():
            raise
    shutil.rmtree(replaced, ignore_errors=True)


def _sound(folder: Path) -> bool:
    manifest = _read(folder / _MANIFEST) or {}
    digests = manifest.get("sha256", {})
    try:
        return bool(digests) and all(_sha256(folder / file) == digest for file, digest in digests.items())
    except OSError:
        return False


def _sweep(folder: Path) -> None:
    """Remove what interrupted makers left behind."""
    for left in folder.glob(f".*{_UNFINISHED}"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _write(path: Path, value: dict[str, Any]) -> None:
    value = {"format": FORMAT, "runtime": openvino_runtime.version(), **value}
    path.write_text(json.dumps({**value, "digest": _digest(value)}, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, Any] | None:
    """The manifest; None for one that is missing, of another format or runtime, or not as it was written."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        digest = value.pop("digest")
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return None
    if value.get("format") != FORMAT or digest != _digest(value) or value.get("runtime") != openvino_runtime.version():
        return None
    return dict(value)


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
