"""The training of the student, each step on a little data whose result can be told beforehand."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch

from training.bag import Bag, similarity_loss
from training.export import export_bag, quantised, unpack
from training.pairs import Pair, evaluation_texts, fingerprint, read_pairs, weights
from training.scoring import encode_bag
from training.tokenizer import SPECIAL, train_tokenizer

LINES = "Guten Morgen allerseits\tGood morning everybody\tsentence\nHund\tdog\tterm\n"


def test_pairs_are_read_from_plain_and_packed_files(tmp_path: Path) -> None:
    (tmp_path / "a.de-en.tsv").write_text(LINES, encoding="utf-8")
    with gzip.open(tmp_path / "b.c.fr-en.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("Bonjour\tHello\tui\n")
    assert list(read_pairs(tmp_path)) == [
        Pair("de", "a", "sentence", "Guten Morgen allerseits", "Good morning everybody"),
        Pair("de", "a", "term", "Hund", "dog"),
        Pair("fr", "b.c", "ui", "Bonjour", "Hello"),
    ]


@pytest.mark.parametrize("line", ["only foreign\n", "a\tb\tpoem\n", "a\tb\tui\tmore\n"])
def test_malformed_line_is_told_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.de-en.tsv").write_text(LINES + line, encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.de-en\.tsv:3: "):
        list(read_pairs(tmp_path))


def test_folder_without_pairs_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--data"):
        list(read_pairs(tmp_path))


def test_evaluation_text_is_kept_out_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "eval").mkdir()
    (tmp_path / "eval" / "queries.de.jsonl").write_text('{"_id": "1", "text": "GUTEN MORGEN, allerseits!"}\n')
    (tmp_path / "a.de-en.tsv").write_text(LINES, encoding="utf-8")
    kept = read_pairs(tmp_path, exclude=evaluation_texts(tmp_path / "eval"))
    assert [pair.english for pair in kept] == ["dog"]


def test_fingerprint_knows_a_text_by_its_letters() -> None:
    assert fingerprint("Café - noir") == fingerprint("cafe noir")
    assert fingerprint("cafe noir") != fingerprint("cafe noire")


def test_kinds_and_sources_weigh_as_the_tables_say() -> None:
    """One language, so that the balance is the same for all: 1.0, 0.7, and 0.2 * 0.2; their mean is 1."""
    kinds = (("sentence", "a"), ("ui", "a"), ("term", "eforms"))
    pairs = [Pair("de", source, kind, "x", "y") for kind, source in kinds]
    assert weights(pairs) == pytest.approx([3 * w / 1.74 for w in (1.0, 0.7, 0.04)])


def test_rows_in_eight_bits_are_off_by_half_a_step_at_most() -> None:
    table = torch.randn(50, 16, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 1, 50)[:, None]
    rows, scale = quantised(table)
    assert rows.dtype == torch.int8
    assert ((rows.float() * scale.float()[:, None] - table).abs() <= 0.501 * scale.float()[:, None]).all()


def test_new_network_gives_back_what_it_gets() -> None:
    """silu(x) - silu(-x) = x, for the part of it that is not chance."""
    torch.manual_seed(0)
    bag = Bag(torch.eye(4), hidden=8)
    found = bag(torch.tensor([0, 1, 1]), torch.tensor([0, 1]))
    np.testing.assert_allclose(found.detach(), [[1, 0, 0, 0], [0, 1, 0, 0]], atol=1e-6)


def test_loss_is_nothing_for_a_student_that_is_the_teacher() -> None:
    target = torch.nn.functional.normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    assert similarity_loss(target, target).item() == pytest.approx(0, abs=1e-5)
    assert similarity_loss(-target, target).item() > 2  # a cosine of -1 alone counts 2


def test_written_student_reads_as_the_one_that_was_taught(tmp_path: Path) -> None:
    """Our way and that of sentence-transformers give the vectors of the bag, as far as eight bits allow."""
    from sentence_transformers import SentenceTransformer

    from kb.engines.model_files import Hashes
    from kb.engines.student import Student, student_files

    pairs = [Pair("de", "x", "sentence", "der hund jagt die katze", "the dog chases the cat")] * 5
    tokenizer = train_tokenizer(pairs, vocabulary=60)
    torch.manual_seed(1)
    bag = Bag(torch.randn(tokenizer.get_vocab_size(), 8), hidden=24)
    export_bag(bag, tokenizer, tmp_path / "student", {"note": 1})
    unpack(tmp_path / "student", tmp_path / "unpacked")
    texts = ["der hund", "the cat chases", "katze"]
    wanted = encode_bag(bag, tokenizer, texts)
    ours = Student(student_files(Hashes(), tmp_path / "student")).encode(texts)
    theirs = SentenceTransformer(str(tmp_path / "unpacked"), device="cpu").encode(texts)
    np.testing.assert_allclose((ours * wanted).sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_vocabulary_begins_with_the_special_tokens() -> None:
    tokenizer = train_tokenizer([Pair("de", "x", "ui", "Öffnen Sie!", "Open it!")] * 9, vocabulary=60)
    assert [tokenizer.id_to_token(number) for number in range(5)] == list(SPECIAL)
    assert (
        tokenizer.encode("ÖFFNEN", add_special_tokens=False).ids
        == tokenizer.encode("offnen", add_special_tokens=False).ids
    )
