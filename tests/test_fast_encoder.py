"""Compiled models: as good as the models themselves, sound whatever happens to their files, and told where not."""

import hashlib
import json
import logging
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.backends import load_encoder
from kb.engines.encoders import model_files, openvino_runtime
from kb.engines.encoders.compiled import (
    FOLDER,
    LEAST,
    MEAN,
    SAMPLES,
    CompiledEncoder,
    Description,
    NotCompilable,
    Parts,
    make_form,
    open_form,
)
from kb.engines.encoders.encoder import SentenceTransformerEncoder
from kb.engines.encoders.fast_encoder import FastEncoder
from kb.engines.encoders.model_files import DEFAULT_MODEL, Hashes, ModelFiles, find_model
from kb.engines.encoders.openvino_runtime import Network
from kb.engines.encoders.static import StaticEncoder
from kb.types import Floats

WORDS = "how can we stop strangers from messaging children online at night".split()
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *(f"##{letter}" for letter in "abcdefghij"), "x"]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small transformer with random weights, prompts, pooling of the first token and a dense layer on top."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast  # type: ignore[attr-defined]

    folder = tmp_path_factory.mktemp("tiny")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY), encoding="utf-8")
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=256,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=32)
    model = SentenceTransformer(
        modules=[transformer, Pooling(128, pooling_mode="cls"), Dense(128, 96), Normalize()],
        prompts={"query": "how can ", "document": "we stop "},
    )
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="session")
def made(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the tiny model was compiled. Tests that change it take a copy."""
    data = tmp_path_factory.mktemp("made")
    assert isinstance(fast(tiny, data).chosen, CompiledEncoder)
    return data


@pytest.fixture
def data(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "data"))


def fast(model: Path, data: Path) -> FastEncoder:
    encoder = load_encoder(str(model), data)
    assert isinstance(encoder, FastEncoder)
    return encoder


def fingerprint(model: Path) -> str:
    return find_model(str(model)).fingerprint


def cosines(mine: Floats, theirs: Floats) -> Floats:
    return np.asarray((mine * theirs).sum(axis=1))


def test_a_compiled_model_gives_the_vectors_of_the_model(tiny: Path, made: Path) -> None:
    """Other texts than those it was verified with; prompts, pooling and what comes after it are the model's own."""
    mine, theirs = fast(tiny, made), load_encoder(str(tiny))
    texts = [" ".join(WORDS[start:stop]) for start in range(9) for stop in range(start, 10)] + ["x " * 300]
    found = mine.encode(texts)
    assert found.shape == (len(texts), 96)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-3)
    assert cosines(found, theirs.encode(texts)).mean() > MEAN
    assert cosines(found, theirs.encode(texts)).min() > LEAST
    assert mine.encode_query("stop strangers") @ theirs.encode_query("stop strangers") > LEAST
    assert (mine.dimension, mine.max_tokens) == (theirs.dimension, theirs.max_tokens) == (96, 30)
    assert mine.token_offsets("Stop, strangers!") == theirs.token_offsets("Stop, strangers!")
    assert mine.encode([]).shape == (0, 96)
    assert mine.fingerprint == theirs.fingerprint


def test_a_text_has_the_same_vector_alone_and_in_company_from_many_threads(tiny: Path, made: Path) -> None:
    encoder = fast(tiny, made)
    texts = [" ".join(WORDS[:count]) for count in range(len(WORDS))] * 3
    alone = np.vstack([encoder.encode([text]) for text in texts])
    assert encoder.encode(texts) == pytest.approx(alone, abs=1e-3)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(encoder.encode, [texts] * 4))
        queries = list(pool.map(encoder.encode_query, texts))
    for found in together:
        assert found == pytest.approx(alone, abs=1e-3)
    assert np.vstack(queries) == pytest.approx(np.vstack(list(map(encoder.encode_query, texts))), abs=1e-3)


