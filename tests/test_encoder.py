"""The real model: its files, its space, and what happens when it is not what it should be."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from kb.backends import load_encoder
from kb.engines.encoders import model_files
from kb.engines.encoders.model_files import DEFAULT_MODEL, find_model
from kb.errors import ModelError
from kb.types import Encoder


@pytest.fixture(scope="session")
def model() -> Encoder:
    return load_encoder(DEFAULT_MODEL)


def test_vectors_are_of_unit_length_and_near_in_meaning(model: Encoder) -> None:
    texts = ["A helpline for bullied children", "Phone support for young people who are harassed", "Tomato soup"]
    vectors = model.encode(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, model.dimension) == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.4 > 0.2 > vectors[0] @ vectors[2]


def test_a_text_has_the_same_vector_alone_and_in_company(model: Encoder) -> None:
    together = model.encode(["short", "a much longer text " * 40])
    assert together[0] @ model.encode(["short"])[0] == pytest.approx(1, abs=1e-5)
    assert together[0] @ model.encode_query("short") == pytest.approx(1, abs=1e-5)
    assert model.encode([]).shape[0] == 0


def test_the_vectors_are_those_of_the_published_model(model: Encoder) -> None:
    """The cosine of this pair stands in the model's published examples of sentence-transformers."""
    first, second, third = model.encode(
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    )
    assert first @ second == pytest.approx(0.6660, abs=2e-3)
    assert first @ third == pytest.approx(0.1046, abs=2e-3)
    assert second @ third == pytest.approx(0.1411, abs=2e-3)


def test_tokens_are_the_models_own(model: Encoder) -> None:
    text = "Cyberbullying, naïve"
    assert [text[a:b].lower() for a, b in model.token_offsets(text)] == ["cyber", "bu", "lly", "ing", ",", "naïve"]
    assert model.max_tokens == 254


def copy_of_default(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_model(DEFAULT_MODEL).folder, tmp_path / "model"))


def test_a_folder_is_a_model_too_and_its_files_are_its_fingerprint(tmp_path: Path) -> None:
    folder = copy_of_default(tmp_path)
    found = find_model(str(folder))
    assert found.fingerprint == find_model(DEFAULT_MODEL).fingerprint
    (folder / "README.md").write_text("not read")
    assert find_model(str(folder)).fingerprint == found.fingerprint
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 128, "do_lower_case": false}')
    assert find_model(str(folder)).fingerprint != found.fingerprint


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "1_Pooling/config.json"])
def test_an_altered_packaged_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    folder = copy_of_default(tmp_path)
    with (folder / file).open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\x00")
    monkeypatch.setattr(model_files, "_packaged_folder", lambda: folder)
    with pytest.raises(ModelError, match="SHA-256"):
        find_model(DEFAULT_MODEL)


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model weights"):
        find_model(str(tmp_path))


def test_a_broken_model_is_told(tmp_path: Path) -> None:
    folder = copy_of_default(tmp_path)
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(folder)).encode(["x"])


def test_a_name_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="neither a folder here nor to be had from the hub"):
        find_model("nobody/no-such-model")
