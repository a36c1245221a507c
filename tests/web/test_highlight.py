"""Spans become ``<mark>`` in one place, and nothing else in a text becomes markup."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.excerpt import excerpt
from kb.types import HitPassage
from web.templating import bulleted, highlight

TABLE = [
    ("keep safe", [(0, 4)], "<mark>keep</mark> safe"),
    ("keep safe", [], "keep safe"),
    ("", [], ""),
    ("<b>&\"'", [(0, 3)], "<mark>&lt;b&gt;</mark>&amp;&#34;&#39;"),
    ("abcdef", [(4, 6), (0, 2)], "<mark>ab</mark>cd<mark>ef</mark>"),  # out of order
    ("abcdef", [(0, 4), (2, 6)], "<mark>abcd</mark><mark>ef</mark>"),  # overlapping
    ("abc", [(1, 99), (-5, 0), (2, 1)], "a<mark>bc</mark>"),  # outside, empty, backwards
    ("😀 ok", [(2, 4)], "😀 <mark>ok</mark>"),  # offsets are code points
]


@pytest.mark.parametrize(("text", "spans", "expected"), TABLE)
def test_highlight(text: str, spans: list[tuple[int, int]], expected: str) -> None:
    assert str(highlight(text, spans)) == expected


def test_an_item_of_a_list_has_a_bullet_and_marks_stay_where_they_are() -> None:
    text = "It grew - a lot:\n- one-off grants\n-5 more"
    assert bulleted(text) == "It grew - a lot:\n• one-off grants\n-5 more"
    assert "<mark>one-off</mark>" in highlight(bulleted(text), [(text.index("one"), text.index(" grants"))])


texts = st.text(max_size=200) | st.text("<>&\"'/ abmrk", max_size=60)
spans = st.lists(st.tuples(st.integers(-5, 210), st.integers(-5, 210)), max_size=12)


@given(texts, spans)
def test_the_text_comes_out_as_it_went_in(text: str, found: list[tuple[int, int]]) -> None:
    html = str(highlight(text, found))
    without_marks = html.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in without_marks
    assert ">" not in without_marks
    assert html.count("<mark>") == html.count("</mark>")
    assert unescape(without_marks) == text if "\r" not in text and "\x00" not in text else True


def passages(words: list[str], marked: list[int]) -> HitPassage:
    text, highlights = "", []
    for number, word in enumerate(words):
        if text:
            text += " "
        if number in marked:
            highlights.append((len(text), len(text) + len(word)))
        text += word
    return HitPassage((), text, tuple(highlights))


made_passages = st.builds(
    passages,
    st.lists(st.text("abcdé😀", min_size=1, max_size=60), max_size=150),
    st.lists(st.integers(0, 150), max_size=20),
)


@given(made_passages, st.integers(40, 400))
def test_an_excerpt_is_a_part_of_its_passage_with_the_same_words_marked(found: HitPassage, width: int) -> None:
    shown = excerpt(found, width)
    at = found.text.find(shown.text)
    assert at >= 0
    assert len(shown.text) <= width
    assert shown.cut_before or found.text.startswith(shown.text)
    assert shown.cut_after or found.text.endswith(shown.text)
    marked_in_passage = {found.text[start:end] for start, end in found.highlights}
    for start, end in shown.spans:
        assert 0 <= start < end <= len(shown.text)
        assert shown.text[start:end] in marked_in_passage


@given(made_passages, st.integers(100, 400))
def test_an_excerpt_shows_a_marked_word_if_there_is_one(found: HitPassage, width: int) -> None:
    assert bool(excerpt(found, width).spans) == bool(found.highlights)


def test_a_short_passage_is_shown_whole() -> None:
    found = HitPassage((), "Short enough.", ((0, 5),))
    shown = excerpt(found)
    assert (shown.text, shown.spans, shown.cut_before, shown.cut_after) == (found.text, found.highlights, False, False)


def test_an_excerpt_goes_where_most_words_are_marked() -> None:
    found = passages(
        ["lone"] + ["filler"] * 80 + ["strangers", "messaging", "children"] + ["filler"] * 80, [0, 81, 82, 83]
    )
    shown = excerpt(found, 120)
    assert [shown.text[start:end] for start, end in shown.spans] == ["strangers", "messaging", "children"]
    assert shown.cut_before
    assert shown.cut_after
