from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from kb.backends import Backend
from kb.types import Hit, HitPassage, NamedConcept, Query, Understanding, Why
from web.reasons import bridges, matched_words

if TYPE_CHECKING:
    from tests.web.conftest import GetPage


def hit(text: str = "", *spans: tuple[int, int]) -> Hit:
    return Hit("x", "X", 0.5, "fair", HitPassage((), text, spans), Why(0.5, 0.5))


def test_a_word_is_named_once() -> None:
    assert matched_words(hit("Bullying, bullied: BULLYING", (0, 8), (10, 17), (19, 27))) == ["Bullying", "bullied"]
    assert matched_words(hit("nothing")) == []


def test_a_bridge_is_a_concept_that_both_have(backend: Backend) -> None:
    (found,) = backend.search(Query(filters={"topic": ("cyberbullying",)}, limit=1)).hits
    assert found.practice
    own = next(topic for topic in found.practice.topics)
    concepts = (
        NamedConcept("topic", own, "Own"),
        NamedConcept("topic", "no-such", "Other"),
        NamedConcept("kind", own, "K"),
    )
    assert bridges(found, Understanding(concepts=concepts)) == [concepts[0]]
    assert bridges(hit(), Understanding(concepts=concepts)) == []


def test_the_reasons_are_on_the_page(get_page: GetPage) -> None:
    page = get_page(f"/search?q={quote('Cybermobbing in der Klasse')}")
    assert any("Cyberbullying" in reason.text for reason in page.with_class("why"))
    english = get_page("/search?q=cyberbullying")
    marked = {mark.text.casefold() for mark in english.with_class("hit")[0].all("mark")}
    assert marked
    assert all(word in english.with_class("why")[0].text.casefold() for word in marked)
