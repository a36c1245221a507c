"""The encoder for other languages: a table, a mean, a small network; and what it makes of searching."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from indexer.passages import cut
from kb.backends import Backend, Snapshot, load_encoder
from kb.content.model import Translation
from kb.engines.encoders.model_files import DEFAULT_MODEL, Hashes
from kb.engines.encoders.multilingual import LONGEST, OWN, MultilingualEncoder
from kb.engines.encoders.pieces import TOKENIZER, WEIGHTS
from kb.engines.encoders.student import STUDENT, Student, student_files
from kb.errors import ModelError
from kb.types import Document, Encoder, Faint, Floats, Multilingual, Query, Section
from kb.understanding.crosslingual import SHARES, query_vectors, reader_of
from kb.understanding.dictionary import NEAR, certainty, make_dictionary
from kb.understanding.interpretation import understand
from kb.understanding.query import ParsedQuery
from kb.understanding.same_language import MOST_WIDENED
from tests.conftest import FakeEncoder, MakeBackend, in_bytes

#: The pieces of the small student, and its table as it is stored: rows of whole numbers, two in a byte, each row with
#: a scale.
WORDS = {"[UNK]": 0, "hund": 1, "katze": 2, "maus": 3}
ROWS = np.array([[0, 0], [7, 0], [0, -7], [6, -3]])
SCALES = np.array([[1], [2], [1], [0.5]], dtype=np.float16)
BOTH = np.concatenate([np.eye(2), -np.eye(2)]).astype(np.float16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / TOKENIZER))
    weights: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "table": in_bytes(ROWS),
        "table.scale": SCALES,
        "first.weight": BOTH,
        "first.bias": np.zeros(4, dtype=np.float16),
        "last.weight": BOTH.T.copy(),
        "last.bias": np.zeros(2, dtype=np.float16),
    }
    save_file(weights, tmp_path / WEIGHTS)
    return tmp_path


def student_of(folder: Path) -> Student:
    return Student(student_files(Hashes(), folder), folder, Hashes())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hund", (1, 0)),  # (14, 0)
        ("hund katze", (2, -1)),  # the mean of (14, 0) and (0, -7) is (7, -3.5)
        ("hund maus", (34, -3)),  # of (14, 0) and (3, -1.5)
        ("wal", (0, 0)),  # an unknown word has a row of nothing
        ("", (0, 0)),
    ],
)
def test_text_is_the_mean_of_its_pieces(folder: Path, text: str, expected: tuple[float, float]) -> None:
    """The network of this student gives back what it gets, as silu(x) - silu(-x) = x."""
    student = student_of(folder)
    wanted = np.array(expected) / max(float(np.linalg.norm(expected)), 1)
    np.testing.assert_allclose(student.encode_query(text), wanted, atol=1e-3)
    np.testing.assert_allclose(student.encode([text, "katze"])[1], (0, -1), atol=1e-3)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (1.0, (2, -1)),  # as by itself
        (0.5, (4, -1)),  # (14, 0) and half of (0, -7), over one and a half
        (0.0, (1, 0)),
    ],
)
def test_a_faint_word_counts_less(folder: Path, counts: float, expected: tuple[float, float]) -> None:
    student = student_of(folder)
    wanted = np.array(expected) / np.linalg.norm(expected)
    np.testing.assert_allclose(student.encode_weighed("hund katze", [Faint(5, 10, counts)]), wanted, atol=1e-3)


def test_a_text_without_a_piece_has_no_vector_however_it_is_weighed(folder: Path) -> None:
    assert student_of(folder).encode_weighed("", [Faint(0, 1, 0.5)]).tolist() == [0, 0]


def test_every_piece_of_a_faint_word_is_faint() -> None:
    """Of words that are several pieces, and in letters that Unicode composes; what counts nothing is not there."""
    student, text = student_of(STUDENT), "Kinder fahren Eisenbahnmodellbau\u0308ge im Schwimmbad"
    start = text.index("Eisen")
    found = student.encode_weighed(text, [Faint(start, text.index(" im"), 0.0)])
    np.testing.assert_allclose(found, student.encode_query("Kinder fahren im Schwimmbad"), atol=1e-5)


def test_an_encoder_that_cannot_weigh_reads_all_alike() -> None:
    pair = Pair()
    query = ParsedQuery("donkey", foreign="esel reiten", language="de", faint=(Faint(0, 4, 0.1),))
    ranking, fitting = query_vectors(pair, query)
    np.testing.assert_array_equal(ranking, fitting)
    np.testing.assert_array_equal(fitting, query_vectors(pair, replace(query, faint=()))[0])


@pytest.mark.parametrize("file", [WEIGHTS, TOKENIZER])
def test_damaged_student_is_told(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"{")
    with pytest.raises(ModelError, match="install the project again"):
        student_of(folder).encode(["hund"])


def test_missing_student_is_told(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        student_files(Hashes(), folder)


def test_another_student_is_another_space(folder: Path, encoder: FakeEncoder) -> None:
    before = MultilingualEncoder(encoder, student_of(folder)).fingerprint
    tokenizer = json.loads((folder / TOKENIZER).read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"]["wal"] = 4
    (folder / TOKENIZER).write_text(json.dumps(tokenizer), encoding="utf-8")
    after = MultilingualEncoder(encoder, student_of(folder)).fingerprint
    assert len({before, after, encoder.fingerprint}) == 3


def test_shipped_student_is_small_and_speaks_the_space_of_the_model() -> None:
    """At most 30 MB in the repository; a few words of many languages lie nearest to their English."""
    assert sum(path.stat().st_size for path in STUDENT.iterdir()) <= 30_000_000
    dictionary = make_dictionary(
        dict.fromkeys(["school", "children", "parents", "police", "money", "water"], 1),
        student_of(STUDENT).encode,
    )
    words = {"деца": "children", "iskola": "school", "padres": "parents", "policja": "police", "χρηματα": "money"}
    found = {word: dictionary.translations(word)[0][0] for word in words}
    assert found == words


class Pair:
    """Two encoders whose vectors can be told by eye: English words are as they are, foreign ones are translated."""

    fingerprint = "pair"
    dimension = FakeEncoder.dimension
    max_tokens = FakeEncoder.max_tokens

    def __init__(self) -> None:
        self._english = FakeEncoder("english")
        self._foreign = Translating("foreign")

    def reader(self, language: str) -> Encoder:
        return self._english if language == "en" else self._foreign

    student_fingerprint = "foreign"

    def by_student(self, texts: Sequence[str]) -> Floats:
        return self._foreign.encode(texts)

    def encode(self, texts: Sequence[str]) -> Floats:
        return self._english.encode(texts)

    def encode_query(self, text: str) -> Floats:
        return self._english.encode_query(text)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        return self._english.token_offsets(text)


class Translating(FakeEncoder):
    """Reads a few words of German as the words in English."""

    ENGLISH: ClassVar = {"strand": "beach", "reiten": "riding", "esel": "donkey", "berg": "mountain"}

    def encode_query(self, text: str) -> Floats:
        return super().encode_query(" ".join(self.ENGLISH.get(word, word) for word in text.lower().split()))


def test_passage_is_read_by_both_and_a_query_by_the_student(folder: Path) -> None:
    english = FakeEncoder()
    small = np.zeros((4, english.dimension), dtype=np.int64)
    small[1, 0] = 7  # "hund" points along the first axis, whatever its scale
    weights: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "table": in_bytes(small),
        "table.scale": SCALES,
        "first.weight": np.concatenate([np.eye(64), -np.eye(64)]).astype(np.float16),
        "first.bias": np.zeros(128, dtype=np.float16),
        "last.weight": np.concatenate([np.eye(64), -np.eye(64)]).T.astype(np.float16).copy(),
        "last.bias": np.zeros(64, dtype=np.float16),
    }
    save_file(weights, folder / WEIGHTS)
    reader = MultilingualEncoder(english, student_of(folder)).reader("de")
    axis = np.eye(64)[0]
    np.testing.assert_allclose(reader.encode_query("hund"), axis, atol=1e-3)
    wanted = OWN * axis + (1 - OWN) * english.encode_query("hund")
    np.testing.assert_allclose(reader.encode(["hund"])[0], wanted / np.linalg.norm(wanted), atol=1e-3)


def test_every_encoder_of_one_part_reads_all(encoder: FakeEncoder) -> None:
    assert not isinstance(encoder, Multilingual)
    assert reader_of(encoder, "de") is encoder


def test_query_in_another_language_is_read_twice() -> None:
    pair = Pair()
    query = ParsedQuery(meaning="donkey riding", foreign="esel reiten", language="de")
    own = pair.reader("de").encode_query("esel reiten")
    english = pair.encode_query("donkey riding")
    wanted = SHARES["own"] * own + SHARES["english"] * english
    for vector in query_vectors(pair, query):
        np.testing.assert_allclose(vector, wanted / np.linalg.norm(wanted), rtol=1e-5)


def test_query_in_english_is_read_by_the_model_alone() -> None:
    pair = Pair()
    for vector in query_vectors(pair, ParsedQuery("esel")):
        np.testing.assert_allclose(vector, pair.encode_query("esel"), rtol=1e-6)


def test_document_is_read_in_its_own_language(make_backend: MakeBackend) -> None:
    """A German document lies beside an English one about the same, and each query finds both."""
    pair = Pair()
    backend = make_backend(
        Document(id="de", title="Esel", language="de", sections=(Section((), "reiten esel strand"),)),
        Document(id="en", title="Donkey", sections=(Section((), "donkey riding beach"),)),
        Document(id="other", title="Mountain", sections=(Section((), "mountain bread lamp"),)),
        using=pair,
    )
    ranked = [hit.id for hit in backend.search(Query("donkey beach riding", mode="dense")).hits]
    assert set(ranked[:2]) == {"de", "en"}


def test_a_question_in_the_language_of_the_documents_looks_for_words_that_say_something(
    make_backend: MakeBackend,
) -> None:
    """Not for "der" and "ist", which hold a question together; where there is nothing else, for those."""
    said = Document(id="said", title="Esel", language="de", sections=(Section((), "Ein Esel am Strand."),))
    full = Document(
        id="full", title="Wer", language="de", sections=(Section((), "Wer ist der, der es ist? Das ist der."),)
    )
    backend = make_backend(said, full, using=Pair())
    found = backend.search(Query("Wer ist der Esel, und wo ist der Strand?", mode="lexical"))
    assert [hit.id for hit in found.hits] == ["said"]
    assert [word.word for word in found.hits[0].why.words] == ["Esel", "Strand"]
    assert [hit.id for hit in backend.search(Query("Wer ist das und was ist der?", mode="lexical")).hits] == ["full"]


def test_a_share_of_documents_is_that_of_a_language_whatever_its_region(make_backend: MakeBackend) -> None:
    spoken = ("de", "de-AT", "nb", "nn", "no", "en")
    documents = (Document(id=f"d{n}", title="Strand", language=code) for n, code in enumerate(spoken))
    with make_backend(*documents, using=Pair())._snapshot() as snapshot:
        shares = {code: snapshot.layout.share_in(code) for code in ("de", "no", "en", "fr")}
    assert shares == pytest.approx({"de": 2 / 6, "no": 3 / 6, "en": 1 / 6, "fr": 0})


def test_a_word_that_the_documents_have_is_no_guess(make_backend: MakeBackend) -> None:
    """The dictionary holds the words of the base, so it knows this one as well, as its own translation."""
    backend = make_backend(
        Document(id="a", title="Strand", sections=(Section((), "donkey chat esel"),)),
        Document(id="b", title="Lamp", sections=(Section((), "lamp bread"),)),
        using=Pair(),
    )
    with backend._snapshot() as snapshot:
        parsed, understood = understand(Query("Wo ist der Esel am chat?"), snapshot)
    assert "chat" not in parsed.certainty
    assert "esel" not in parsed.certainty
    assert not {"chat", "esel"} & {*understood.english}


def test_words_count_more_among_documents_in_the_language_of_the_question(make_backend: MakeBackend) -> None:
    """And the shares that a hit tells are those of its score."""
    question = "Wo kann ein Esel am Strand reiten?"
    german = Document(id="german", title="Tier", language="de", sections=(Section((), "Ein Esel am Strand."),))
    english = Document(id="english", title="Lamp", sections=(Section((), "lamp bread"),))
    others = [replace(german, id=f"german{n}", sections=(Section((), "Lampe und Brot"),)) for n in range(3)]
    among = make_backend(german, *others, using=Pair())
    few = among.search(Query(question)).hits[0].why
    beside = make_backend(german, *(replace(english, id=f"english{n}") for n in range(9)), using=Pair())
    many = beside.search(Query(question)).hits[0].why
    assert few.lexical > many.lexical > 0


class Speaking(Translating):
    """Reads German words for the same thing alike."""

    ENGLISH: ClassVar = {"laden": "shop", "geschaeft": "shop", "esel": "donkey", "strand": "beach"}

    def encode(self, texts: Sequence[str]) -> Floats:
        return np.array([self.encode_query(text) for text in texts], dtype=np.float32).reshape(-1, self.dimension)


def speaking() -> Pair:
    pair = Pair()
    pair._foreign = Speaking("foreign")
    return pair


SHOPS = (
    Document(id="near", title="Lampe", language="de", sections=(Section((), "Das Geschaeft ist hier."),)),
    Document(id="other", title="Lampe", language="de", sections=(Section((), "Der Berg ist hier."),)),
    Document(id="both", title="Lampe", language="de", sections=(Section((), "Der Laden ist hier."),)),
)


def test_a_question_in_the_language_of_the_documents_finds_words_that_mean_nearly_the_same(
    make_backend: MakeBackend,
) -> None:
    """Behind the word itself. Who asks by word means that word, and only that is told to match."""
    backend = make_backend(*SHOPS, using=speaking())
    found = {hit.id: hit.why for hit in backend.search(Query("Wo ist ein Laden?")).hits}
    assert found["both"].lexical > found["near"].lexical > found["other"].lexical == 0
    told = {id: [(word.word, word.translations) for word in why.words] for id, why in found.items()}
    assert told == {"both": [("Laden", ())], "near": [], "other": []}
    assert [hit.id for hit in backend.search(Query("Wo ist ein Laden?", mode="lexical")).hits] == ["both"]


def by_word(backend: Backend, text: str) -> dict[str, float]:
    """What words add to the score of each hit of a query."""
    return {hit.id: hit.why.lexical for hit in backend.search(Query(text)).hits}


def test_quoted_words_are_meant_as_they_are(make_backend: MakeBackend) -> None:
    backend = make_backend(*SHOPS, using=speaking())
    assert by_word(backend, "Laden am Strand")["near"] > 0
    assert set(by_word(backend, '"Laden" am Strand')) == {"both"}


@dataclass
class Asked:
    """Says what it was asked for, and that nothing is near."""

    words: list[str] = field(default_factory=list)

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        self.words.append(word)
        return ()


def test_near_words_are_sought_of_what_may_mean_something(
    make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of a number, nor of an article before an apostrophe, nor of more than the first words."""
    document = Document(id="a", title="Luce", language="it", sections=(Section((), "acqua e luce"),))
    backend, asked = make_backend(document, using=speaking()), Asked()
    monkeypatch.setattr(Snapshot, "near", lambda self, word: asked.near(word))
    backend.search(Query("Dove bevono l'acqua 16 ragazzi nel 2024?"))
    assert "acqua" in asked.words
    assert not {"16", "2024", "lacqua"} & {*asked.words}
    asked.words.clear()
    names = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}zzq" for n in range(99)]
    backend.search(Query("Dove bevono l'acqua i ragazzi che sono " + " ".join(names)))
    assert sum(word in names for word in {*asked.words}) <= MOST_WIDENED


