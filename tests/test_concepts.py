"""A query in another language is understood through the labels of the taxonomy."""

import json

import pytest

from kb.backends import Backend
from kb.content.model import Taxonomy
from kb.types import FACETS, Document, Query, Understanding
from kb.understanding.alignment import Pair, align
from kb.understanding.concepts import Glossaries
from kb.understanding.query import parse
from tests.conftest import REPOSITORY, MakeBackend

JUDGED = [
    json.loads(line) for line in (REPOSITORY / "tests" / "quality" / "queries.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(
    ("text", "language", "concept"),
    [
        ("Cybermobbing in der Klasse", "de", "cyberbullying"),
        ("vérification de l'âge", "fr", "age-assurance"),
        ("la vérification de l’âge sur les sites", "fr", "age-assurance"),
        ("kontrola rodzicielska", "pl", "parental-controls"),
        ("control parental en el móvil", "es", "parental-controls"),
        ("adescamento di minori in chat", "it", "grooming"),
        ("ouderlijk toezicht op de telefoon", "nl", "parental-controls"),
        ("nätmobbning i skolan", "sv", "cyberbullying"),
        ("nettikiusaaminen koulussa", "fi", "cyberbullying"),
        ("ciberbullying na escola", "pt", "cyberbullying"),
        ("γονικός έλεγχος στο κινητό", "el", "parental-controls"),
        ("родителски контрол за телефон", "bg", "parental-controls"),
        ("kyberšikana ve škole", "cs", "cyberbullying"),
        ("szülői felügyelet a telefonon", "hu", "parental-controls"),
    ],
)
def test_a_query_names_concepts_in_its_own_language(backend: Backend, text: str, language: str, concept: str) -> None:
    results = backend.search(Query(text, limit=1000))
    named = [found for found in results.understood.concepts if found.id == concept]
    assert results.understood.language == language
    assert [(found.facet, found.label) for found in named] == [("topic", backend.label("topic", concept))]
    tagged = {hit.id for hit in results.hits[:10] if hit.practice and concept in hit.practice.topics}
    assert len(tagged) >= 3
    assert backend.search(Query(text, limit=1000)) == results
    exact = backend.search(Query(text, exact=True))
    assert exact.understood == Understanding()


@pytest.mark.parametrize("query", [row for row in JUDGED if row["language"] == "en"], ids=lambda row: row["_id"])
def test_english_stays_as_it_is(backend: Backend, query: dict[str, str]) -> None:
    """Unless a word occurs nowhere: it is a slip, or a word of another language."""
    usual = backend.search(Query(query["text"], mode="lexical"))
    if not usual.understood.corrected and not usual.understood.concepts and query["type"] != "misspelling":
        assert usual.understood.language == "en"
        exact = backend.search(Query(query["text"], mode="lexical", exact=True))
        assert (usual.hits, usual.facets, usual.total) == (exact.hits, exact.facets, exact.total)
    else:
        occurring = {form for forms in parse(query["text"], ["en"]).terms for form in forms}
        with backend._snapshot() as snapshot:
            assert occurring - snapshot.occurring(sorted(occurring))


def test_a_word_of_another_language_in_an_english_question(backend: Backend) -> None:
    results = backend.search(Query("teacher training cybermobbing"))
    assert results.understood.language == "en"
    assert [concept.id for concept in results.understood.concepts] == ["cyberbullying"]


@pytest.mark.parametrize(
    "text",
    [
        "Elternzeit für Väter beantragen",
        "Wie hoch ist der Mindestlohn für Pflegekräfte?",
        "ricetta delle lasagne",
        "horaires d'ouverture du musée du Louvre",
        "¿Cómo pido una beca de comedor escolar para mi hija?",
        "objawy grypy u dorosłych",
        "recept voor erwtensoep",
    ],
)
def test_what_nothing_answers_in_another_language_is_no_strong_match(backend: Backend, text: str) -> None:
    """Words that are in no dictionary and in no document count against what holds the others."""
    results = backend.search(Query(text, limit=50))
    assert results.understood.language not in ("en", None)
    assert "strong" not in {hit.band for hit in results.hits}


def test_slips_in_english_are_not_taken_for_another_language(backend: Backend) -> None:
    """One of the three words stands in a French label; the other two are English, with a slip in each."""
    understood = backend.search(Query("sextorsion polise campain")).understood
    assert (understood.language, understood.corrected) == ("en", "sextorsion police campaign")
    assert [concept.id for concept in understood.concepts] == ["sextortion"]


def test_words_of_labels_are_understood_one_by_one(backend: Backend) -> None:
    """No label says "ask parents for help"; its words stand in labels all the same."""
    results = backend.search(Query("Eltern um Hilfe bitten", mode="lexical", limit=100))
    assert results.understood.language == "de"
    marked = {hit.passage.text[a:b].lower() for hit in results.hits for a, b in hit.passage.highlights}
    assert {"parents", "help"} <= marked


def test_unlikely_translations_are_neither_told_nor_marked(backend: Backend) -> None:
    """Some words of the base are nearer to "Kürbis" (pumpkin) than others, but none is likely to mean it."""
    results = backend.search(Query("Wo wächst der schönste Kürbis?", limit=100))
    assert results.understood == Understanding(language="de")
    assert results.fitting == 0
    assert not any(hit.passage.highlights for hit in results.hits)


def test_phrases_and_exclusions_hold_in_every_language(backend: Backend) -> None:
    results = backend.search(Query('Cybermobbing in der Klasse -"social media"', limit=1000))
    assert results.understood.concepts
    assert results.total
    for hit in results.hits:
        assert hit.practice
        assert "social media" not in hit.practice.summary.lower()
    assert backend.search(Query('"Cybermobbing in der Klasse"')).total == 0


def test_a_base_without_labels_has_nothing_to_bridge(make_backend: MakeBackend) -> None:
    backend = make_backend(Document(id="a", title="Cyberbullying at school"))
    assert backend.search(Query("Cybermobbing in der Schule")).understood == Understanding()


@pytest.mark.parametrize(
    "text",
    ["Eltern " * 280, "é" * 2000, "Kinder\x00Jugendliche", "\u202eслабо", "l'l'l'l'âge", "''' ’’’", "die die die"],
)
@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
def test_hostile_texts_are_read(backend: Backend, text: str, mode: str) -> None:
    results = backend.search(Query(text, mode=mode, limit=1000))  # type: ignore[arg-type]
    assert results.total == len(results.hits)
    assert all(concept.facet in FACETS for concept in results.understood.concepts)


def test_the_longest_label_wins(backend: Backend) -> None:
    glossary = Glossaries(backend.taxonomy()).glossary("de")
    label = next(terms for terms in sorted(glossary.labels) if len(terms) > 1 and terms[:1] in glossary.labels)
    assert list(glossary.named(["x", *label, "y", label[0]])) == [
        (1, 1 + len(label), glossary.labels[label]),
        (2 + len(label), 3 + len(label), glossary.labels[label[:1]]),
    ]


def test_an_inflected_word_is_that_of_its_nearest_kin(backend: Backend) -> None:
    glossary = Glossaries(backend.taxonomy()).glossary("pl")
    assert "rodzic" in glossary.dictionary
    assert "rodzicielstwem" not in glossary.dictionary
    assert glossary.translations("rodzicielstwem")
    assert glossary.translations("zzzz") == ()


def test_no_taxonomy_teaches_nothing() -> None:
    nothing = Glossaries(Taxonomy({}))
    assert not nothing
    assert nothing.languages_of("kind") == ()
    assert nothing.glossary("de").translations("kind") == ()
    assert list(nothing.glossary("de").named(["kind"])) == []


def test_words_that_stand_together_translate_each_other() -> None:
    found = align(
        [
            Pair(("kontrola", "rodzicielska"), ("parental", "control")),
            Pair(("kontrola", "wieku"), ("age", "control")),
            Pair(("wieku",), ("age",)),
            Pair((), ("nothing",)),
            Pair(("nic",), ()),
        ]
    )
    assert found["kontrola"][0][0] == "control"
    assert found["rodzicielska"][0][0] == "parental"
    assert found["wieku"][0][0] == "age"
    for options in found.values():
        assert sum(probability for _, probability in options) == pytest.approx(1)
        assert [p for _, p in options] == sorted((p for _, p in options), reverse=True)
    assert align([]) == align([Pair((), ())]) == {}


def test_what_is_trusted_more_counts_more() -> None:
    found = align([Pair(("a",), ("x",), 3.0), Pair(("a",), ("y",), 1.0)])
    assert [english for english, _ in found["a"]] == ["x", "y"]
