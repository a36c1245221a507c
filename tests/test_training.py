"""The training of the student, each step on a little data whose result can be told beforehand."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator, Sequence
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
from kb.types import Floats
from training import bag, bert, distilling
from training.__main__ import _options, _prepared
from training.alignment import glosses
from training.bag import Bag, new_bag, teach
from training.distilling import Pace, distil, encode_with
from training.export import export_bag, export_transformer, load_transformer, table_of, unpack
from training.feeding import Feed, halves
from training.lessons import Lessons
from training.loss import similarity_loss
from training.packing import Names, flat, pack
from training.pairs import (
    HELD_OUT,
    LAST_SOURCES,
    Pair,
    evaluation_texts,
    fingerprint,
    follows,
    held_out,
    read_pairs,
    weights,
)
from training.prepared import Prepared, load, save
from training.quantisation import GROUP, four_bits, in_eight_bits, in_four_bits, packed
from training.row_adam import RowAdam
from training.scoring import encode_bag, score
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


def test_what_is_held_out_is_the_same_english_in_every_language(tmp_path: Path) -> None:
    """About a fifth of one source; of a folder without it nothing."""
    assert held_out(tmp_path) == ()
    for language in ("de", "mt"):
        lines = "".join(f"{language} {number}\tsentence {number}\tsentence\n" for number in range(200))
        (tmp_path / f"{HELD_OUT}.{language}-en.tsv").write_text(lines, encoding="utf-8")
    (tmp_path / "other.de-en.tsv").write_text(LINES, encoding="utf-8")
    held = held_out(tmp_path)
    english = [[pair.english for pair in held if pair.language == language] for language in ("de", "mt")]
    assert english[0] == english[1]
    assert 20 < len(english[0]) < 60
    assert {pair.source for pair in held} == {HELD_OUT}


def test_nothing_is_learned_from_what_is_held_out(tmp_path: Path) -> None:
    """In no language and from no source; and the pairs that are held out are judged by."""
    lines = "".join(f"satz {number}\tsentence {number}\tsentence\n" for number in range(60))
    for name in (HELD_OUT, "other"):
        (tmp_path / f"{name}.de-en.tsv").write_text(lines, encoding="utf-8")
    options = _options(["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--vocabulary", "90"])
    prepared = _prepared(options, lambda text: None)
    held = [pair.english for pair in prepared.held]
    assert 3 < len(held) < 30
    assert set(prepared.english) == {f"sentence {number}" for number in range(60)} - {*held}
    assert len(prepared.last) == 2 * (60 - len(held))
    vectors = {f"{word} {n}": np.eye(60, dtype=np.float32)[n] for word in ("satz", "sentence") for n in range(60)}

    def read(texts: Sequence[str]) -> Floats:
        return np.stack([vectors[text] for text in texts])

    scores = score(read, read, None, prepared.held)
    assert scores == {"held out de": {"to English": 1.0, "back": 1.0, "cosine": 1.0}}


def test_fingerprint_knows_a_text_by_its_letters() -> None:
    assert fingerprint("Café - noir") == fingerprint("cafe noir")
    assert fingerprint("cafe noir") != fingerprint("cafe noire")


def test_kinds_and_sources_weigh_as_the_tables_say() -> None:
    """One language, so that the balance is the same for all: 1.0, 0.7, and 0.4 * 0.2; their mean is 1."""
    kinds = (("sentence", "a"), ("ui", "a"), ("term", "eforms"))
    pairs = [Pair("de", source, kind, "x", "y") for kind, source in kinds]
    assert weights(pairs) == pytest.approx([3 * w / 1.78 for w in (1.0, 0.7, 0.08)])


def test_everyday_sentences_are_met_more_at_the_end() -> None:
    """2.5 and 0.4 where both were 1 (their mean is 1.45)."""
    pairs = [Pair("de", source, "sentence", "x", "y") for source in ("opus-tatoeba", "wesnoth")]
    assert weights(pairs) == [1.0, 1.0]
    assert weights(pairs, LAST_SOURCES) == pytest.approx([2.5 / 1.45, 0.4 / 1.45])


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
    teacher = small_teacher()
    return new_transformer(teacher.weights(), wanted, heads=teacher.heads), tokenizer


def test_layers_compute_what_transformers_does() -> None:
    """Two texts in one row, which do not see each other, and one in another."""
    teacher = small_teacher()
    ids = torch.tensor([[2, 5, 9, 3], [2, 7, 3, 0], [2, 11, 3, 0]])
    weights = teacher.weights()
    read = torch.tensor([[2, 5, 9, 3, 2, 7, 3], [2, 11, 3, 0, 0, 0, 0]])
    text = torch.tensor([[0, 0, 0, 0, 1, 1, 1], [2, 2, 2, -1, -1, -1, -1]])
    place = torch.tensor([[0, 1, 2, 3, 0, 1, 2], [0, 1, 2, 0, 0, 0, 0]])
    words = torch.nn.functional.embedding(read, weights["embeddings.word_embeddings.weight"])
    ours = bert.pooled(bert.states(words, text, place, weights, heads=teacher.heads), text, 3)
    np.testing.assert_allclose(ours, teacher(ids, ids != 0).detach(), atol=1e-6)


def test_glosses_are_the_english_pieces_that_a_piece_stands_beside() -> None:
    """Two pairs, "hund" with "dog" and "katze" with "cat", and one in which both stand: each has its own the most."""

    def texts(*rows: list[int]) -> Texts:
        return Texts(np.concatenate(rows).astype(np.int32), np.cumsum([0, *map(len, rows)]))

    lessons = Lessons(
        foreign=texts([0], [1], [1, 0, 1]),
        place=np.arange(3),
        english=texts([2], [3], [2, 3]),
        teacher=texts([4], [5], [4, 5]),
        weights=np.ones(3),
        follows=np.zeros(3, dtype=np.bool_),
    )
    before = lessons.foreign.ids.tolist()
    found = glosses(lessons, (4, 6)).toarray()
    assert lessons.foreign.ids.tolist() == before  # the third pair has a piece twice, and out of order
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


NAMES = Names(pad=0, cls=2, sep=3, mask=4)


def test_texts_are_packed_between_the_special_tokens() -> None:
    texts = Texts(np.array([7, 8, 9, 10], dtype=np.int32), np.array([0, 1, 4]))
    packed, kept = pack(*flat(texts, np.array([[0, -1], [1, 0]])), 2, NAMES)
    assert kept.tolist() == [0, 1]
    assert packed.ids.shape == (1, MAX_TOKENS)
    assert packed.ids[0, :10].tolist() == [2, 7, 3, 2, 8, 9, 10, 7, 3, 0]
    assert packed.text[0, :10].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 1, -1]
    assert packed.place[0, :10].tolist() == [0, 1, 2, 0, 1, 2, 3, 4, 5, 0]


def test_what_is_too_long_is_cut_and_what_has_no_room_left_out() -> None:
    """Two texts of 256 places in one row: the first has it, and the short one behind them has none either."""
    long = np.full(MAX_TOKENS, 5)
    ids, text = np.concatenate([long, long, [6]]), np.repeat([0, 1, 2], [MAX_TOKENS, MAX_TOKENS, 1])
    packed, kept = pack(ids, text, 3, NAMES, rows=1)
    assert kept.tolist() == [0]
    assert packed.ids.tolist() == [[2, *[5] * (MAX_TOKENS - 2), 3]]
    whole, kept = pack(ids, text, 3, NAMES)
    assert (len(whole.ids), kept.tolist()) == (3, [0, 1, 2])


def test_steps_have_one_shape_and_say_what_each_text_stands_for() -> None:
    """Pair i is the piece 10 + i, its English the piece 10 + i for the student and 50 + i for the teacher."""
    numbers = np.arange(20, dtype=np.int32)
    starts = np.arange(21)
    lessons = Lessons(
        foreign=Texts(numbers + 10, starts),
        place=np.arange(20),
        english=Texts(numbers + 10, starts),
        teacher=Texts(numbers + 50, starts),
        weights=np.ones(20),
        follows=np.arange(20) % 10 > 0,
    )
    feed = Feed(lessons, (NAMES, NAMES), np.full((30, 2), -1), rows=2)
    for step in itertools.islice(feed.steps(0), 3):
        read = step.pieces[step.read.ids]
        assert read.shape == (2, MAX_TOKENS)
        assert (read != 0).mean() > 0.9
        assert len(step.places) == step.read.text.max() + 1
        for text, place in enumerate(step.places.tolist()):
            inside = read[step.read.text == text]
            assert inside[[0, -1]].tolist() == [2, 3]
            assert inside[1] - 10 == place or len(inside) != 3
        for number, text in enumerate(step.joined.tolist()):
            wanted = step.whole.ids[step.whole.text == number][1:-1] - 50
            assert len(wanted) > 1
            if len(wanted) <= 3:  # of longer ones pieces may be left out or masked
                assert (read[step.read.text == text][1:-1] - 10).tolist() == wanted.tolist()


def test_what_stands_in_a_file_in_turn_goes_on() -> None:
    kinds = [("de", "sentence"), ("de", "sentence"), ("de", "ui"), ("de", "sentence"), ("fr", "sentence")]
    pairs = [Pair(language, "x", kind, "a", "b") for language, kind in kinds]
    assert follows(pairs) == [False, True, False, False, False]


def test_what_was_prepared_is_read_as_it_was(tmp_path: Path) -> None:
    _, tokenizer = small_student()
    teacher = small_teacher()
    texts = Texts(np.array([5, 70_000, 7], dtype=np.int32), np.array([0, 2, 3]))
    lessons = Lessons(texts, np.array([1, 0]), texts, texts, np.array([0.5, 1.5]), np.array([False, True]))
    wanted = sparse.random(60, 40, density=0.2, format="csr", random_state=1)
    held = [Pair("mt", HELD_OUT, "sentence", "Bonġu", "Good morning")]
    made = Prepared(lessons, wanted, (tokenizer, tokenizer), teacher.weights(), 2, {"pairs": {"x": {"ui": 2}}}, held)
    save(made, tmp_path / "prepared")
    found = load(tmp_path / "prepared")
    for name in ("foreign", "english", "teacher"):
        assert getattr(found.lessons, name).ids.tolist() == [5, 70_000, 7]
        assert getattr(found.lessons, name).starts.tolist() == [0, 2, 3]
    assert found.lessons.place.tolist() == [1, 0]
    assert found.lessons.weights.tolist() == [0.5, 1.5]
    assert found.lessons.follows.tolist() == [False, True]
    assert found.record == {"pairs": {"x": {"ui": 2}}}
    assert found.heads == 2
    assert found.held == held
    np.testing.assert_allclose(found.glosses.toarray(), wanted.toarray(), atol=1e-6)
    again = new_transformer(found.teacher, found.glosses, heads=2)
    np.testing.assert_allclose(
        again.table.detach(), new_transformer(teacher.weights(), wanted, heads=2).table.detach(), atol=2e-3
    )


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
    lessons = Lessons(foreign, np.arange(2), foreign, english, np.ones(2), np.zeros(2, dtype=np.bool_))
    before = encode_with(student, tokenizer, ["der hund jagt", "die katze"])
    tokenizers = (tokenizer, tokenizer)  # their special tokens are the same
    steps = distil(
        student, teacher.weights(), lessons, tokenizers, Pace(minutes=1, rate=0.01, rows=1, seed=0), device=_CPU
    )
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
    lessons = Lessons(foreign, np.arange(2), foreign, foreign, np.ones(2), np.zeros(2, dtype=np.bool_))
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


def served(folder: Path) -> Student:
    """The student in ``folder``, as search reads it."""
    return Student(student_files(Hashes(), folder / "student"), folder / "data", Hashes())


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
    ours = served(tmp_path).encode(texts)
    theirs = SentenceTransformer(str(tmp_path / "unpacked"), device="cpu").encode(texts)
    np.testing.assert_allclose((ours * wanted).sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_written_transformer_reads_as_the_one_that_was_taught(tmp_path: Path) -> None:
    """As it is read again, as sentence-transformers runs it, and as search does: the vectors stay, as far as the bits
    allow."""
    from sentence_transformers import SentenceTransformer

    student, tokenizer = small_student()
    export_transformer(student, tokenizer, tmp_path / "student", {"note": 1})
    unpack(tmp_path / "student", tmp_path / "unpacked")
    texts = ["der hund", "the cat chases", "katze"]
    wanted = encode_with(student, tokenizer, texts)
    again = encode_with(load_transformer(tmp_path / "student"), tokenizer, texts)
    ours = served(tmp_path).encode(texts)
    theirs = SentenceTransformer(str(tmp_path / "unpacked"), device="cpu").encode(texts)
    np.testing.assert_allclose((again * wanted).sum(axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(theirs, again, atol=1e-4)
    np.testing.assert_allclose((ours * again).sum(axis=1), 1, atol=1e-2)


def test_vocabulary_begins_with_the_special_tokens() -> None:
    tokenizer = train_tokenizer([Pair("de", "x", "ui", "Öffnen Sie!", "Open it!")] * 9, vocabulary=60)
    assert [tokenizer.id_to_token(number) for number in range(5)] == list(SPECIAL)
    assert (
        tokenizer.encode("ÖFFNEN", add_special_tokens=False).ids
        == tokenizer.encode("offnen", add_special_tokens=False).ids
    )
