"""A student with the layers of its teacher: pieces in four bits, layers as transformers computes them."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from kb.engines.encoders import layered
from kb.engines.encoders.compiled import NotCompilable
from kb.engines.encoders.layered import CONFIG, SCALE, TABLE, PlainLayered, open_stored
from kb.engines.encoders.model_files import Hashes
from kb.engines.encoders.pieces import TOKENIZER, WEIGHTS, Table
from kb.engines.encoders.student import Student, student_files
from kb.errors import ModelError
from kb.types import Floats
from tests.conftest import in_bytes

WORDS = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "hund": 4, "katze": 5, "maus": 6}
TEXTS = ["hund", "hund katze maus hund", "", "wal", "maus katze"]
DIMENSION, TOKENS = 64, 16


def small_bert() -> BertModel:
    """Of chance, with a spread at which attention and its function matter."""
    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=DIMENSION,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=TOKENS,
        initializer_range=0.3,
        layer_norm_eps=1e-12,
    )
    bert = BertModel(config, add_pooling_layer=False)
    bert.train(False)
    return bert


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student as it is shipped: matrices as whole numbers, with a scale for each row; the table in half a byte."""
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(tmp_path / TOKENIZER))
    weights: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {}
    for name, value in small_bert().state_dict().items():
        numbers = value.numpy()
        if name.endswith("word_embeddings.weight"):
            whole = np.rint(numbers / 0.125).clip(-7, 7).astype(np.int64)
            weights[TABLE], weights[TABLE + SCALE] = in_bytes(whole), np.full((len(WORDS), 2), 0.125, dtype=np.float16)
        elif numbers.ndim == 2:
            scale = (np.abs(numbers).max(axis=1) / 127).astype(np.float16)
            weights[name] = np.rint(numbers / scale[:, None].astype(np.float32)).clip(-127, 127).astype(np.int8)
            weights[name + SCALE] = scale
        elif numbers.ndim == 1 and numbers.dtype == np.float32:
            weights[name] = numbers.astype(np.float16)
    save_file(weights, tmp_path / WEIGHTS)
    (tmp_path / CONFIG).write_text(json.dumps({"num_attention_heads": 4, "max_position_embeddings": TOKENS}))
    return tmp_path


def student_of(folder: Path, data: Path) -> Student:
    return Student(student_files(Hashes(), folder), data, Hashes())


def by_transformers(folder: Path) -> Floats:
    """:data:`TEXTS` as the library transformers reads them with the weights that are stored, each by itself."""
    stored = load_file(folder / WEIGHTS)
    bert, table = small_bert(), stored.pop(TABLE)
    whole = np.empty((len(WORDS), DIMENSION), dtype=np.float32)
    whole[:, 0::2], whole[:, 1::2] = table & 15, table >> 4
    weights = {"embeddings.word_embeddings.weight": (whole - 8) * 0.125}
    for name, value in stored.items():
        if not name.endswith(SCALE):
            scale = stored.get(name + SCALE)
            weights[name] = value.astype(np.float32) * (1 if scale is None else scale.astype(np.float32)[:, None])
    bert.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=False)
    rows = [[2, *(WORDS.get(word, 1) for word in text.split()), 3] for text in TEXTS]
    with torch.no_grad():
        means = [bert(torch.tensor([row])).last_hidden_state[0].mean(0).numpy() for row in rows]
    return np.array([mean / np.linalg.norm(mean) for mean in means], dtype=np.float32)


def test_rows_are_read_out_of_half_bytes() -> None:
    """[1, -7, 0, 5] in two groups of scales 2 and 0.5, as -7 to 7 are stored as 1 to 15."""
    table = Table(np.array([[9 + 16 * 1, 8 + 16 * 13]], dtype=np.uint8), np.array([[2, 0.5]], dtype=np.float16))
    assert table.rows(np.array([[0], [0]])).tolist() == [[[2, -14, 0, 2.5]]] * 2


def test_numpy_reads_as_transformers_does(folder: Path) -> None:
    found = PlainLayered("", open_stored(folder)).encode(TEXTS)
    np.testing.assert_allclose(found, by_transformers(folder), atol=2e-5)


def test_compiled_student_reads_as_transformers_does_whatever_lies_beside_a_text(folder: Path, tmp_path: Path) -> None:
    """As near as whole numbers allow; a second one opens what the first made."""
    for _ in range(2):
        student = student_of(folder, tmp_path / "data")
        assert type(student.chosen).__name__ == "CompiledEncoder"
        wanted = by_transformers(folder)
        assert (student.encode(TEXTS) * wanted).sum(axis=1).min() > 0.98
        assert (student.encode_query(TEXTS[1]) * wanted[1]).sum() > 0.98
    assert len([path for path in (tmp_path / "data" / "models").iterdir() if path.is_dir()]) == 1
    assert student.max_tokens == TOKENS - 2
    assert student.encode([]).shape == (0, DIMENSION)


def test_student_that_cannot_be_compiled_is_run_by_numpy(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> object:
        raise NotCompilable("this processor is too old")

    monkeypatch.setattr(layered, "_compiled", refused)
    with caplog.at_level(logging.WARNING):
        student = student_of(folder, tmp_path / "data")
        np.testing.assert_allclose(student.encode(TEXTS), by_transformers(folder), atol=2e-5)
    assert [record.getMessage() for record in caplog.records] == [
        f"kb: {folder.name} is run by numpy, which is slower: not compiled, as this processor is too old"
    ]


@pytest.mark.parametrize("file", [WEIGHTS, TOKENIZER, CONFIG])
@pytest.mark.parametrize("content", [b"{", b"[]", b""])
def test_damaged_student_is_told(folder: Path, tmp_path: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    with pytest.raises(ModelError, match="install the project again"):
        student_of(folder, tmp_path / "data").encode(["hund"])


def test_student_of_which_a_tensor_is_missing_is_told(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    del weights["encoder.layer.1.output.dense.bias"]
    save_file(weights, folder / WEIGHTS)
    with pytest.raises(ModelError, match="install the project again"):
        student_of(folder, tmp_path / "data").encode(["hund"])


def test_missing_student_is_told(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        student_files(Hashes(), folder)
