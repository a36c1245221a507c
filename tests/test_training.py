"""The training of the student, each step on a little data whose result can be told beforehand."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sparse
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from kb.engines.encoders.model_files import Hashes
from kb.engines.encoders.student import Student, student_files
from training import bag, bert, distilling
from training.alignment import glosses
from training.bag import Bag, new_bag, teach
from training.distilling import distil, encode_with
from training.export import export_bag, export_transformer, load_transformer, table_of, unpack
from training.feeding import Names, as_rows, flat, halves
from training.lessons import Lessons
from training.loss import similarity_loss
from training.pairs import Pair, evaluation_texts, fingerprint, read_pairs, weights
from training.quantisation import GROUP, four_bits, in_eight_bits, in_four_bits, packed
from training.row_adam import RowAdam
from training.scoring import encode_bag
from training.teacher import Teacher
from training.texts import MAX_TOKENS, Texts, numbers
from training.tokenizer import SPECIAL, train_tokenizer
from training.transformer import Transformer, new_transformer

_CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Several wait for each other at every small product, on a busy machine for a hundred times as long."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(usual)


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
    rows, scale = in_eight_bits(table)
    assert rows.dtype == torch.int8
    assert ((rows.float() * scale.float()[:, None] - table).abs() <= 0.501 * scale.float()[:, None]).all()


def test_four_bits_are_what_is_shipped_and_pass_the_gradient_on() -> None:
    """7 is a group's largest number: 0.7 makes steps of 0.1, of which 0.33 is three."""
    row = torch.zeros(1, 2 * GROUP)
    row[0, :3], row[0, GROUP] = torch.tensor([0.7, -0.33, 0.04]), 2.1
    whole, scale = in_four_bits(row)
    assert whole[0, :3].tolist() == [7, -3, 0]
    assert scale.tolist() == [[pytest.approx(0.1, rel=1e-3), pytest.approx(0.3, rel=1e-3)]]
    np.testing.assert_allclose(table_of(packed(whole).numpy(), scale.numpy()), four_bits(row), atol=1e-6)
    row.requires_grad_()
    four_bits(row).sum().backward()  # type: ignore[no-untyped-call]
    assert row.grad is not None
    assert (row.grad == 1).all()


def small_teacher(vocabulary: int = 40) -> Teacher:
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    teacher = Teacher(BertModel(config, add_pooling_layer=False))
    teacher.eval()
    return teacher


def small_student() -> tuple[Transformer, Tokenizer]:
    pairs = [Pair("de", "x", "sentence", "der hund jagt die katze", "the dog chases the cat")] * 5
    tokenizer = train_tokenizer(pairs, vocabulary=60)
    wanted = sparse.random(tokenizer.get_vocab_size(), 40, density=0.2, format="csr", random_state=1)
    return new_transformer(small_teacher(), wanted), tokenizer


def test_layers_compute_what_transformers_does() -> None:
    teacher = small_teacher()
    ids = torch.tensor([[2, 5, 9, 3], [2, 7, 3, 0]])
    mask = ids != 0
    weights = dict(teacher.bert.named_parameters())
    words = torch.nn.functional.embedding(ids, weights["embeddings.word_embeddings.weight"])
    ours = bert.vectors(words, mask, weights, heads=2)
    np.testing.assert_allclose(ours.detach(), teacher(ids, mask).detach(), atol=1e-6)


def test_glosses_are_the_english_pieces_that_a_piece_stands_beside() -> None:
    """Two pairs, "hund" with "dog" and "katze" with "cat", and one in which both stand: each has its own the most."""

    def texts(*rows: list[int]) -> Texts:
        return Texts(np.concatenate(rows).astype(np.int32), np.cumsum([0, *map(len, rows)]))

    lessons = Lessons(
        foreign=texts([0], [1], [0, 1]),
        place=np.arange(3),
        english=texts([2], [3], [2, 3]),
        teacher=texts([4], [5], [4, 5]),
        weights=np.ones(3),
    )
    found = glosses(lessons, (4, 6)).toarray()
    assert found.sum(axis=1) == pytest.approx(1)
    # Of three pairs each word is in two: the cosine to its own is 1, to the other 1/2, and the third power of that 1/8.
    np.testing.assert_allclose(found[0, [4, 5]], [8 / 9, 1 / 9], atol=1e-6)
    np.testing.assert_allclose(found[3, [4, 5]], [1 / 9, 8 / 9], atol=1e-6)


