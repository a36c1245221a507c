"""The pieces that are made in Python: what they say, and that no text of others becomes markup."""

import pytest
from flask import Flask
from markupsafe import Markup

from web import pieces

HOSTILE = "<script>\"'&"
ESCAPED = "&lt;script&gt;&#34;&#39;&amp;"


def test_a_title_has_its_proper_name_apart() -> None:
    assert pieces.title("Report Remove: takes a picture down") == (
        '<span class="title-name">Report Remove<span class="title-colon">:</span></span> '
        '<span class="title-rest">takes a picture down</span>'
    )
    assert pieces.title("Report Remove") == "Report Remove"


@pytest.mark.parametrize("made", [pieces.title(HOSTILE), pieces.title(f"{HOSTILE}: {HOSTILE}")])
def test_a_title_is_text(made: Markup) -> None:
    assert HOSTILE not in made
    assert ESCAPED in made


def test_a_tag_is_a_link_and_a_strand_has_its_colour() -> None:
    assert pieces.tag("topic", "help", "/topics/help", "Help & more") == (
        '<a class="tag" href="/topics/help">Help &amp; more</a>'
    )
    assert 'class="tag tag-strand is-awareness"' in pieces.tag("strand", "awareness", "/strands/awareness", "Awareness")


def test_a_fragment_in_another_language_says_so() -> None:
    assert pieces.lang("en", "de") == ' lang="de"'
    assert pieces.lang("de", "de") == pieces.lang("en", None) == ""
    assert pieces.back("en", "de") == ' lang="en"'
    assert pieces.back("de", "de") == pieces.back("en", None) == ""


def test_a_value_can_be_ticked(app: Flask) -> None:
    with app.test_request_context():
        made = pieces.tick("en", "topic", "help", HOSTILE, 1204, selected=True)
        left = pieces.tick("en", "topic", "help", "Help", 2, selected=False)
    assert HOSTILE not in made
    assert f'<label for="topic-help">{ESCAPED} ' in made
    assert 'name="topic" id="topic-help" value="help" checked>' in made
    assert "1,204" in made
    assert " checked" not in left
