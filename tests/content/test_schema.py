"""Front matter against its schema: every mistake has a message that says what to write."""
# ruff: noqa: E501 - a case a line, so that tables can be read as such

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from kb.content.codec import practice_from_json, practice_to_json
from kb.content.model import Ages, Evidence, Service, Source
from kb.content.parsing import parse_organisation, parse_practice
from kb.content.schema import (
    SCHEMA_FILES,
    OrganisationFields,
    PracticeFields,
    is_date,
    is_url,
    json_schema,
    schema_texts,
    validate,
)
from kb.content.taxonomy import read_taxonomy
from tests.content.conftest import FIELDS, Entries, practice_text

DOCS = "docs"


def problems(**fields: str | None) -> list[str]:
    """What is wrong with a practice that has ``fields``, without its path."""
    text = practice_text(**fields)
    return [str(p).removeprefix("p.md:") for p in parse_practice("p.md", text.encode()).problems]


def test_a_sound_practice_becomes_a_value() -> None:
    text = practice_text(
        ages="{from: 9, note: mainly}",
        started="2017",
        ended='"2019-02-07"',
        evidence="{kind: evaluated, findings: no-effect}",
        sources='[{id: a, url: "https://example.org/", title: T, publisher: P, year: 2017, language: no, copy: true}]',
        partners="[Yoti]",
        countries="[NO, EU, INT]",
        language="no",
        translations="{nb: {title: 'Navn: hva', summary: Kort.}}",
        summary=">\n  Two\n  lines.",
        aliases="[old-id]",
        help="[{for: talk, phone: '116 111'}, {for: report, name: Form, url: 'https://example.org/'}]",
    )
    practice = parse_practice("practices/p.md", text.encode()).value
    assert practice is not None
    assert practice.id == "p"
    assert practice.ages == Ages(9, None, "mainly")
    assert (practice.started, practice.ended) == ("2017", "2019-02-07")
    assert practice.evidence == Evidence("evaluated", "no-effect")
    assert practice.sources == (Source("a", "https://example.org/", "T", "P", 2017, "no", True),)
    assert practice.countries == ("NO", "EU", "INT")
    assert practice.help == (Service("talk", phone="116 111"), Service("report", "Form", url="https://example.org/"))
    assert practice_from_json(practice_to_json(practice)) == practice
    assert practice.translations["nb"].title == "Navn: hva"
    assert practice.summary == "Two lines."
    assert practice.body == "## What it is\n\nA service.[^a]"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"topics": "helpline"}, '8: topics must be a list like [helpline, reporting-tools], found "helpline"; write [helpline]'),
        ({"topics": "[]"}, "8: topics is empty; write a list like [helpline, reporting-tools]"),
        ({"topics": "[a, A]"}, '8: topics lists "A" twice; keep one of the two'),
        ({"topics": "[[a]]"}, "8: item 1 of topics must be text, found [a]; write each item as one text"),
        ({"topics": None}, "1: topics is missing; write it like topics: [helpline, reporting-tools]"),
        ({"topics": "~"}, "8: topics is missing; write it like topics: [helpline, reporting-tools]"),
        ({"topcs": "[helpline]"}, "16: unknown field topcs; did you mean topics?"),
        ({"sumary": "x"}, "16: unknown field sumary; did you mean summary?"),
        ({"colour": "red"}, "16: unknown field colour; leave it out; docs/practice.schema.json lists the fields"),
        ({"title": "Report Remove"}, '2: title must be like "Name: what it does", found "Report Remove"; write the proper'),
        ({"title": "2017"}, '2: title must be text, found 2017; put it in quotes: "2017"'),
        ({"summary": '""'}, "3: summary is empty; write it like"),
        ({"summary": "x" * 401}, "3: summary has 401 characters, at most 400; shorten it by 1"),
        ({"language": "English"}, '4: language must be a language code like en, de or pt-BR, found "English"; write en'),
        ({"language": "xx"}, '4: language must be a language code like en, de or pt-BR, found "xx"; write the BCP 47'),
        ({"countries": "[UK]"}, '10: item 1 of countries must be a country code like DE, or EU or INT, found "UK"; write GB'),
        ({"countries": "[no]"}, '10: item 1 of countries must be a country code like DE, or EU or INT, found "no"; write NO'),
        ({"countries": "[Germany]"}, '10: item 1 of countries must be a country code like DE, or EU or INT, found "Germany"; write DE'),
        ({"stage": "[running]"}, "11: stage must be text like running, found [running]; write running"),
        ({"evidence": "none"}, '12: evidence must have fields like {kind: evaluated, findings: mixed}, found "none"; write'),
        ({"evidence": "{kind: none, findings: negativ}"}, "12: findings of evidence must be positive, mixed, no-effect or negative, found"),
        ({"ages": "{from: 12, to: 9}"}, "16: ages ends (9) before it begins (12); change from or to"),
        ({"ages": "{}"}, "16: ages says nothing; write from, to or note, or leave ages out"),
        ({"ages": "{from: '9'}"}, '16: from of ages must be a whole number like 9, found "9"; write digits without quotes'),
        ({"ages": "{to: 121}"}, "16: to of ages must be at most 120, found 121; write a number like 12"),
        ({"help": "[{for: talk}]"}, "16: item 1 of help says nowhere to turn to; write phone or url"),
        ({"help": "[{for: listen, phone: '116 111'}]"}, "16: for of help 1 must be talk or report, found \"listen\"; write one of them"),
        ({"help": "[{for: talk, phone: 116111}]"}, '16: phone of help 1 must be text, found 116111; put it in quotes: "116111"'),
        ({"help": "[{for: talk, phone: 'call us'}]"}, '16: phone of help 1 must be a number to call, found "call us"; write digits and single spaces in quotes, like "116 111" or "+32 2 475 44 11"'),
        ({"help": "[{for: talk, url: example.org}]"}, '16: url of help 1 must be a web address, found "example.org"; write it in full, like https://example.org/report'),
        ({"ages": "9-12"}, "16: ages must have fields like {from: 9, to: 12}, found \"9-12\"; write them, each with a colon"),
        ({"started": "2017-02-30"}, '16: started must be a year or a date like 2017 or 2017-02-07, found "2017-02-30"; write'),
        ({"started": "17"}, "16: started must be a year or a date like 2017 or 2017-02-07, found 17; write the year"),
        ({"started": "true"}, "16: started must be a year or a date like 2017 or 2017-02-07, found true; write the year"),
        ({"questions": "[Why?]"}, "16: questions must have at least 4 items, found 1; add 3"),
        ({"questions": "[a, b, c, d, e, f, g, h, i]"}, "16: questions has more than 8 items; keep the most important ones"),
        ({"aliases": "[3018]"}, '16: item 1 of aliases must be text, found 3018; put it in quotes: "3018"'),
        ({"aliases": "[Old Id]"}, '16: item 1 of aliases must be an id (lower-case letters, digits, single hyphens), found "Old Id"; write old-id'),
        ({"partners": "['']"}, "16: item 1 of partners is empty; write it, or remove it"),
        ({"translations": "{german: {title: 'N: w', summary: s}}"}, '16: german of translations must be a language code like en, de or pt-BR, found "german"; write de'),
        ({"translations": "{de: {title: 'N: w'}}"}, "16: summary of translations de is missing; write it like summary:"),
    ],
)  # fmt: skip
def test_a_wrong_field_says_what_to_write(fields: dict[str, str | None], expected: str) -> None:
    found = problems(**fields)
    assert len(found) == 1, found
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{id: a, url: 'ftp://x.org', title: T}", 'url of source 1 must be a web address, found "ftp://x.org"; write it in full'),
        ("{id: a, url: 'javascript:alert(1)', title: T}", "url of source 1 must be a web address, found"),
        ("{id: a, url: 'https://a.org', title: 1984}", 'title of source 1 must be text, found 1984; put it in quotes: "1984"'),
        ("{id: a, url: 'https://a.org', title: T, year: '2017'}", "year of source 1 must be a whole number like 2024, found"),
        ("{id: a, url: 'https://a.org', title: T, copy: yes}", 'copy of source 1 must be true or false, found "yes"; write copy: true'),
        ("{id: a, url: 'https://a.org', title: T, titel: U}", "unknown field titel of source 1; did you mean title?"),
        ("{id: a, title: T}", "url of source 1 is missing; write it like url:"),
        ("https://a.org", "item 1 of sources must have fields like {id: iwf-2024,"),
    ],
)  # fmt: skip
def test_a_wrong_source_says_what_to_write(source: str, expected: str) -> None:
    found = [problem for problem in problems(sources=f"\n  - {source}") if "not used" not in problem]
    assert any(problem.startswith(f"14: {expected}") for problem in found), found