def test_words_are_taken_as_they_are_where_few_documents_are_in_the_language(make_backend: MakeBackend) -> None:
    """Three in 120 would count .5 * 2 * 3 / 120, which is below what is looked up."""
    lamps = (Document(id=f"lamp{n}", title="Lamp", sections=(Section((), "lamp bread"),)) for n in range(117))
    hits = make_backend(*SHOPS, *lamps, using=speaking()).search(Query("Wo ist ein Laden?")).hits
    assert [hit.id for hit in hits if hit.why.lexical] == ["both"]


def test_exact_words_are_taken_as_they_are(make_backend: MakeBackend) -> None:
    hits = make_backend(*SHOPS, using=speaking()).search(Query("Laden", exact=True)).hits
    assert [hit.id for hit in hits if hit.why.lexical] == ["both"]


def test_texts_in_other_languages_are_cut_shorter(compiled_default: Path) -> None:
    """Of text, title and heading at most 128 tokens of the model are together, in a translation as well."""
    encoder = load_encoder(DEFAULT_MODEL, compiled_default)
    text = "Kinder lernen, wem sie vertrauen können. " * 60
    german = Document(id="de", title="Vertrauen", language="de", sections=(Section((), text),))
    english = replace(german, id="en", language="en", translations={"de": Translation("Vertrauen", text)})
    longest: dict[tuple[str, str], int] = {}
    for document in (german, english):
        for passage in cut(document, encoder):
            tokens = len(encoder.token_offsets(passage.text)) + len(encoder.token_offsets(passage.context))
            longest[passage.kind, passage.language] = max(tokens, longest.get((passage.kind, passage.language), 0))
    assert LONGEST - 20 < longest["body", "de"] <= LONGEST
    assert LONGEST - 20 < longest["translation", "de"] <= LONGEST
    assert longest["body", "en"] > 1.5 * LONGEST