def test_loss_is_nothing_for_a_student_that_is_the_teacher() -> None:
    target = torch.nn.functional.normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    others = torch.nn.functional.normalize(torch.randn(4, 5, generator=torch.Generator().manual_seed(1)), dim=1)
    assert similarity_loss(target, target, others).item() == pytest.approx(0, abs=1e-5)
    assert similarity_loss(-target, target, others).item() > 2  # a cosine of -1 alone counts 2


def test_a_piece_is_cut_into_pieces_that_make_it_up() -> None:
    tokenizer = train_tokenizer([Pair("de", "x", "ui", "hundehalter hunde halter", "dog owner")] * 9, vocabulary=200)
    name = tokenizer.id_to_token
    for number, (first, last) in enumerate(halves(tokenizer).tolist()):
        if first >= 0:
            assert str(name(first)) + str(name(last)).removeprefix("##") == str(name(number))
    assert (halves(tokenizer) >= 0).any()


def test_rows_hold_their_texts_between_the_special_tokens() -> None:
    names = Names(pad=0, cls=2, sep=3, mask=4)
    texts = Texts(np.array([7, 8, 9, 10], dtype=np.int32), np.array([0, 1, 4]))
    rows = as_rows(*flat(texts, np.array([[1, 0], [0, -1]])), 2, names)
    assert rows.ids.tolist() == [[2, 8, 9, 10, 7, 3], [2, 7, 3, 0, 0, 0]]
    assert rows.lengths.tolist() == [6, 3]
    long = Texts(np.full(MAX_TOKENS, 5, dtype=np.int32), np.array([0, MAX_TOKENS]))
    assert as_rows(*flat(long, np.array([[0]])), 1, names).ids.shape == (1, MAX_TOKENS)


def test_student_learns_what_its_teacher_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """From glosses of chance, in 19 steps: the vector of a text comes near to the teacher's of its English."""
    seconds = itertools.count(step=3)
    monkeypatch.setattr(distilling, "time", SimpleNamespace(monotonic=lambda: next(seconds)))  # three a step
    monkeypatch.setattr(distilling, "OTHERS", 64)
    student, tokenizer = small_student()
    teacher = small_teacher()
    english = Texts(np.array([5, 6, 7, 8], dtype=np.int32), np.array([0, 2, 4]))
    foreign = numbers(tokenizer, ["der hund jagt", "die katze"])
    known = np.zeros((2, 32), dtype=np.float16)
    for row in range(2):
        ids = torch.tensor([[2, *english[row].tolist(), 3]])
        known[row] = teacher(ids, torch.ones_like(ids, dtype=torch.bool)).detach().numpy()[0]
    lessons = Lessons(foreign, np.arange(2), foreign, english, np.ones(2))
    before = encode_with(student, tokenizer, ["der hund jagt", "die katze"])
    tokenizers = (tokenizer, tokenizer)  # their special tokens are the same
    steps = distil(student, teacher, known, lessons, tokenizers, minutes=1, rate=0.01, tokens=60, seed=0, device=_CPU)
    after = encode_with(student, tokenizer, ["der hund jagt", "die katze"])
    assert steps == 19  # in the twentieth the minute is up
    assert (after * known).sum() > (before * known).sum() + 0.2