def test_all_problems_are_told_at_once() -> None:
    found = problems(title=None, summary="1", topics="x", countries="[XX]", colour="red")
    assert [problem.split(":")[0] for problem in found] == ["1", "2", "7", "9", "15"]


def test_optional_fields_may_be_left_empty() -> None:
    assert problems(started="", partners="", ages="~", verified="null") == []


def test_a_flood_of_problems_is_counted() -> None:
    found = problems(**{f"field{number}": "1" for number in range(300)})
    assert len(found) == 101
    assert "115: 200 more problems with fields; mend the others first" in found


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://example.org/a?b=c#d", True),
        ("http://xn--bcher-kva.example/", True),
        ("https://example.org/ä", True),
        ("HTTPS://example.org", True),
        ("https://localhost/", False),
        ("https://user:secret@example.org/", False),
        ("https://example.org/a b", False),
        ("//example.org", False),
        ("https://[::1", False),
        ("mailto:a@example.org", False),
        ("https://example.org/\x00", False),
    ],
)
def test_web_addresses(url: str, good: bool) -> None:
    assert is_url(url) is good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2017", True),
        ("2016-02-29", True),
        ("2017-02-29", False),
        ("2017-02", False),
        ("1817", False),
        ("２０１７", False),
        ("2017\n", False),
    ],
)
def test_dates(text: str, good: bool) -> None:
    assert is_date(text) is good


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\nname: N\nkind: ngo\ncountry: GB\n---\n\nA line.\n", []),
        ("---\nname: N\nkind: ngo\n---\n\nA line.\n", ["1: country is missing; write it like country: NL"]),
        ("---\nname: N\nkind: ngo\ncountry: GB\n---\n", ["5: warning: nothing says what it is; write one line"]),
        (
            "---\nname: N\nkind: ngo\ncountry: GB\nsite: x\n---\n\nA.\n",
            ["5: unknown field site; did you mean website?"],
        ),
        (
            "---\nname: N\nkind: ngo\ncountry: GB\n---\n" + "a" * 401,
            ["6: the line about it has 401 characters, at most"],
        ),
    ],
)
def test_organisations(text: str, expected: list[str]) -> None:
    found = [str(p).removeprefix("o.md:") for p in parse_organisation("o.md", text.encode()).problems]
    assert len(found) == len(expected), found
    assert all(problem.startswith(start) for problem, start in zip(found, expected, strict=True)), found


