"""A question in the language of documents: common words count less, and what is in that language comes first."""

from collections.abc import Sequence
from dataclasses import replace
from math import log1p
from typing import ClassVar

import numpy as np
import pytest

from kb.backends import Backend
from kb.ranking.fusion import ELSEWHERE, at_home
from kb.types import Document, Faint, Floats, Mode, Query, Section
from kb.understanding.interpretation import understand
from kb.understanding.query import ParsedQuery
from kb.understanding.same_language import LEAST_TOLD, MOST_WIDENED, share_of_half
from tests.conftest import MakeBackend
from tests.test_student import Pair, Speaking


def told(number: str, text: str, language: str = "de") -> Document:
    return Document(id=number, title="", language=language, sections=(Section((), text),))


def understood(backend: Backend, text: str, mode: Mode = "hybrid") -> ParsedQuery:
    with backend._snapshot() as snapshot:
        return understand(Query(text, mode=mode), snapshot)[0]


@pytest.fixture
def forty(make_backend: MakeBackend) -> Backend:
    """German documents: all hold one word, ten a second, and one a third."""
    texts = [f"Alle Kinder {'im Internet' * (n < 10)} {'auf Skateboards' * (n == 7)}" for n in range(40)]
    return make_backend(*(told(f"d{n:02}", text) for n, text in enumerate(texts)), using=Pair())


QUESTION = "Wie sind Kinder im Internet auf Skateboards?"


def of_common(share: float) -> tuple[float, float]:
    """What words count that all of 40 documents hold, and 10 of them: beside one in 3 %, which is 1.2 of them."""
    enough = log1p((40 - 1.2 + 0.5) / (1.2 + 0.5))
    assert log1p(0.5 / 40.5) / enough < LEAST_TOLD
    return 1 - share * (1 - LEAST_TOLD), 1 - share * (1 - (log1p(30.5 / 10.5) / enough) ** 1.5)


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_words_that_many_documents_hold_count_less_in_the_vector(forty: Backend, mode: Mode) -> None:
    """What one holds counts as the encoder has it, and so does what only holds the question together."""
    children, internet = of_common(share=1)
    found = understood(forty, QUESTION, mode).faint
    assert [(word.start, word.end) for word in found] == [(9, 15), (19, 27)]
    assert [word.counts for word in found] == pytest.approx([children, internet])


def test_every_word_counts_for_who_asks_by_word(forty: Backend) -> None:
    assert understood(forty, QUESTION, "lexical").faint == ()


def test_a_form_of_a_common_word_is_as_common(forty: Backend) -> None:
    """Documents have "Kinder"; what is counted are stems, as in search by word."""
    (found,) = understood(forty, "Wie viel darf ein Kind auf dem Skateboard?").faint
    assert (found.start, found.end) == (18, 22)


def test_a_word_is_as_common_as_it_is_in_the_language_of_the_question(make_backend: MakeBackend) -> None:
    """Nearly all English documents hold a name that one in German holds, and a word that looks like a German one."""
    german = [told(f"d{n:02}", f"Alle Eltern {'auf Tiktok' * (n == 3)} {'mit Kind' * (n == 5)}") for n in range(40)]
    english = [told(f"e{n:02}", "Tiktok is that kind of thing.", "en") for n in range(40)]
    parsed = understood(make_backend(*german, *english, using=Pair()), "Wo sind Eltern und ihr Kind auf Tiktok?")
    assert [(word.start, word.end) for word in parsed.faint] == [(8, 14)]


@pytest.mark.parametrize("documents", [1, 3, 9])
def test_in_a_small_base_a_word_of_one_document_counts_fully(make_backend: MakeBackend, documents: int) -> None:
    german = [told(f"d{n}", f"Alle Eltern {'auf Skateboards' * (n == 0)}") for n in range(documents)]
    parsed = understood(make_backend(*german, using=Pair()), "Wo sind Eltern auf Skateboards?")
    assert [(word.start, word.end) for word in parsed.faint] == [(8, 14)] * (documents > 1)


def test_a_quoted_word_counts_as_it_is(forty: Backend) -> None:
    (internet,) = understood(forty, 'Wie sind "Kinder" im Internet auf Skateboards?').faint
    assert (internet.start, internet.end) == (19, 27)


