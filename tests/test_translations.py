"""Title and summary in other languages: found by word and by meaning, and nothing else changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from indexer.passages import cut
from kb.backends import Backend, load_encoder
from kb.content.corpus import read_corpus
from kb.content.model import Translation
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.text.analysis import analysed, translated_tokens
from kb.types import Document, Encoder, Hit, Query, Section
from tests.conftest import ENTRIES, FakeEncoder, MakeBackend

REPORT = Document(
    id="report",
    title="clickandstop: reporting point that also gives advice",
    summary="A Swiss reporting point that takes anonymous reports and advises by phone.",
    sections=(Section(("What it is",), "Two foundations opened the hotline in 2022."),),
    translations={
        "de": Translation(
            "clickandstop: Meldestelle, die auch berät",
            "Eine Meldestelle nimmt anonyme Hinweise an, fast immer sofort.",
        ),
        "fr": Translation(
            "clickandstop : un service de signalement", "L'application reçoit les signalements anonymes des enfants."
        ),
    },
)
GAMES = Document(
    id="games",
    title="Time out: a setting that ends games",
    summary="Parents set how long games run; it works fast.",
    sections=(Section((), "The console counts the minutes of play."),),
)


def first(backend: Backend, text: str, **options: object) -> Hit:
    return backend.search(Query(text, **options)).hits[0]  # type: ignore[arg-type]


def shown(hit: Hit) -> tuple[str, str, bool]:
    return hit.id, hit.passage.language, hit.passage.translated


# --- passages --------------------------------------------------------------------------------------------------


def test_a_translation_is_cut_as_title_and_summary_are() -> None:
    found = [passage for passage in cut(REPORT, FakeEncoder()) if passage.is_translated]
    assert [(passage.kind, passage.language) for passage in found] == [
        ("translation", "de"),
        ("translated-title", "de"),
        ("translation", "fr"),
        ("translated-title", "fr"),
    ]
    assert found[0].encoded_text.startswith("clickandstop: Meldestelle, die auch berät\nEine Meldestelle nimmt")
    assert found[1].encoded_text == "clickandstop: Meldestelle, die auch berät"
    assert found[0].text == REPORT.translations["de"].summary


def test_a_translation_that_is_too_long_for_the_model_is_cut(encoder: FakeEncoder) -> None:
    words = " ".join(f"λέξη{number}" for number in range(2 * encoder.max_tokens))
    document = replace(GAMES, translations={"el": Translation("Ώρα: τέλος", words)})
    pieces = [passage for passage in cut(document, encoder) if passage.kind == "translation"]
    assert len(pieces) >= 2
    assert " ".join(piece.text for piece in pieces) == words
    assert all(len(encoder.token_offsets(piece.encoded_text)) <= encoder.max_tokens for piece in pieces)


def test_terms_of_translations_meet_no_others() -> None:
    assert analysed("Meldestellen", "de") == "meldestell"
    assert [token.term for token in translated_tokens("Meldestellen", "de-CH")] == ["de·meldestell"]
    found = list(translated_tokens("L'application d’enfants", "fr"))
    assert [(token.start, token.end) for token in found] == [(0, 1), (2, 13), (14, 15), (16, 23)]


# --- by word ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "marked"),
    [
        ("Meldestellen", "de", ["Meldestelle"]),
        ("Wer nimmt anonyme Hinweise?", "de", ["nimmt", "anonyme", "Hinweise"]),
        ("signalement", "fr", ["signalements"]),
        ("application", "fr", ["application"]),
        ("d'application", "fr", ["application"]),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_a_question_finds_what_is_translated_into_its_language(
    make_backend: MakeBackend, text: str, language: str, marked: list[str], exact: bool
) -> None:
    backend = make_backend(REPORT, GAMES)
    hit = first(backend, text, mode="lexical", exact=exact)
    assert shown(hit) == ("report", language, True)
    passage = hit.passage
    assert [passage.text[start:end] for start, end in passage.highlights] == marked
    assert passage.text == REPORT.translations[language].summary


def test_a_word_of_the_translated_title_shows_the_translation(make_backend: MakeBackend) -> None:
    """It is in no summary."""
    backend = make_backend(REPORT, GAMES)
    assert shown(first(backend, "berät", mode="lexical", exact=True)) == ("report", "de", True)


def test_phrases_and_what_is_left_out_are_sought_in_translations(make_backend: MakeBackend) -> None:
    backend = make_backend(REPORT, GAMES)
    assert shown(first(backend, '"anonyme Hinweise"', mode="lexical")) == ("report", "de", True)
    assert backend.search(Query('"Hinweise anonyme"', mode="lexical")).total == 0
    assert [hit.id for hit in backend.search(Query("clickandstop games -Meldestelle", mode="lexical")).hits] == [
        "games"
    ]


def test_words_of_the_question_that_matched_are_named(make_backend: MakeBackend) -> None:
    hit = first(make_backend(REPORT, GAMES), "Meldestellen", mode="lexical", exact=True)
    assert [found.word for found in hit.why.words] == ["Meldestellen"]


def test_an_english_question_finds_an_entry_in_another_language(make_backend: MakeBackend) -> None:
    german = Document(
        id="german",
        title="Auszeit: ein Schalter, der Spiele beendet",
        language="de",
        summary="Eltern legen fest, wie lange gespielt wird.",
        sections=(Section((), "Die Konsole zählt die Minuten."),),
        translations={"en": Translation("Time out: a switch that ends games", "Parents set how long children play.")},
    )
    backend = make_backend(REPORT, german)
    assert shown(first(backend, "parents and play", mode="lexical")) == ("german", "en", True)
    assert shown(first(backend, "Konsole", mode="lexical")) == ("german", "de", False)


def test_every_translation_of_the_project_is_found_by_its_words(backend: Backend) -> None:
    translated = [
        (practice, language, translation)
        for practice in read_corpus(ENTRIES).practices.values()
        for language, translation in practice.translations.items()
    ]
    assert len(translated) >= 14
    for practice, language, translation in translated:
        (*_, does) = translation.title.partition(":")
        hits = backend.search(Query(does, mode="lexical", limit=3)).hits
        assert (practice.id, language, True) in [shown(hit) for hit in hits], does


# --- what stays as it is ---------------------------------------------------------------------------------------


def test_a_false_friend_is_not_found(make_backend: MakeBackend) -> None:
    """German "fast" is "nearly"."""
    hits = make_backend(REPORT, GAMES).search(Query("fast", mode="lexical")).hits
    assert [hit.id for hit in hits] == ["games"]


@pytest.mark.parametrize("mode", ["lexical", "dense"])
def test_english_is_scored_as_without_translations(make_backend: MakeBackend, mode: str) -> None:
    """A name that the translations repeat counts once."""

    def scores(*documents: Document) -> dict[str, float]:
        hits = make_backend(*documents).search(Query("clickandstop reports by phone", mode=mode, limit=9)).hits  # type: ignore[arg-type]
        return {hit.id: hit.score for hit in hits}

    with_them, without = scores(REPORT, GAMES), scores(replace(REPORT, translations={}), GAMES)
    assert with_them == pytest.approx(without, abs=1e-5)


def test_what_is_similar_does_not_depend_on_translations(make_backend: MakeBackend) -> None:
    others = [replace(GAMES, id=f"games-{number}", summary=f"Reports by phone {number}.") for number in range(3)]
    before = make_backend(replace(REPORT, translations={}), *others).similar("report")
    after = make_backend(REPORT, *others).similar("report")
    assert [(hit.id, hit.score) for hit in after] == [(hit.id, hit.score) for hit in before]


def test_words_of_translations_are_no_words_of_the_base(make_backend: MakeBackend) -> None:
    """Else slips in English would be put right to German, and German be taken for English."""
    with make_backend(REPORT, GAMES)._snapshot() as snapshot:
        assert "reporting" in snapshot.vocabulary
        assert "meldestelle" not in snapshot.vocabulary
        assert snapshot.layout.languages == ("en",)
        assert snapshot.layout.translated == ("de", "fr")


def test_a_word_of_a_translation_is_no_slip(make_backend: MakeBackend) -> None:
    plain = replace(REPORT, id="plain", translations={}, summary="Hinweisen is no word here, and neither is it there.")
    results = make_backend(REPORT, GAMES, plain).search(Query("Hinweise", mode="lexical"))
    assert results.understood.corrected is None
    assert "report" in [hit.id for hit in results.hits]


def test_a_new_translation_is_found_and_an_old_one_gone(make_backend: MakeBackend) -> None:
    make_backend(REPORT, GAMES)
    changed = replace(REPORT, translations={"de": Translation("clickandstop: Anlaufstelle", "Man kann hier anrufen.")})
    backend = make_backend(changed, GAMES)
    assert backend.search(Query("Meldestelle", mode="lexical", exact=True)).total == 0
    assert shown(first(backend, "Anlaufstelle", mode="lexical", exact=True)) == ("report", "de", True)


# --- suggestions -----------------------------------------------------------------------------------------------


def test_a_practice_is_suggested_by_any_title_and_shown_by_that_of_the_reader(make_backend: MakeBackend) -> None:
    backend = make_backend(REPORT, GAMES)
    german = REPORT.translations["de"].title
    (found,) = backend.suggest("meldest", language="de")
    assert (found.id, found.label, found.language, found.matched) == ("report", german, "de", None)
    (found,) = backend.suggest("meldest")
    assert (found.label, found.language, found.matched) == (REPORT.title, "en", german)
    (found,) = backend.suggest("clickand", language="de")
    assert found.label == german


# --- by meaning, with the model that is shipped ----------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(compiled_default: Path) -> Encoder:
    return load_encoder(DEFAULT_MODEL, compiled_default)


def test_meaning_crosses_languages_both_ways(make_backend: MakeBackend, reader: Encoder) -> None:
    """No word of a question stands in what it finds."""
    others = (
        Document(id="cooking", title="Soup: how to cook it", summary="Cut the vegetables and boil them in water."),
        Document(
            id="trains", title="Rail: when trains run", summary="The timetable of the railway between the cities."
        ),
        Document(
            id="gaming",
            title="Spielzeit: Eltern begrenzen Videospiele",
            language="de",
            summary="Mütter und Väter stellen ein, wie viele Stunden ihre Kinder täglich spielen dürfen.",
        ),
    )
    # The words in English say nothing of what it is about, so that only the translation can be found.
    named = replace(
        REPORT,
        title="Click: it",
        summary="Two of these have it.",
        sections=(),
        translations={
            "de": Translation("Klick: eine Beschwerdestelle", "Man meldet dort Missbrauch von Kindern im Netz.")
        },
    )
    backend = make_backend(named, *others, using=reader)
    assert shown(first(backend, "Wo kann ich sexuelle Gewalt im Internet anzeigen?", mode="dense")) == (
        "report",
        "de",
        True,
    )
    english = first(backend, "how do I limit the hours that my daughter spends on video games", mode="dense")
    assert shown(english) == ("gaming", "de", False)