def test_hostile_values_are_quoted_on_one_printable_line() -> None:
    data = {"title": "a\nb\x1b[31m\u2028" + "x" * 1000, "evil\nkey": 1}
    found = validate(PracticeFields, data, path="p.md", line=lambda *place: 1).problems
    assert all(str(problem).isprintable() and len(str(problem)) < 700 for problem in found)


# --- JSON Schema -----------------------------------------------------------------------------------------------


def test_the_schema_files_are_current(pytestconfig: pytest.Config) -> None:
    """If this fails, type: make schema."""
    taxonomy = read_taxonomy(pytestconfig.rootpath / "entries").taxonomy
    for name, text in schema_texts(taxonomy).items():
        assert (pytestconfig.rootpath / DOCS / name).read_text(encoding="utf-8") == text, f"{name} is old: make schema"


def test_the_schema_describes_every_field_and_lists_concepts(entries: Entries) -> None:
    taxonomy = entries.read().taxonomy
    schema = json_schema(PracticeFields, taxonomy)
    assert all(field.get("description") for field in schema["properties"].values())
    assert schema["properties"]["topics"]["items"]["enum"] == ["helpline", "reporting-tools", "grooming"]
    assert schema["properties"]["stage"]["enum"] == ["idea", "running", "ended", "unknown"]
    assert json_schema(OrganisationFields, taxonomy)["properties"]["kind"]["enum"] == ["company", "ngo"]


@pytest.mark.parametrize("name", SCHEMA_FILES)
def test_the_schemas_are_schemas(name: str, entries: Entries) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema(SCHEMA_FILES[name], entries.read().taxonomy))


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"started": 2017}, True),
        ({"started": "2017-02-07"}, True),
        ({"partners": None}, True),
        ({"topics": ["nothing"]}, False),
        ({"topics": "helpline"}, False),
        ({"colour": "red"}, False),
        ({"summary": "x" * 401}, False),
        ({"questions": ["Why?"]}, False),
        ({"countries": ["Germany"]}, False),
        ({"sources": [{"id": "a", "title": "T"}]}, False),
    ],
)
def test_an_editor_judges_as_kb_check_does(change: dict[str, Any], good: bool, entries: Entries) -> None:
    """The schema and the model agree, so that what an editor accepts is accepted here."""
    taxonomy = entries.read().taxonomy
    data = {**yaml.safe_load("\n".join(f"{name}: {value}" for name, value in FIELDS.items())), **change}
    data = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in data.items()}
    by_schema = jsonschema.Draft202012Validator(json_schema(PracticeFields, taxonomy)).is_valid(data)
    by_model = validate(PracticeFields, data, path="p.md", line=lambda *place: 1).fields is not None
    unknown_tag = change.get("topics") == ["nothing"]  # which the check between files tells
    assert (by_schema, by_model or unknown_tag) == (good, good or unknown_tag)
