"""Front matter: what YAML means here, what is refused, and in which line."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.content import plainyaml
from kb.content.frontmatter import split
from kb.content.plainyaml import read_yaml

BILLION_LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("no", "no"),  # Norwegian, not false
        ("NO", "NO"),  # Norway
        ("on", "on"),
        ("yes", "yes"),
        ("Off", "Off"),
        ("true", True),
        ("False", False),
        ("2017-02-07", "2017-02-07"),
        ("2017", 2017),
        ("12:30:00", "12:30:00"),
        ("1_000", "1_000"),
        ("010", 10),
        ("0x10", 16),
        ("-3", -3),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("1e999", "1e999"),  # would be infinite
        ("9" * 5000, "9" * 5000),  # more digits than Python converts
        ("~", None),
        ("", None),
        ("null", None),
        ("'null'", "null"),
        ('"2017"', "2017"),
        ("[a, [b, 1]]", ["a", ["b", 1]]),
        ("{a: {b: no}}", {"a": {"b": "no"}}),
        ("|\n  two\n  lines", "two\nlines\n"),
        (">\n  folded\n  text", "folded text\n"),
    ],
)
def test_plain_values_follow_yaml_1_2(written: str, means: Any) -> None:
    tree = read_yaml(f"key: {written}\n", path="x.yaml")
    assert (tree.data, tree.problems) == ({"key": means}, ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2\n", 'x.yaml:2: "a" stands here twice (first in line 1); keep one of the two'),
        ("a:\n  b: 1\n  b: 2\n", 'x.yaml:3: "b" stands here twice (first in line 2); keep one of the two'),
        ("a: 1\nb: *a\n", "x.yaml:2: aliases are refused, found *a; write the value out"),
        (BILLION_LAUGHS, "x.yaml:1: anchors are refused, found &a; write each value out"),
        (
            "a: !!python/object:os.system x\n",
            "x.yaml:1: tags are refused, found tag:yaml.org,2002:python/object:os.system; leave",
        ),
        ("a: " + "[" * 10_000, "x.yaml:1: nested more than 12 deep; write it with fewer levels"),
        ("a:\n" + "".join("  " * n + "- \n" for n in range(100)), "x.yaml:13: nested more than 12 deep"),
        ("a: b: c\n", "x.yaml:1: not valid YAML: mapping values are not allowed in this context; put a text that"),
        ('a: 1\nb: "x\nc: d\n', "x.yaml:2: not valid YAML: found unexpected end of stream; close the quotation mark"),
        ("a: {{ title }}\n", "x.yaml:1: a key must be text, found a list or a mapping; put a text that begins"),
        ("\ta: 1\n", "x.yaml:1: not valid YAML: found character that cannot start any token; put the text in"),
        ("a: @b\n", "x.yaml:1: not valid YAML: found character that cannot start any token; put the text in"),
        ("a: [1, 2\n", "x.yaml:2: not valid YAML: did not find expected ',' or ']'; close the bracket"),
        ("a: 1\n---\nb: 2\n", 'x.yaml:2: a second YAML document begins; remove the line "---"'),
    ],
)
def test_what_is_refused_is_told_with_its_line(text: str, problem: str) -> None:
    problems = [str(found) for found in read_yaml(text, path="x.yaml").problems]
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_lines_of_keys_and_items() -> None:
    tree = read_yaml("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n", path="x.yaml", first_line=2)
    places: dict[tuple[str | int, ...], int] = {
        ("a",): 2,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 1): 5,
        ("b", 1, "c"): 5,
        ("b", 1, "d"): 6,
        ("b", 1, "missing"): 5,  # the nearest thing around it
        ("missing",): 2,
    }
    assert {place: tree.line(*place) for place in places} == places


def test_a_repeated_key_keeps_its_first_value_and_its_lines() -> None:
    tree = read_yaml("a: {b: 1}\na: {b: 2, c: [3]}\nd: 4\n", path="x.yaml")
    assert tree.data == {"a": {"b": 1}, "d": 4}
    assert tree.line("a", "b") == 1


@pytest.mark.parametrize(
    "text", ["[" * 500_000, "- " * 100_000, "a:\n" * 100_000, "{" * 1000 + "}" * 1000, "? " * 9999]
)
def test_deep_nesting_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    assert read_yaml(text, path="x.yaml").problems
    assert time.perf_counter() - began < 2


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: no\nb: [1, {c: 2017-02-07}]\nd: |\n  text\n"
    quick = read_yaml(text, path="x.yaml")
    monkeypatch.setattr(plainyaml, "_LOADER", yaml.SafeLoader)
    assert read_yaml(text, path="x.yaml") == quick


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_reading_fail(text: str) -> None:
    tree = read_yaml(text, path="x.yaml")
    assert tree.data is None or not any(problem.severity != "error" for problem in tree.problems)


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.text("abc: #-'\"[]{}\n", max_size=8))
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
)


@given(_VALUES)
@settings(max_examples=100, deadline=None)
def test_what_a_yaml_writer_writes_is_read_back(value: Any) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    # JSON-like text in quotes, so that nothing depends on which version of YAML the writer has in mind.
    text = (
        yaml.dump(value, Dumper=Plain, default_style='"') if isinstance(value, str) else yaml.dump(value, Dumper=Plain)
    )
    assert read_yaml(text, path="x.yaml").data == value


# --- files -----------------------------------------------------------------------------------------------------


def test_a_file_is_taken_apart() -> None:
    front = split("x.md", b"---\na: 1\nb: [x]\n---\n\n\n## Heading\n\nText\n\n")
    assert front.data == {"a": 1, "b": ["x"]}
    assert front.line("b", 0) == 3
    assert (front.body, front.body_line) == ("## Heading\n\nText", 7)
    assert front.problems == ()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", 'x.md:1: no front matter; begin the file with a line "---", then fields, then "---"'),
        (b"a: 1\n", 'x.md:1: no front matter; begin the file with a line "---", then fields, then "---"'),
        (b"\n---\na: 1\n---\n", 'x.md:1: no front matter; begin the file with a line "---", then fields, then "---"'),
        (b"---\na: 1\n", 'x.md:1: the front matter does not end; close it with a line "---"'),
        (b"---\n---\n", 'x.md:1: the front matter has no fields; write lines like "title: ..."'),
        (b"---\n- a\n---\n", 'x.md:2: the front matter has no fields; write lines like "title: ..."'),
        (b"---\na: 1\nb: \xe9\n---\n", "x.md:3: not UTF-8 (byte 0xe9); save it as UTF-8"),
        ("---\na: 1\n---\n".encode("utf-16"), "x.md:1: not UTF-8 but UTF-16; save it as UTF-8"),
        (b"---\na: \x00\n---\n", "x.md:2: invisible character U+0000; remove it"),
        ("---\na: 1\n---\n\nx\u2028y\n".encode(), "x.md:5: invisible character U+2028; remove it"),
        (b"\xef\xbb\xbf---\na: 1\n---\n", "x.md:1: warning: begins with a byte order mark; save it as UTF-8 without"),
    ],
)
def test_a_file_that_is_not_right(data: bytes, problem: str) -> None:
    problems = [str(found) for found in split("x.md", data).problems]
    assert len(problems) == 1
    assert problems[0].startswith(problem)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_of_any_system(end: bytes) -> None:
    front = split("x.md", b"---\na: |\n  b\n  c\n---\n\nd\n".replace(b"\n", end))
    assert front.data == {"a": "b\nc\n"}
    assert (front.body, front.body_line) == ("d", 7)


def test_a_byte_order_mark_does_not_hide_the_fence() -> None:
    assert split("x.md", b"\xef\xbb\xbf---\na: 1\n---\n").data == {"a": 1}


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_bytes_make_splitting_fail(data: bytes) -> None:
    for content in (data, b"---\n" + data + b"\n---\nbody"):
        front = split("x.md", content)
        assert front.data is not None or front.problems
