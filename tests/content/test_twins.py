"""Shared passages and near-twins, by arithmetic on made-up words."""
# ruff: noqa: E501 - a case a line, so that tables can be read as such

from __future__ import annotations

import time
from random import Random

import pytest

from kb.content.twins import Text, check_twins
from tests.content.conftest import BODY_LINE, Entries


def words(start: int, count: int) -> str:
    """``count`` words that occur nowhere else: w<start>, w<start+1> ..."""
    return " ".join(f"w{number}" for number in range(start, start + count))


def _sometimes(random: Random, common: list[str]) -> str:
    """A common word three times out of ten, else one that is not used again."""
    return random.choice(common) if random.random() < 0.3 else f"x{random.random()}"


def told(*bodies: str) -> list[str]:
    texts = [Text(f"{name}.md", body) for name, body in zip("abcdef", bodies, strict=False)]
    return [str(problem) for problem in check_twins(texts)]


def test_twelve_words_in_a_row_are_told_at_both_places() -> None:
    shared = words(0, 12)
    assert told(f"{words(100, 40)}\n\n{shared} {words(200, 40)}", f"{words(300, 40)} {shared}") == [
        'b.md:1: warning: 12 words in a row as in a.md: "w0 w1 w2 w3 w4 w5 ..."; tell it in one of the two, or in other words',
        'a.md:3: warning: 12 words in a row as in b.md: "w0 w1 w2 w3 w4 w5 ..."; tell it in one of the two, or in other words',
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "length"),
    [
        (words(0, 11), words(0, 11), 0),  # one word short
        (words(0, 20), words(0, 20), 20),
        (words(0, 14) + " x " + words(20, 16), words(0, 14) + " y " + words(20, 16), 16),  # the longest counts
        (words(0, 12), words(0, 12).upper().replace(" ", ",  "), 12),  # case and punctuation do not count
        (words(0, 6) + "[^a] " + words(6, 6), words(0, 12), 12),  # footnotes do not count
        ("[" + words(0, 6) + "](https://x.org/a-b) " + words(6, 6), words(0, 12), 12),
        (f"<!-- {words(0, 20)} -->", f"<!-- {words(0, 20)} -->", 0),  # nor do comments
        (words(0, 6) + "\n\n## Heading\n\n" + words(6, 6), words(0, 12), 12),  # nor do headings
        (f"{words(0, 6)} don't {words(6, 6)}", f"{words(0, 6)} don\u2019t {words(6, 6)}", 13),
    ],
)
def test_how_long_a_shared_passage_is(one: str, other: str, length: int) -> None:
    found = told(f"{words(100, 60)} {one}", f"{words(300, 60)} {other}")
    assert len(found) == (2 if length else 0)
    assert all(f": warning: {length} words in a row" in problem for problem in found)


def test_a_passage_within_one_text_is_no_problem() -> None:
    assert told(f"{words(0, 20)} {words(0, 20)}") == []


def test_a_copy_with_every_tenth_word_changed_is_a_near_twin() -> None:
    original = words(0, 200).split()
    copy = [f"changed{number}" if number % 10 == 0 else word for number, word in enumerate(original)]
    found = told(" ".join(original), " ".join(copy))
    # Of 198 shingles of three words each changed word spoils three, the first one: 198 - 19 * 3 - 1.
    share = f"{(198 - 58) / 198:.0%}"
    assert found == [
        f"b.md:1: warning: much the same text as a.md ({share} of the word sequences); merge the two, or tell how they differ",
        f"a.md:1: warning: much the same text as b.md ({share} of the word sequences); merge the two, or tell how they differ",
    ]  # fmt: skip


def test_a_text_inside_a_longer_one_is_a_near_twin() -> None:
    assert "much the same text" in told(words(0, 60), words(0, 600))[0]


def test_texts_about_the_same_thing_are_no_twins() -> None:
    common = ["children", "harm", "online", "can", "call", "a", "helpline", "and", "talk", "to", "somebody"]
    random = Random(1)
    bodies = [" ".join(_sometimes(random, common) for _ in range(200)) for _ in range(4)]
    assert told(*bodies) == []


def test_short_texts_are_not_compared() -> None:
    assert told(words(0, 11), words(0, 11)) == []


def test_a_hundred_copies_take_no_square_of_time() -> None:
    texts = [Text(f"{number}.md", words(0, 300)) for number in range(1000)]
    began = time.perf_counter()
    found = list(check_twins(texts))
    assert time.perf_counter() - began < 10
    assert {problem.path for problem in found} == {text.path for text in texts}
    assert len(found) < 20 * len(texts)


def test_kb_check_warns_of_both(entries: Entries) -> None:
    passage = " ".join(f"word{number}" for number in range(12))
    entries.practice("one", body=f"## What it is\n\n{words(0, 60)} {passage}.[^a]\n")
    entries.practice("two", body=f"## What it is\n\n{words(100, 60)}\n\n{passage}[^a] and more.\n")
    corpus = entries.read()
    assert [(problem.path, problem.line, problem.severity) for problem in corpus.problems] == [
        ("practices/one.md", BODY_LINE + 2, "warning"),
        ("practices/two.md", BODY_LINE + 4, "warning"),
    ]
    assert set(corpus.practices) == {"one", "two"}
