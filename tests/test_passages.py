import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.passages import cut, pieces
from kb.types import Document, Section
from tests.conftest import FakeEncoder

ENCODER = FakeEncoder()


def tokens(text: str) -> int:
    return len(ENCODER.token_offsets(text))


def test_a_document_is_cut_at_its_headings() -> None:
    document = Document(
        id="a",
        title="Name: what it does",
        summary="In short.",
        sections=(Section(("What it is",), "First."), Section(("Results", "In 2020"), "Second.")),
        questions=("Who helps?",),
    )
    assert [(p.kind, p.heading, p.text, p.encoded_text) for p in cut(document, ENCODER)] == [
        ("summary", (), "In short.", "Name: what it does\nIn short."),
        ("body", ("What it is",), "First.", "Name: what it does - What it is\nFirst."),
        ("body", ("Results", "In 2020"), "Second.", "Name: what it does - Results - In 2020\nSecond."),
        ("question", (), "Who helps?", "Who helps?"),
        ("title", (), "Name: what it does", "Name: what it does"),
    ]


def test_there_is_always_a_passage_that_is_no_question() -> None:
    assert [(p.kind, p.text) for p in cut(Document(id="a", title=""), ENCODER)] == [("body", "")]
    kinds = [p.kind for p in cut(Document(id="a", title="T", questions=("Q?",)), ENCODER)]
    assert kinds == ["body", "question", "title"]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("one two.\n\nthree four.", 100, ["one two.\n\nthree four."]),
        ("one two.\n\nthree four.", 4, ["one two.", "three four."]),
        ("One two. Three four five. Six.", 6, ["One two.", "Three four five. Six."]),
        ("a b c d e f g", 3, ["a b c", "d e f", "g"]),
        ("x" * 100, 3, ["x" * 36, "x" * 36, "x" * 28]),
        ("", 3, []),
        (" \n\n ", 3, []),
    ],
)
def test_pieces_are_cut_at_the_best_places(text: str, most: int, expected: list[str]) -> None:
    assert pieces(text, most, ENCODER) == expected


@given(st.text(alphabet="ab .!\n\u00e9世", max_size=400), st.integers(min_value=1, max_value=20))
def test_pieces_lose_nothing_and_fit(text: str, most: int) -> None:
    found = pieces(text, most, ENCODER)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(tokens(piece) <= most for piece in found)


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3))
def test_passages_fit_the_model(title: str, texts: list[str]) -> None:
    document = Document(id="a", title=title, sections=tuple(Section((title,), text) for text in texts))
    for passage in cut(document, ENCODER):
        if passage.kind == "title":
            continue  # what the model cannot read of a title it leaves out
        assert tokens(passage.encoded_text) <= ENCODER.max_tokens


def test_a_title_too_long_for_the_model_leaves_room_for_the_text() -> None:
    document = Document(id="a", title="word " * 500, sections=(Section(("heading " * 300,), "needle in the text"),))
    passage, _ = cut(document, ENCODER)
    assert passage.encoded_text.endswith("\nneedle in the text")
    assert tokens(passage.context) == ENCODER.max_tokens // 2
