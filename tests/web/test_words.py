from __future__ import annotations

import pytest

from kb.content.model import Ages
from kb.types import Why
from web import words
from web.pieces import split_title
from web.templating import host, lower_first

TABLE = [
    (words.counted(0, "practice"), "0 practices"),
    (words.counted(1, "practice"), "1 practice"),
    (words.counted(1204, "practice"), "1,204 practices"),
    (words.counted(2, "country", "countries"), "2 countries"),
    (words.joined([]), ""),
    (words.joined(["a"]), "a"),
    (words.joined(["a", "b"]), "a and b"),
    (words.either(["a", "b", "c"]), "a, b or c"),
    (words.day("2017-02-07"), "7 February 2017"),
    (words.day("2017"), "2017"),
    (words.day("2017-02-31"), "2017-02-31"),  # no such day: shown as written
    (words.ages(Ages(8, 12)), "8 to 12"),
    (words.ages(Ages(0, 17)), "up to 17"),
    (words.ages(Ages(None, 17)), "up to 17"),
    (words.ages(Ages(13, None)), "13 and over"),
    (words.ages(Ages(9, 9)), "9"),
    (words.ages(Ages(8, 12, "in primary school")), "8 to 12"),
    (words.ages(Ages(note="grades 4 to 6")), ""),
    (words.ages(Ages()), ""),
    (words.shares(Why(0.375, 0.625)), (38, 62)),
    (words.shares(Why(0.0, 1.0)), (0, 100)),
    (words.shortened("short"), "short"),
    (words.shortened("one two three", 8), "one two…"),
    (words.shortened("x" * 300, 10), "xxxxxxxxxx…"),
    (split_title("Report Remove: takes a picture down"), ("Report Remove", "takes a picture down")),
    (split_title("Report Remove"), ("Report Remove", "")),
    (host("https://www.example.org/a/b"), "example.org"),
    (lower_first("Randomised trial"), "randomised trial"),
    (lower_first("NGO"), "NGO"),
]


@pytest.mark.parametrize(("found", "expected"), TABLE)
def test_words(found: object, expected: object) -> None:
    assert found == expected
