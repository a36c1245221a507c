"""What is suggested while somebody types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kb.backends import Backend
from kb.content.model import Concept, Label, Organisation, Practice, Scheme, Taxonomy
from kb.suggestions import LONGEST, MOST, Suggestion, Suggestions
from kb.types import Hit, HitPassage, NamedConcept, Query, Results, Why


def concept(id: str, english: str, german: str | None = None, *others: str) -> Concept:
    preferred = {"en": Label(english, "test")} | ({"de": Label(german, "test")} if german else {})
    return Concept("topic", id, preferred, {"en": tuple(Label(text, "test") for text in others)})


TOPICS = (
    concept("bullying", "Cyberbullying", "Cybermobbing", "online bullying", "mobbing"),
    concept("control", "Parental controls", "Jugendschutzeinstellungen", "parent settings"),
    concept("agecheck", "Age verification", "Altersverifikation"),
    concept("unused", "Parental leave"),
)
MADE = Suggestions(
    Taxonomy({"topic": Scheme("topic", {}, TOPICS)}),
    {
        "e-enfance": Organisation("e-enfance", "e-Enfance", "ngo", "FR", aliases=("Association e-Enfance",)),
        "idle": Organisation("idle", "Enfance idle", "ngo", "FR"),
    },
    {"topic": ("agecheck", "bullying", "control"), "country": ("DE",), "organisation": ("e-enfance",)},
    (
        ("boxes", False, "Quiet Hours: an app that pauses notifications", "en"),
        ("boxes", True, "How can parents pause notifications at night?", "en"),
        ("other", True, "How can parents pause notifications at night?", "en"),
        ("other", True, "What do parental controls miss?", "en"),
    ),
)


def found(text: str, language: str = "en") -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in MADE.find(text, language=language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("par", [("concept", "control"), ("question", "other"), ("question", "boxes")]),
        ("PÄR", [("concept", "control"), ("question", "other"), ("question", "boxes")]),  # folded
        ("controls par", [("concept", "control"), ("question", "other")]),  # words in any order
        ("arental", []),  # not within a word
        ("verif age", [("concept", "agecheck")]),
        ("mobb", [("concept", "bullying")]),  # by another name
        ("germ", [("concept", "DE")]),
        ("pause not", [("question", "boxes"), ("practice", "boxes")]),
        ("enf", [("organisation", "e-enfance")]),  # the other has no practice
        ("leave", []),  # a concept that nothing carries
        ("p", []),
        ("", []),
        ("  \x00 ", []),
        ('"*%_', []),
        ("x" * (LONGEST + 1), []),
    ],
)
def test_words_are_completed(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_concepts_go_by_their_names_in_the_language_of_the_page_and_in_english() -> None:
    assert found("jugendschutz", "de") == [("concept", "control")]
    assert found("jugendschutz") == []
    assert MADE.find("parental c", language="de")[0] == Suggestion(
        "concept", "control", "Jugendschutzeinstellungen", facet="topic", matched="Parental controls"
    )


def test_what_was_typed_is_marked() -> None:
    (first, *_) = MADE.find("contr pare")
    assert first == Suggestion("concept", "control", "Parental controls", ((0, 4), (9, 14)), facet="topic")
    accented = Suggestions(Taxonomy({}), {}, {}, [("a", False, "ﬁne Straße", "de")])
    (found,) = accented.find("fi stras")
    assert found.language == "de"
    assert found.spans == ((0, 3), (4, 10))  # folded words have other lengths: all is marked


def test_near_concepts_are_named_in_part_or_carried_by_what_comes_near(backend: Backend) -> None:
    nearest = Hit(
        id="x",
        title="X",
        score=0.1,
        band="weak",
        passage=HitPassage((), ""),
        why=Why(0, 1),
        practice=_carrying(backend),
    )
    results = Results(Query("verification of pensioners"), 1, (nearest,), {}, 1)
    assert MADE.near(results) == (
        NamedConcept("topic", "agecheck", "Age verification"),
        NamedConcept("topic", "bullying", "Cyberbullying"),
    )
    assert MADE.near(Results(Query("zzz"), 0, (), {}, 1)) == ()


def _carrying(backend: Backend) -> Practice:
    (hit,) = backend.search(Query(limit=1)).hits
    assert hit.practice
    return replace(hit.practice, topics=("bullying", "unused"))


def test_the_real_base_suggests_what_leads_somewhere(backend: Backend) -> None:
    for text in ("cyberb", "how can", "micro", "parent"):
        suggested = backend.suggest(text)
        assert suggested
        for kind, most in MOST.items():
            assert sum(one.kind == kind for one in suggested) <= most
        for one in suggested:
            if one.kind == "concept":
                assert one.facet
                assert backend.search(Query(filters={one.facet: (one.id,)}, limit=0)).total
            elif one.kind == "organisation":
                assert backend.organisation(one.id)
            else:
                assert backend.practice(one.id)