def test_a_word_counts_alike_wherever_it_stands(forty: Backend) -> None:
    found = understood(forty, "Was machen Kinder, wenn ein Kind mit anderen Kindern im Garten ist?").faint
    assert [word.start for word in found] == [11, 28, 45]
    assert len({word.counts for word in found}) == 1


def test_the_least_common_word_counts_fully_where_there_is_no_other_one(forty: Backend) -> None:
    """A question mark would be what is asked for. Of two common words the less common one counts fully."""
    for text, faint in (("Kinder?", []), ("Kinder, Internet: Kinder!", [0, 18])):
        parsed = understood(forty, text)
        assert parsed.language == "de"
        assert [word.start for word in parsed.faint] == faint
    children, internet = of_common(share=1)
    assert parsed.faint[0].counts == pytest.approx(children / internet)


def test_a_word_before_an_apostrophe_only_holds_a_question_together(make_backend: MakeBackend) -> None:
    documents = [told(f"d{n}", "Qu'est-ce que l'école des enfants ?", "fr") for n in range(40)]
    parsed = understood(make_backend(*documents, using=Pair()), "Qu'est-ce que l’école pour les enfants ?")
    assert [(word.start, word.end) for word in parsed.faint] == [(16, 21), (31, 38)]


@pytest.mark.parametrize(("english", "share"), [(40, 1.0), (120, 0.5), (1160, 0.0)])
def test_the_fewer_documents_are_in_the_language_the_more_every_word_counts(
    make_backend: MakeBackend, english: int, share: float
) -> None:
    """As they are where these are one in thirty."""
    german = [told(f"d{n:02}", f"Alle Kinder {'im Internet' * (n < 10)}") for n in range(40)]
    others = [told(f"e{n:04}", "The museum is open.", "en") for n in range(english)]
    parsed = understood(make_backend(*german, *others, using=Pair()), "Wie sind Kinder im Internet?")
    counts = [pytest.approx(value) for value in of_common(share)] if share else []
    assert [word.counts for word in parsed.faint] == counts


def test_a_question_in_english_is_left_to_its_encoder(make_backend: MakeBackend) -> None:
    documents = [told(f"d{n}", "All children are on the internet.", "en") for n in range(40)]
    parsed = understood(make_backend(*documents, using=Pair()), "How are children on the internet?")
    assert parsed.faint == ()


