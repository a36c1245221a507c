"""Misspelt words are put right from the words of the base, said so, and left alone where that is a guess."""

from pathlib import Path

import pytest

from kb.backends import Backend, load_words
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.engines.encoders.model_words import read_words
from kb.types import Document, Query, Section, Understanding
from kb.understanding.query import replaced
from kb.understanding.spelling import Vocabulary, correction
from tests.conftest import FakeEncoder, MakeBackend

WORDS = Vocabulary(
    {
        "parental": 9,
        "controls": 9,
        "control": 30,
        "grooming": 20,
        "trooping": 2,
        "cyberbullying": 40,
        "games": 8,
        "names": 9,
        "bullying": 40,
        "buying": 3,
        "mail": 20,
        "trial": 17,
    }
    | {"gamer": 1, "childnet": 1, "school": 70, "house": 5, "horse": 5, "web2": 3}
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("parentel", "parental"),
        ("growming", "grooming"),  # one letter, though "trooping" is near as well
        ("cyberbulling", "cyberbullying"),
        ("cyberbuling", "cyberbullying"),  # two letters
        ("contorls", "controls"),  # neighbours swapped are one slip
        ("scool", "school"),
        ("gimes", "games"),  # with its first letter, before the more frequent "names"
        ("buling", "bullying"),  # 1.5 slips, for more than ten times the documents of "buying" with 1
        ("buyying", "buying"),  # a letter doubled is half a slip
        ("triage", None),  # "trial" is two letters away from a word of six
        ("gmail", None),  # the first letter is right in a short word
        ("gime", None),  # too short
        ("hoese", "horse"),  # as near and as frequent as "house": by the alphabet, so always the same
        ("childent", "childnet"),  # a name in one document: long, and one slip
        ("gamerr", "gamer"),
        ("gaming", None),
        ("gqmqe", None),  # two slips in five letters
        ("xontrolz", None),  # two slips, and not even the first letter right
        ("contr0l", None),  # letters only
        ("web3", None),
        ("", None),
        ("x" * 2000, None),
    ],
)
def test_the_nearest_word_of_the_base(word: str, meant: str | None) -> None:
    assert correction(word, WORDS) == meant


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("parentel", "parental"),
        ("scool", None),  # a name of five letters may be one that is not known here
        ("cyberbuling", None),
        ("xgrooming", None),
        ("childent", None),
    ],
)
def test_what_is_written_as_a_name_must_be_nearer(word: str, meant: str | None) -> None:
    assert correction(word, WORDS, name=True) == meant


def test_words_that_are_quoted_or_left_out_stay() -> None:
    assert replaced('ab "ab cd" -ab ab-ab, (ab)', {"ab": "xyz"}.get) == 'xyz "ab cd" -ab xyz-xyz, (xyz)'


@pytest.fixture
def small(make_backend: MakeBackend) -> Backend:
    texts = {
        "controls": "Parental controls limit what a child can see. Parents set the controls.",
        "settings": "Parental controls on a phone, explained to parents.",
        "lesson": "A lesson about grooming for pupils, and another on cyberbullying.",
        "again": "About grooming and cyberbullying: how pupils see them, about Parents.",
    }
    return make_backend(
        *(Document(id=key, title=key.title(), sections=(Section((), text),)) for key, text in texts.items())
    )


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("parentel controls", "parental controls"),
        ("Parentel CONTROLS", "Parental CONTROLS"),
        ("growming", "grooming"),
        ("what is cyberbulling?", "what is cyberbullying?"),
        ("parental controlling", None),  # a form of a word that occurs
        ("parental controls", None),
        ('"growming"', None),  # quoted: meant as it is
        ("lesson -growming", None),
        ("zebra", None),
        ("lessons on Growing and PARENTEL", None),  # names, or abbreviations
        ("lessons on Growming and parentel", "lessons on Grooming and parental"),
        ("lessons abouut it", None),  # nobody searches for "about"
        ("groom1ng", None),
        ("", None),
    ],
)
def test_what_was_meant_is_searched_for_and_said(small: Backend, text: str, corrected: str | None) -> None:
    results = small.search(Query(text))
    assert results.understood.corrected == corrected
    if corrected:
        assert results.query.text == text
        assert [hit.id for hit in results.hits] == [hit.id for hit in small.search(Query(corrected)).hits]
        exact = small.search(Query(text, exact=True))
        assert exact.understood == Understanding()
        assert small.search(Query(text)) == results


def test_exact_words_find_only_themselves(small: Backend) -> None:
    assert small.search(Query("growming", mode="lexical")).total == 2
    assert small.search(Query("growming", mode="lexical", exact=True)).total == 0


def test_a_word_that_the_model_knows_is_no_slip(small: Backend) -> None:
    """Or a word that the base does not have would become another."""
    assert small.search(Query("grooving")).understood.corrected == "grooming"
    with Backend(small.folder, lambda _: FakeEncoder(), load_words=lambda _: frozenset({"grooving"})) as knowing:
        assert knowing.search(Query("grooving")).understood.corrected is None
        assert knowing.search(Query("growming")).understood.corrected == "grooming"


def test_a_removed_document_takes_its_words_along(make_backend: MakeBackend) -> None:
    first = Document(id="a", title="Ombudsman")
    backend = make_backend(first, Document(id="b", title="Something else"))
    assert backend.search(Query("ombudsmann")).understood.corrected == "ombudsman"
    make_backend(Document(id="b", title="Something else"))
    assert backend.search(Query("ombudsmann")).understood.corrected is None


def test_words_of_a_base_in_another_language_are_not_corrected(make_backend: MakeBackend) -> None:
    """What looks like a slip may be an inflection, which the analyser of that language is there for."""
    backend = make_backend(Document(id="a", title="vacanza sospesa", language="it"))
    assert backend.search(Query("vacanzo")).understood == Understanding()


@pytest.mark.parametrize(
    "text", ["growming " * 200, "a" * 2000, "parentel\x00controls", "\u202egrowming", "gröwming 💥"]
)
def test_hostile_texts_are_read(small: Backend, text: str) -> None:
    results = small.search(Query(text))
    assert results.total == len(results.hits)


def test_names_that_the_base_does_not_have_are_told_of(backend: Backend) -> None:
    """A name may be near to a word; then the user is told what was searched for instead."""
    text = "roblux parental controls"
    understood = backend.search(Query(text)).understood
    assert understood.corrected is None or understood.corrected != text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"model": {"vocab": {"##ing": 0, "milk": 1, "[CLS]": 2, "junk": 3}}}', {"milk", "junk"}),
        ('{"model": {"vocab": {"\\u0120Milk": 0, "ilk": 1}}}', {"milk"}),
        ('{"model": {"vocab": [["\\u2581milk", -1.5], ["ilk", -2]]}}', {"milk"}),
        ('{"model": {}}', set()),
        ('{"model": {"vocab": 3}}', set()),
        ("[]", set()),
        ("not JSON", set()),
        (None, set()),
    ],
)
def test_the_words_of_a_model_are_read_from_its_tokenizer(tmp_path: Path, content: str | None, words: set[str]) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    assert read_words(tmp_path) == words


def test_the_default_model_knows_ordinary_words_and_no_slips() -> None:
    words = load_words(DEFAULT_MODEL)
    assert {"milk", "junk", "dinner", "wedding", "lesion"} <= words
    assert not {"parentel", "growming", "cyberbulling", "polise", "scool"} & words
    assert load_words("/nowhere/at/all") == frozenset()