def test_changed_language_is_read_again(make_backend: MakeBackend) -> None:
    """The same text in another language has another vector, though not a letter changed."""
    pair = Pair()
    document = Document(id="a", title="Esel", sections=(Section((), "esel strand"),))
    other = Document(id="b", title="Lamp", sections=(Section((), "lamp bread"),))
    make_backend(document, other, using=pair)
    german = Document(id="a", title="Esel", language="de", sections=(Section((), "esel strand"),))
    backend = make_backend(german, other, using=pair)
    best = backend.search(Query("donkey beach", mode="dense")).hits[0]
    assert best.id == "a"
    assert best.relevance == pytest.approx(1.0, abs=0.15)


def test_dictionary_gives_the_nearest_words() -> None:
    encode = Translating("foreign").encode
    dictionary = make_dictionary({"donkey": 3, "beach": 2, "of": 9, "r2d2": 1}, encode)
    assert sorted(dictionary.words) == ["beach", "donkey"]
    assert dictionary.translations("esel") == (("donkey", 1.0),)
    assert dictionary.translations("lampe") == ()


@pytest.mark.parametrize(
    ("cosine", "sure"), [(-0.2, 0.0), (0.35, 0.0), (0.575, 0.5), (0.71, 0.8), (0.8, 1.0), (1.0, 1.0)]
)
def test_a_translation_is_the_surer_the_nearer_it_is(cosine: float, sure: float) -> None:
    assert certainty(cosine) == pytest.approx(sure)


def test_what_is_no_translation_has_no_certainty() -> None:
    assert certainty(NEAR) > 0


def test_dictionary_of_an_empty_base_is_empty() -> None:
    assert make_dictionary({}, FakeEncoder().encode).translations("esel") == ()
