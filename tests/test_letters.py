"""Pieces of words: worked out by hand, and found where a compound or another form hides a word."""

import pytest

from kb.backends import Backend
from kb.text.letters import pieces
from kb.types import Document, Mode, Query, Section
from kb.understanding.interpretation import understand
from kb.understanding.same_language import LETTERS, MOST_PIECES
from tests.conftest import MakeBackend
from tests.test_student import Pair


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("skolan", "sv", ["~_sko", "~skol", "~kola", "~olan", "~lan_"]),
        ("på nätet", "sv", ["~_nat", "~nate", "~atet", "~tet_"]),  # a function word has none, marks are folded away
        ("är och", "sv", []),
        ("by 16", "da-DK", ["~_by_", "~_16_"]),
        ("ę", "pl", ["~_e_"]),
        ("barn i byen", "nb", ["~_bar", "~barn", "~arn_", "~_bye", "~byen", "~yen_"]),
        ("skolan", "en", []),
        ("la scuola", "it", ["~_scu", "~scuo", "~cuol", "~uola", "~ola_"]),
        ("shkolla", "sq", []),  # a language that nobody measured
        ("'\"- …", "de", []),
        ("", "de", []),
        ("a" * 65, "de", []),  # no word
    ],
)
def test_pieces_are_four_letters_with_the_ends_of_a_word(text: str, language: str, found: list[str]) -> None:
    assert list(pieces(text, language)) == found


def test_a_word_parted_by_an_apostrophe_is_two() -> None:
    assert list(pieces("geht's", "de")) == [*pieces("geht", "de"), *pieces("s", "de")]


def told(number: str, text: str, language: str = "sv") -> Document:
    return Document(id=number, title="", language=language, sections=(Section((), text),))


SWEDISH = (
    told("compound", "Förskolans personal svarar i telefon."),
    told("word", "En skola svarar i telefon varje dag."),
    told("neither", "Museet svarar i telefon hela dagen."),
)
QUESTION = "När öppnar skola?"


def found(backend: Backend, text: str, mode: Mode = "hybrid") -> dict[str, tuple[float, float]]:
    """What words and pieces score for each document, and how strong the match is."""
    with backend._snapshot() as snapshot:
        parsed, _ = understand(Query(text, mode=mode), snapshot)
        evidence = snapshot.retriever("lexical").retrieve(parsed)
        pairs = zip(evidence.documents.tolist(), evidence.strength.tolist(), strict=True)
        return dict(zip(snapshot.layout.ids, pairs, strict=True))


@pytest.fixture
def swedish(make_backend: MakeBackend) -> Backend:
    return make_backend(*SWEDISH, using=Pair())


def test_a_compound_is_found_by_its_part_behind_the_word_itself(swedish: Backend) -> None:
    """And is no evidence of a match: that a word has letters of another says little."""
    scores = found(swedish, QUESTION)
    assert scores["word"][0] > scores["compound"][0] > scores["neither"][0] == 0
    assert scores["word"][1] > scores["compound"][1] == 0


def test_who_asks_by_word_means_that_word(swedish: Backend) -> None:
    scores = found(swedish, QUESTION, "lexical")
    assert scores["word"][0] > scores["compound"][0] == 0


def test_a_piece_is_not_told_as_a_match(swedish: Backend) -> None:
    hits = {hit.id: hit for hit in swedish.search(Query("När svarar skola i telefon?")).hits}
    assert [word.word for word in hits["word"].why.words] == ["svarar", "skola", "telefon"]
    assert [word.word for word in hits["compound"].why.words] == ["svarar", "telefon"]


def test_a_quoted_word_is_meant_as_it_is(swedish: Backend) -> None:
    scores = found(swedish, 'När öppnar en "skola"?')
    assert scores["word"][0] > scores["compound"][0] == 0


@pytest.mark.parametrize(("english", "share"), [(0, 1.0), (3, 1.0), (9, 0.5), (117, 0.0)])
def test_pieces_count_by_the_share_of_documents_in_the_language(
    make_backend: MakeBackend, english: int, share: float
) -> None:
    """All they can where that is half of them or more, nothing where it is 3 in 120. Asked for are two words."""
    others = [told(f"en{number}", "The museum is open.", "en") for number in range(english)]
    backend = make_backend(*SWEDISH, *others, using=Pair())
    with backend._snapshot() as snapshot:
        parsed, _ = understand(Query(QUESTION), snapshot)
    assert sum(parsed.letters.values()) == pytest.approx(share * 2 * LETTERS)
    assert (found(backend, QUESTION)["compound"][0] > 0) == (share > 0)


def test_pieces_of_documents_that_are_gone_count_no_more(make_backend: MakeBackend) -> None:
    """One piece in two runs of postings, one of which has a document that is gone."""
    make_backend(*SWEDISH, using=Pair())
    after = make_backend(told("compound", "Personal svarar."), *SWEDISH[1:], told("new", "Skolgården"), using=Pair())
    scores = found(after, QUESTION)
    assert min(scores["word"][0], scores["new"][0]) > scores["compound"][0] == 0


def test_a_question_in_norwegian_finds_both_kinds(make_backend: MakeBackend) -> None:
    documents = [told("nb", "Barneskolen er stor.", "nb"), told("nn", "Barneskulen er stor.", "nn")]
    scores = found(make_backend(*documents, using=Pair()), "Hvor er en barnehage for barna mine?")
    assert min(score for score, _ in scores.values()) > 0


def test_the_pieces_of_a_long_question_are_bounded(swedish: Backend) -> None:
    words = " ".join(f"{chr(97 + n)}förskolepersonalens{chr(97 + n)}" for n in range(26))
    with swedish._snapshot() as snapshot:
        parsed, _ = understand(Query(f"När öppnar en skola som är {words}?"), snapshot)
    assert 100 < len(parsed.letters) <= MOST_PIECES


def test_all_pieces_together_count_letters_times_as_much_as_the_words(swedish: Backend) -> None:
    """Parted evenly among them, so that long words count more; "eller" only holds the others together."""
    with swedish._snapshot() as snapshot:
        parsed, _ = understand(Query("skola eller skola eller museet"), snapshot)
    assert sum(parsed.letters.values()) == pytest.approx(3 * LETTERS)
    assert parsed.letters["~skol"] == pytest.approx(2 * parsed.letters["~seet"])