def test_it_is_made_once(tiny: Path, made: Path) -> None:
    """A process that finds it imports neither torch nor transformers, and nothing that reports its use to anybody."""
    program = (
        "import sys; from pathlib import Path; from kb.backends import load_encoder\n"
        "load_encoder(sys.argv[1], Path(sys.argv[2])).encode_query('stop')\n"
        "print(sorted(name for name, module in sys.modules.items() if module is not None and name.partition('.')[0] in"
        " {'torch', 'transformers', 'sentence_transformers', 'openvino_telemetry'}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tiny), str(made)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


@pytest.mark.parametrize("file", ["network", "tokenizer.json", "form.json"])
@pytest.mark.parametrize("harm", ["altered", "cut off", "gone"])
def test_a_damaged_form_is_not_used(tiny: Path, data: Path, file: str, harm: str) -> None:
    path = data / FOLDER / fingerprint(tiny) / file
    content = path.read_bytes()
    path.unlink()
    if harm != "gone":
        middle = len(content) // 2
        path.write_bytes(
            content[:middle] + (bytes([content[middle] ^ 1]) + content[middle + 1 :]) * (harm == "altered")
        )
    assert open_form(data, fingerprint(tiny), Hashes(data)) is None


def test_a_damaged_form_is_made_anew(tiny: Path, data: Path, caplog: pytest.LogCaptureFixture) -> None:
    (data / FOLDER / fingerprint(tiny) / "network").write_bytes(b"damaged")
    assert isinstance(fast(tiny, data).chosen, CompiledEncoder)
    assert open_form(data, fingerprint(tiny), Hashes(data)) is not None
    assert not caplog.records


def copying(source: Path, turned: bool = False, before: Callable[[], None] = lambda: None) -> Callable[[], Parts]:
    """A maker that takes the parts of a form there is; ``turned``: with vectors that its network does not give."""

    def parts() -> Parts:
        before()
        about = json.loads((source / "form.json").read_text(encoding="utf-8"))["description"]
        network, description = Network(source / "network"), Description(**about)
        tokenizer = (source / "tokenizer.json").read_text(encoding="utf-8")
        encoder = CompiledEncoder("any", network, tokenizer, description)
        reference = np.vstack([encoder.encode(SAMPLES), *map(encoder.encode_query, SAMPLES)])
        return Parts(network, tokenizer, description, -reference if turned else reference)

    return parts


def test_what_does_not_agree_is_refused_and_remembered(
    tiny: Path, made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = fingerprint(tiny)
    with pytest.raises(NotCompilable, match=r"too far from the model's \(cosine -"):
        make_form(tmp_path, name, copying(made / FOLDER / name, turned=True))
    with pytest.raises(NotCompilable, match="too far"):
        open_form(tmp_path, name, Hashes(tmp_path))
    encoder = fast(tiny, tmp_path)
    assert isinstance(encoder.chosen, SentenceTransformerEncoder)
    assert encoder.encode_query("stop").shape == (96,)
    [record] = caplog.records
    assert (record.levelno, record.name.split(".")[0]) == (logging.WARNING, "kb")
    assert "run by sentence-transformers" in record.message
    assert "too far from the model's" in record.message
    assert "\n" not in record.message


def test_without_the_runtime_the_model_runs_all_the_same(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert isinstance(fast(tiny, tmp_path).chosen, SentenceTransformerEncoder)
    assert ["openvino" in record.message for record in caplog.records] == [True]


def test_a_form_for_another_processor_is_not_used_and_makes_room(
    tiny: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = fingerprint(tiny)
    make = copying(shutil.copytree(data / FOLDER / name, data / "parts"))
    monkeypatch.setattr(openvino_runtime, "_units", lambda: "others")
    assert open_form(data, name, Hashes()) is None
    make_form(data, name, make)
    assert open_form(data, name, Hashes()) is not None


@pytest.mark.parametrize("content", ["[]", "null", "{}", '{"digest": "x"}', '{"format": 1, "digest": "x"}', "\x00"])
def test_a_manifest_of_another_kind_is_no_form(tmp_path: Path, content: str) -> None:
    (tmp_path / FOLDER / "f").mkdir(parents=True)
    (tmp_path / FOLDER / "f" / "form.json").write_text(content, encoding="utf-8")
    assert open_form(tmp_path, "f", Hashes()) is None


def test_a_sound_manifest_of_an_earlier_format_is_no_form(tmp_path: Path) -> None:
    """A digest that is right says that it is whole, not that it says what is needed."""
    written = {"format": 1, "description": {}}
    digest = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()
    (tmp_path / FOLDER / "f").mkdir(parents=True)
    (tmp_path / FOLDER / "f" / "form.json").write_text(json.dumps({**written, "digest": digest}), encoding="utf-8")
    assert open_form(tmp_path, "f", Hashes()) is None


def test_makers_at_the_same_time_leave_one_sound_form(tiny: Path, made: Path, tmp_path: Path) -> None:
    name = fingerprint(tiny)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: make_form(tmp_path, name, copying(made / FOLDER / name)), range(6)))
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [name]
    assert open_form(tmp_path, name, Hashes()) is not None


def _make_and_die(data: Path, name: str, source: Path, step: str) -> None:
    """A maker whose process ends at a step, as by a power cut."""

    def end() -> None:
        os._exit(9)

    if step == "before the name":
        Path.rename = lambda self, target: end()  # type: ignore[method-assign, assignment, return-value]
    make_form(data, name, copying(source, before=end if step == "while it is made" else lambda: None))


@pytest.mark.parametrize("step", ["while it is made", "before the name"])
def test_a_maker_that_dies_leaves_nothing_that_is_used(tiny: Path, made: Path, tmp_path: Path, step: str) -> None:
    name, source = fingerprint(tiny), made / FOLDER / fingerprint(tiny)
    process = multiprocessing.get_context("spawn").Process(
        target=_make_and_die, args=(tmp_path, name, source, step), daemon=True
    )
    process.start()
    process.join(60)
    assert process.exitcode == 9
    assert open_form(tmp_path, name, Hashes()) is None
    [left] = (tmp_path / FOLDER).iterdir()
    os.utime(left, (0, 0))
    make_form(tmp_path, name, copying(source))
    assert [path.name for path in (tmp_path / FOLDER).iterdir()] == [name]
    assert open_form(tmp_path, name, Hashes()) is not None


def test_a_table_of_vectors_is_read_as_it_is(tmp_path: Path) -> None:
    """StaticEmbedding: the mean of the vectors of the tokens, worked out by hand."""
    from safetensors.numpy import save_file

    vocabulary = {"[UNK]": 0, "stop": 1, "strangers": 2, "online": 3}
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    save_file(
        {"embedding.weight": np.array([[0, 0], [3, 0], [0, 4], [1, 1]], np.float16)}, tmp_path / "model.safetensors"
    )
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}
    (tmp_path / "modules.json").write_text(json.dumps([module]), encoding="utf-8")
    encoder = fast(tmp_path, tmp_path / "data")
    assert isinstance(encoder.chosen, StaticEncoder)
    assert encoder.encode_query("Stop strangers") == pytest.approx([0.6, 0.8])
    assert encoder.encode(["online", "", "stop"]) == pytest.approx(np.array([[0.5**0.5, 0.5**0.5], [0, 0], [1, 0]]))
    assert encoder.token_offsets("Stop  online") == [(0, 4), (6, 12)]
    assert encoder.encode([]).shape == (0, encoder.dimension) == (0, 2)


def test_the_default_model_compiled_is_the_published_one(compiled_default: Path) -> None:
    encoder = load_encoder(DEFAULT_MODEL, compiled_default)
    first, second = encoder.encode(["The weather is lovely today.", "It's so sunny outside!"])
    assert first @ second == pytest.approx(0.6660, abs=0.02)


# --- remembered hashes ------------------------------------------------------------------------------------------


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A file that says "one"."""
    path = tmp_path / "file"
    path.write_text("one")
    return path


#: printf one | sha256sum; printf two | sha256sum
ONE = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
TWO = "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"


def test_a_hash_is_remembered_until_the_file_changes(
    one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Hashes(tmp_path).sha256(one) == ONE
    assert not (tmp_path / "hashes.json").exists(), "a file that may still be changing is not remembered"
    monkeypatch.setattr(model_files, "_SETTLED", -1.0)
    assert Hashes(tmp_path).sha256(one) == ONE
    known = json.loads((tmp_path / "hashes.json").read_text())
    assert known[str(one)][-1] == ONE
    known[str(one)][-1] = "from memory"
    (tmp_path / "hashes.json").write_text(json.dumps(known))
    assert Hashes(tmp_path).sha256(one) == "from memory"
    times = one.stat()
    one.write_text("two")
    os.utime(one, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Hashes(tmp_path).sha256(one) == TWO


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "\x00"])
def test_what_is_remembered_may_be_nonsense(one: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "hashes.json").write_text(content)
    assert Hashes(tmp_path).sha256(one).startswith("7692c3ad")


def test_models_are_known_by_folder_and_by_hub_name_alike(tiny: Path, tmp_path: Path) -> None:
    assert (
        find_model(str(tiny), Hashes(tmp_path))
        == find_model(str(tiny))
        == ModelFiles(str(tiny), tiny, fingerprint(tiny))
    )
