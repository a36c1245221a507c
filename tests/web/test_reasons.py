"""What the pages say about why a result is there: what the search itself gives as reasons, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from kb.backends import Backend
from kb.types import Query

if TYPE_CHECKING:
    from tests.web.conftest import GetPage

QUESTIONS = ["cyberbullying in class", "Cybermobbing in der Klasse", '"report remove"', "-school bullying"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_result_names_the_words_it_was_found_by(question: str, backend: Backend, get_page: GetPage) -> None:
    hits = backend.search(Query(question)).hits
    shown = get_page(f"/search?q={quote(question)}").with_class("hit")
    assert len(shown) == len(hits)
    assert any(hit.why.words for hit in hits)
    for article, hit in zip(shown, hits, strict=True):
        assert [bold.text for bold in article.with_class("why")[0].all("b")] == [w.word for w in hit.why.words]


def test_a_bridge_is_named_where_the_practice_has_it_and_nowhere_else(backend: Backend, get_page: GetPage) -> None:
    hits = backend.search(Query("Cybermobbing in der Klasse")).hits
    reasons = get_page(f"/search?q={quote('Cybermobbing in der Klasse')}").with_class("why")
    carried = [any(c.id == "cyberbullying" for c in hit.why.concepts) for hit in hits]
    assert any(carried)
    assert ["/topics/cyberbullying" in [a.attributes["href"] for a in why.all("a")] for why in reasons] == carried


def test_a_translation_stands_beside_the_word_it_stands_for(get_page: GetPage) -> None:
    page = get_page(f"/de/search?q={quote('Cybermobbing in der Klasse')}")
    told = next(why for why in page.with_class("why") if any(bold.text == "Cybermobbing" for bold in why.all("b")))
    assert "Cybermobbing (cyberbullying)" in told.text
    assert next(span.text for span in told.all("span", lang="en")) == "cyberbullying"
    assert not told.all("b")[0].attributes.get("lang")


def test_words_of_another_language_are_marked_as_such(get_page: GetPage) -> None:
    page = get_page(f"/search?q={quote('Cybermobbing in der Klasse')}")
    words = [bold for why in page.with_class("why") for bold in why.all("b")]
    assert words
    assert {bold.attributes.get("lang") for bold in words} == {"de"}
    assert not get_page("/search?q=bullying").with_class("why")[0].one("b").attributes.get("lang")