def test_bag_learns_what_its_teacher_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 19 steps of two texts each comes nearer to the vector of its English."""
    seconds = itertools.count(step=3)
    monkeypatch.setattr(bag, "time", SimpleNamespace(monotonic=lambda: next(seconds)))  # three a step
    monkeypatch.setattr(bag, "BATCH", 16)
    texts = ["der hund jagt", "die katze"]
    _, tokenizer = small_student()
    known = torch.nn.functional.normalize(torch.randn(2, 32, generator=torch.Generator().manual_seed(5)), dim=1).numpy()
    foreign = numbers(tokenizer, texts)
    lessons = Lessons(foreign, np.arange(2), foreign, foreign, np.ones(2))
    size = tokenizer.get_vocab_size()
    wanted = sparse.random(size, size, density=0.2, format="csr", random_state=1)
    made = new_bag(wanted, lessons, small_teacher(size), tokenizer, hidden=64)
    before = encode_bag(made, tokenizer, texts)
    assert teach(made, lessons, tokenizer, known.astype(np.float16), minutes=1, rate=0.01, seed=0) == 19
    assert (encode_bag(made, tokenizer, texts) * known).sum() > (before * known).sum() + 0.2


def test_rows_are_changed_as_adam_changes_a_whole_table() -> None:
    """torch's Adam on a table of two rows, of which both are read in each step, is the same."""
    ours, theirs = torch.ones(2, 3), torch.nn.Parameter(torch.ones(2, 3))
    by_row, adam = RowAdam(ours), torch.optim.Adam([theirs], lr=0.1, betas=(0.9, 0.98))
    for number in range(5):
        gradient = torch.randn(2, 3, generator=torch.Generator().manual_seed(number))
        rows = ours[[1, 0]].requires_grad_()
        rows.grad, theirs.grad = gradient[[1, 0]], gradient
        by_row.step(torch.tensor([1, 0]), rows, rate=0.1)
        adam.step()
    np.testing.assert_allclose(ours, theirs.detach(), atol=1e-6)


def test_new_network_gives_back_what_it_gets() -> None:
    """silu(x) - silu(-x) = x, for the part of it that is not chance."""
    torch.manual_seed(0)
    made = Bag(torch.eye(GROUP), hidden=2 * GROUP)
    found = made(torch.tensor([0, 1, 1]), torch.tensor([0, 1]))
    np.testing.assert_allclose(found.detach(), torch.eye(GROUP)[:2], atol=1e-6)


def test_written_bag_reads_as_the_one_that_was_taught(tmp_path: Path) -> None:
    """Our way and that of sentence-transformers give the vectors of the bag, as far as eight bits allow."""
    from sentence_transformers import SentenceTransformer

    pairs = [Pair("de", "x", "sentence", "der hund jagt die katze", "the dog chases the cat")] * 5
    tokenizer = train_tokenizer(pairs, vocabulary=60)
    torch.manual_seed(1)
    made = Bag(torch.randn(tokenizer.get_vocab_size(), 32), hidden=96)
    export_bag(made, tokenizer, tmp_path / "student", {"note": 1})
    unpack(tmp_path / "student", tmp_path / "unpacked")
    texts = ["der hund", "the cat chases", "katze"]
    wanted = encode_bag(made, tokenizer, texts)
    ours = Student(student_files(Hashes(), tmp_path / "student")).encode(texts)
    theirs = SentenceTransformer(str(tmp_path / "unpacked"), device="cpu").encode(texts)
    np.testing.assert_allclose((ours * wanted).sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_written_transformer_reads_as_the_one_that_was_taught(tmp_path: Path) -> None:
    """As it is read again, and as sentence-transformers runs it: the vectors stay, as far as the bits allow."""
    from sentence_transformers import SentenceTransformer

    student, tokenizer = small_student()
    export_transformer(student, tokenizer, tmp_path / "student", {"note": 1})
    unpack(tmp_path / "student", tmp_path / "unpacked")
    texts = ["der hund", "the cat chases", "katze"]
    wanted = encode_with(student, tokenizer, texts)
    again = encode_with(load_transformer(tmp_path / "student"), tokenizer, texts)
    theirs = SentenceTransformer(str(tmp_path / "unpacked"), device="cpu").encode(texts)
    np.testing.assert_allclose((again * wanted).sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(theirs, again, atol=1e-4)


def test_vocabulary_begins_with_the_special_tokens() -> None:
    tokenizer = train_tokenizer([Pair("de", "x", "ui", "Öffnen Sie!", "Open it!")] * 9, vocabulary=60)
    assert [tokenizer.id_to_token(number) for number in range(5)] == list(SPECIAL)
    assert (
        tokenizer.encode("ÖFFNEN", add_special_tokens=False).ids
        == tokenizer.encode("offnen", add_special_tokens=False).ids
    )
