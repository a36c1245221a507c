"""Concept schemes: what is read, what is told, and which concept a wrong tag was meant to be."""
# ruff: noqa: E501 - a case a line, so that tables can be read as such

from __future__ import annotations

import pytest

from kb.content.model import SCHEMES
from kb.content.taxonomy import SchemeReading, nearest_concept, parse_scheme, read_taxonomy
from tests.content.conftest import Entries

HEAD = "scheme: topic\nlabelSource: unreviewed\nprefLabel: {en: Topics}\nconcepts:\n"  # four lines


def read(concepts: str, head: str = HEAD) -> SchemeReading:
    return parse_scheme("t.yaml", (head + concepts).encode(), "topic")


def concept(id: str, rest: str = "") -> str:
    return f"  - {{id: {id}, prefLabel: {{en: Label {id}}}, definition: {{en: About it.}}{rest}}}\n"


def test_a_scheme_is_read_in_its_order() -> None:
    scheme = read(
        """\
  - id: helpline
    prefLabel: {en: Helplines, de: {text: Hilfetelefone, source: "https://example.org/"}}
    altLabel: {en: [hotline, {text: crisis line, source: BIK}]}
    definition: {en: People who listen.}
  - id: chat
    prefLabel: {en: Chat}
    broader: helpline
    definition: {en: Listening in writing.}
"""
    ).scheme
    assert scheme is not None
    assert [found.id for found in scheme.concepts] == ["helpline", "chat"]
    helpline, chat = scheme.concepts
    assert (helpline.preferred["en"].text, helpline.preferred["en"].source) == ("Helplines", "unreviewed")
    assert helpline.preferred["de"].source == "https://example.org/"
    assert [(label.text, label.source) for label in helpline.alternative["en"]] == [
        ("hotline", "unreviewed"),
        ("crisis line", "BIK"),
    ]
    assert chat.broader == "helpline"


@pytest.mark.parametrize(
    ("concepts", "problem"),
    [
        (concept("a") + concept("a"), "6: concept a stands here twice (first in line 5); rename or remove one of them"),
        (concept("a", ", broader: b"), '5: broader of a is "b", which is no concept here; add that concept, or leave'),
        (concept("grooming") + concept("b", ", broader: groming"), "6: broader of b is \"groming\", which is no concept here; did you mean grooming?"),
        (concept("a", ", broader: a"), "5: a under a is a circle; leave out broader of a, or change it"),
        (concept("a", ", broader: b") + concept("b", ", broader: a"), "5: a under b under a is a circle; leave out broader of a"),
        ("  - {id: a, prefLabel: {de: A}, definition: {en: x}}\n", '5: prefLabel of a has no English; write en: "..." below prefLabel'),
        ("  - {id: a, prefLabel: {en: A}, definition: {}}\n", '5: definition of a has no English; write en: "..." below definition'),
        ("  - {id: a, prefLabel: {en: A}}\n", "5: definition is missing; write it like definition:"),
        ("  - {id: a, prefLabel: {en: A}, definition: {en: x}, broadr: b}\n", "5: unknown field broadr; did you mean broader?"),
        ("  - {id: A b, prefLabel: {en: A}, definition: {en: x}}\n", "5: id must be an id (lower-case letters, digits, single hyphens), found \"A b\"; write a-b"),
        ("  - {id: a, prefLabel: {en: 3}, definition: {en: x}}\n", "5: en of prefLabel must have fields"),
        ("  - {id: a, prefLabel: {english: A, en: B}, definition: {en: x}}\n", '5: english of prefLabel must be a language code'),
        (concept("a", ", altLabel: {en: [x]}") + concept("b", ", altLabel: {en: [X]}"), '6: "X" (en) is a label of b and of a; keep it where it fits best'),
        (concept("a", ", altLabel: {en: [label b]}") + concept("b"), '6: "Label b" (en) is a label of b and of a; keep it where'),
        ("  - just text\n", '5: there must be fields with values, found "just text"; write each as a name'),
        ("  []\n", "4: concepts is empty; write a list like"),
        ("  - {id: *a}\n", "5: aliases are refused, found *a; write the value out"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(concepts: str, problem: str) -> None:
    found = [str(p).removeprefix("t.yaml:") for p in read(concepts).problems]
    assert len(found) == 1, found
    assert found[0].startswith(problem)


def test_the_same_word_in_two_languages_is_no_problem() -> None:
    assert (
        read(concept("a", ", altLabel: {de: [Chat], en: [chat]}") + concept("b", ", altLabel: {fr: [chat]}")).problems
        == ()
    )


def test_a_concept_with_a_problem_is_kept_as_far_as_it_is_sound() -> None:
    scheme = read(
        concept("a", ", broader: b") + concept("b", ", broader: a") + concept("c", ", broader: nothing")
    ).scheme
    assert scheme is not None
    assert [(found.id, found.broader) for found in scheme.concepts] == [("a", None), ("b", "a"), ("c", None)]


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        (
            "scheme: risk\nlabelSource: x\nprefLabel: {en: T}\nconcepts:\n",
            '1: scheme is "risk", but this file holds topic',
        ),
        ("scheme: topic\nprefLabel: {en: T}\nconcepts:\n", "1: labelSource is missing; write it like labelSource:"),
        (
            "scheme: topic\nlabelSource: x\nprefLabel: {de: T}\nconcepts:\n",
            '3: prefLabel has no English label; write en: "..."',
        ),
    ],
)
def test_a_wrong_head_is_told(head: str, problem: str) -> None:
    found = [str(p).removeprefix("t.yaml:") for p in read(concept("a"), head).problems]
    assert len(found) == 1
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("tag", "meant"),
    [
        ("helplin", "helpline"),
        ("Helpline", "helpline"),
        ("hot-line", "helpline"),  # an alternative label
        ("crisis telephone", "helpline"),
        ("groming", "grooming"),
        ("zzz", None),
    ],
)
def test_the_nearest_concept_by_id_or_label(tag: str, meant: str | None, entries: Entries) -> None:
    labels = ", altLabel: {en: [hotline, crisis telephone]}"
    entries.write("taxonomy/topics.yaml", HEAD + concept("helpline", labels) + concept("grooming"))
    assert nearest_concept(entries.read().taxonomy, "topic", tag) == meant


def test_files_that_are_missing_or_unknown_are_told(entries: Entries) -> None:
    (entries.root / "taxonomy/risks.yaml").rename(entries.root / "taxonomy/risk.yaml")
    reading = read_taxonomy(entries.root)
    assert [str(problem) for problem in reading.problems] == [
        "taxonomy/risk.yaml:1: no scheme of this name; did you mean risks.yaml?",
        "taxonomy/risks.yaml:1: the file is missing; write the scheme, or restore the file",
    ]
    assert "risk" not in reading.taxonomy.schemes


def test_a_broken_scheme_does_not_make_every_practice_wrong(entries: Entries) -> None:
    entries.practice()
    entries.write("taxonomy/topics.yaml", "scheme: [\n")
    corpus = entries.read()
    assert [problem.path for problem in corpus.problems] == ["taxonomy/topics.yaml"]
    assert list(corpus.practices) == ["report-remove"]
    assert corpus.left_out == ("taxonomy/topics.yaml",)


def test_every_scheme_of_the_project_is_sound(pytestconfig: pytest.Config) -> None:
    reading = read_taxonomy(pytestconfig.rootpath / "entries")
    assert reading.problems == ()
    assert tuple(reading.taxonomy.schemes) == tuple(SCHEMES)