def test_only_the_first_words_of_a_long_question_are_looked_up(forty: Backend) -> None:
    words = [f"Skateboardfahrer{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MOST_WIDENED)]
    text = "Wie sind Kinder, welche keine Angst haben vor " + " ".join([*words[1:], "Internet", "Kinder"])
    found = understood(forty, text).faint
    assert [text[word.start : word.end] for word in found] == ["Kinder", "Kinder"]


def test_documents_that_are_gone_are_not_counted(make_backend: MakeBackend) -> None:
    make_backend(*(told(f"d{n}", "Kinder") for n in range(9)), using=Pair())
    backend = make_backend(*(told(f"d{n}", "Kinder" if n == 0 else "Museum") for n in range(9)), using=Pair())
    with backend._snapshot() as snapshot:
        every = np.arange(9)
        assert list(snapshot.holding_any([("kind",), ("museum", "kind"), ("nobody",)], every)) == [1, 9, 0]
        assert list(snapshot.holding_any([("kind",), ("museum",)], every[1:])) == [0, 8]


def test_what_meaning_counts_for_each_document_by_hand() -> None:
    half = at_home(np.array([0, 2]), 4, share=0.5)
    assert half.tolist() == pytest.approx([1, (1 + ELSEWHERE) / 2, 1, (1 + ELSEWHERE) / 2])
    assert at_home(np.array([1]), 2, share=1.0).tolist() == pytest.approx([ELSEWHERE, 1])


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_of_documents_that_say_the_same_the_one_in_the_language_of_the_question_comes_first(
    make_backend: MakeBackend, mode: Mode
) -> None:
    """The text in English lies nearer to the question than that in German, which says a little more. What is asked for
    are words that none of them has."""
    english = [told(f"a{n}", "donkey beach", "en") for n in range(3)]
    german = [told(f"b{n}", "graultier kueste lampe") for n in range(3)]
    base = make_backend(*english, *german, using=Translated())
    hits = base.search(Query("Wo ist denn ein esel am strand?", mode=mode)).hits
    assert [hit.id[0] for hit in hits] == [*"bbbaaa"]
    assert {hit.why.lexical for hit in hits} == {0}
    asked = make_backend(*english, *german[:1], using=Translated()).search(Query("donkey beach", mode="dense"))
    assert [hit.id[0] for hit in asked.hits] == [*"aaab"]


class Leaving(Speaking):
    """Leaves out the words that are faint."""

    def encode_weighed(self, text: str, faint: Sequence[Faint]) -> Floats:
        for word in reversed(faint):
            text = text[: word.start] + text[word.end :]
        return self.encode_query(text)


def test_faint_words_say_whether_anything_fits_and_not_what_fits_best(make_backend: MakeBackend) -> None:
    """Ranked by "Skateboards" alone. That all are about children tells them from what is about something else."""
    texts = [*(f"Kinder {name}" for name in ("Kinder Museum", "Schule", "Haus")), "Skateboards Park Brot"]
    pair = Pair()
    pair._foreign = Leaving("foreign")
    backend = make_backend(*(told(f"d{n}", text) for n, text in enumerate(texts)), using=pair)
    with backend._snapshot() as snapshot:
        parsed = understand(Query("Wo sind Kinder auf Skateboards?", mode="dense"), snapshot)[0]
        assert [(word.start, word.end) for word in parsed.faint] == [(8, 14)]
        weighed = snapshot.retriever("semantic").retrieve(parsed)
        alike = snapshot.retriever("semantic").retrieve(replace(parsed, faint=()))
    np.testing.assert_array_equal(weighed.strength, alike.strength)
    np.testing.assert_array_equal(alike.documents, alike.strength)
    assert weighed.documents[3] - weighed.documents[0] > alike.documents[3] - alike.documents[0] + 0.1


class Words(Speaking):
    ENGLISH: ClassVar = {"esel": "donkey", "graultier": "donkey", "strand": "beach", "kueste": "beach"}


class Translated(Pair):
    """Passages in German lie where their English does."""

    def __init__(self) -> None:
        super().__init__()
        self._foreign = Words("foreign")

    def by_student(self, texts: Sequence[str]) -> Floats:
        """No word is near to another one."""
        return np.zeros((len(texts), self.dimension), dtype=np.float32)


def test_the_share_of_half(make_backend: MakeBackend) -> None:
    documents = [told("a", "Strand"), *(told(f"e{n}", "beach", "en") for n in range(3))]
    with make_backend(*documents, using=Pair())._snapshot() as snapshot:
        layout = snapshot.layout
    assert share_of_half(ParsedQuery("beach", foreign="Strand", language="de"), layout) == pytest.approx(0.5)
    assert share_of_half(ParsedQuery("beach", foreign="plage", language="fr"), layout) == 0
    assert share_of_half(ParsedQuery("beach"), layout) == 0


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
@pytest.mark.parametrize("country", ["DE", "AT"])
def test_a_filter_moves_nothing_among_documents_of_several_languages(
    make_backend: MakeBackend, mode: Mode, country: str
) -> None:
    """One of the countries has documents in English only: rarity and preference are those of the whole base."""
    texts = ("Kinder am Strand", "Kinder und Esel reiten", "Esel am Berg", "Kinder lesen")
    german = [replace(told(f"d{n}", text), tags={"country": ("DE",)}) for n, text in enumerate(texts)]
    english = [
        replace(told(f"e{n}", text, "en"), tags={"country": ("AT", "DE")[: 1 + n % 2]})
        for n, text in enumerate(("donkey beach", "donkey beach riding", "mountain donkey", "beach children"))
    ]
    pair = Pair()
    pair._foreign = Leaving("foreign")
    base = make_backend(*german, *english, using=pair)
    question = "der Esel und Kinder am Strand"
    assert understood(base, question, mode).faint
    whole = base.search(Query(question, mode=mode)).hits
    part = base.search(Query(question, mode=mode, filters={"country": (country,)})).hits
    kept = {hit.id for hit in part}
    assert 1 < len(kept) < len(whole)
    assert part == tuple(hit for hit in whole if hit.id in kept)
    assert all(0 <= hit.score <= 1 for hit in whole)
