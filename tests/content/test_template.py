"""``kb new``: a template in which only what the author must write is missing."""
# ruff: noqa: E501 - a case a line, so that tables can be read as such

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from kb.cli import main
from kb.content.frontmatter import split
from kb.content.ids import is_id, to_id
from kb.content.model import Taxonomy
from kb.content.template import Draft, concept_meant, create, filled_in, organisation_meant, suggested_id
from kb.errors import ContentError, KbError, UsageError
from tests.content.conftest import TODAY, Entries

DRAFT = Draft(
    id="report-remove",
    title='Report Remove: "taken" down: at once # 100 %',
    organisations=("childline",),
    strand=("user-empowerment",),
    risks=("content",),
    topics=("helpline",),
    audiences=("children",),
    countries=("GB", "NO"),
    stage="running",
)


@pytest.mark.parametrize(
    ("title", "id"),
    [
        ("Report Remove: young people take down pictures", "report-remove"),
        ("3018 : la ligne d'aide", "3018"),
        ("Größe & Maß: für alle", "grosse-mass"),
        ("Où aller ?", "ou-aller"),
        ("Łódź Ærø: x", "lodz-aero"),
        ("日本: help", "help"),
        ("日本", ""),
        ("a" * 200, "a" * 80),
        ("../../etc/passwd: x", "etc-passwd"),
    ],
)
def test_the_id_comes_from_the_proper_name(title: str, id: str) -> None:
    assert suggested_id(title) == id


@given(st.text(max_size=100))
def test_what_becomes_an_id_is_one(text: str) -> None:
    assert to_id(text) == "" or is_id(to_id(text))


def test_only_what_the_author_must_write_is_missing(entries: Entries) -> None:
    path = create(entries.root, DRAFT, entries.read().taxonomy, today=TODAY)
    assert path == entries.root / "practices/report-remove.md"
    found = [line.removeprefix("practices/report-remove.md:").partition(": ")[2] for line in entries.problems()]
    assert [line.partition(";")[0] for line in found] == [
        "summary is empty",
        'the source "first-source" is not used',
        'url of source 1 must be a web address, found ""',
        "title of source 1 is empty",
        'nothing stands under "What it is"',
        'nothing stands under "How it works"',
        'nothing stands under "Results"',
        'nothing stands under "Limits and what did not work"',
        'nothing stands under "How to adopt it"',
    ]


def test_what_is_given_is_in_the_file(entries: Entries) -> None:
    text = filled_in(DRAFT, entries.read().taxonomy, today=TODAY)
    data = split("x.md", text.encode()).data
    assert data is not None
    assert data["title"] == DRAFT.title
    assert data["countries"] == ["GB", "NO"]
    assert data["added"] == data["updated"] == "2026-11-22"
    assert "# content, contact, conduct, contract\n" in text


def test_a_template_filled_in_is_sound(entries: Entries) -> None:
    path = create(entries.root, DRAFT, entries.read().taxonomy, today=TODAY)
    text = path.read_text()
    for empty, written in (
        ('summary: ""', "summary: Short."),
        ('url: ""', "url: https://a.org"),
        ('title: ""', "title: T"),
    ):
        text = text.replace(empty, written)
    head, _, _ = text.partition("## What it is")
    path.write_text(head + "## What it is\n\nA service.[^first-source]\n")
    assert entries.problems() == []


def test_even_the_comments_are_examples_that_hold(entries: Entries) -> None:
    path = create(entries.root, DRAFT, entries.read().taxonomy, today=TODAY)
    text = (
        path.read_text()
        .replace("# ages:", "ages:")
        .replace("# partners:", "partners:")
        .replace("# started:", "started:")
    )
    path.write_text(text.replace("    # year:", "    year:"))
    assert not any("ages" in line or "partners" in line or "started" in line for line in entries.problems())


def test_nothing_is_overwritten(entries: Entries) -> None:
    taxonomy = entries.read().taxonomy
    path = entries.practice()
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"report-remove\.md is there already; choose another id"):
        create(entries.root, DRAFT, taxonomy, today=TODAY)
    (path.parent / "dangling.md").symlink_to("nowhere.md")
    with pytest.raises(UsageError, match="is there already"):
        create(entries.root, replace(DRAFT, id="dangling"), taxonomy, today=TODAY)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {"dangling.md", "report-remove.md"}


def test_the_file_is_as_readable_as_any_other(entries: Entries) -> None:
    mask = os.umask(0o022)
    try:
        path = create(entries.root, DRAFT, entries.read().taxonomy, today=TODAY)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"id": "Report"}, UsageError, '"Report" is no id'),
        ({"id": "../evil"}, UsageError, '"../evil" is no id'),
        ({"id": ""}, UsageError, '"" is no id'),
        ({"title": "a\nb: c"}, UsageError, "the title has a line break"),
        ({"title": "a\x1b[31m: c"}, UsageError, "the title has a line break or an invisible"),
        ({"summary": "\ud800"}, UsageError, "the summary has a line break or an invisible"),
    ],
)
def test_a_draft_that_cannot_be_an_entry(
    change: dict[str, str], error: type[KbError], message: str, entries: Entries
) -> None:
    with pytest.raises(error, match=message):
        create(entries.root, replace(DRAFT, **change), entries.read().taxonomy, today=TODAY)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_to(entries: Entries, tmp_path: Path) -> None:
    taxonomy = entries.read().taxonomy
    (tmp_path / "file").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/practices").write_text("not a folder")
    for root in (tmp_path / "nowhere", tmp_path / "file", tmp_path / "other"):
        with pytest.raises(KbError):
            create(root, DRAFT, taxonomy, today=TODAY)


@pytest.mark.parametrize(
    ("meant", "text", "found"),
    [
        (lambda taxonomy, text: concept_meant(taxonomy, "topic", text), "helpline", "helpline"),
        (lambda taxonomy, text: concept_meant(taxonomy, "topic", text), "Reporting Tools", "reporting-tools"),
        (lambda taxonomy, text: concept_meant(taxonomy, "topic", text), "groming", 'no topic; did you mean grooming?'),
        (lambda taxonomy, text: concept_meant(taxonomy, "risk", text), "zzz", "choose content, contact, conduct or contract"),
    ],
)  # fmt: skip
def test_concepts_by_id_or_label(
    meant: Callable[[Taxonomy, str], str], text: str, found: str, entries: Entries
) -> None:
    taxonomy = entries.read().taxonomy
    if found in {"helpline", "reporting-tools"}:
        assert meant(taxonomy, text) == found
    else:
        with pytest.raises(UsageError, match=found.replace("?", r"\?")):
            meant(taxonomy, text)


@pytest.mark.parametrize(
    ("text", "id"),
    [("childline", "childline"), ("CHILDLINE", "childline"), ("The Line", "childline"), ("Child Focus", "child-focus")],
)
def test_organisations_by_id_or_name(text: str, id: str, entries: Entries) -> None:
    entries.organisation("childline", aliases="[The Line]")
    assert organisation_meant(entries.read().organisations, text) == id


def test_an_organisation_without_a_name() -> None:
    with pytest.raises(UsageError, match="names no organisation"):
        organisation_meant({}, "...")


def test_no_error_is_lost(entries: Entries) -> None:
    with pytest.raises(ContentError):
        create(entries.root.parent / "nowhere", DRAFT, entries.read().taxonomy, today=TODAY)


# --- the command -----------------------------------------------------------------------------------------------


def new(entries: Entries, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--entries", str(entries.root), "new", *arguments], catch_exceptions=False)


def test_the_command_prints_the_path_and_what_to_type_next(entries: Entries) -> None:
    result = new(
        entries, "--title", "Report Remove: it is gone", "--organisation", "Childline", "--strand", "user-empowerment"
    )
    path = entries.root / "practices/report-remove.md"
    assert (result.exit_code, result.stdout) == (0, f"{path}\n")
    assert f"kb --entries {entries.root} preview {path}\n" in result.stderr
    assert f"kb --entries {entries.root} check {path}\n" in result.stderr
    assert "organisations: [childline]" in path.read_text()
    again = new(entries, "--title", "Report Remove: it is gone")
    assert (again.exit_code, again.stdout) == (2, "")
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], 'a practice needs a title; type: kb new --title "Name: what it does"'),
        (["--title", "No colon"], 'the title "No colon" does not say what it does; write it like "Name: what it does"'),
        (["--title", "N: w", "--topic", "helplines"], '"helplines" is no topic; did you mean helpline?'),
        (["--title", "N: w", "--country", "uk"], '"uk" is no country code; did you mean GB?'),
        (["--title", "N: w", "--language", "German"], '"German" is no language code; did you mean de?'),
        (["--title", "N: w", "--id", "A B"], '"A B" is no id; write lower-case letters'),
        (["--title", "N: w", "--stage", "runing"], '"runing" is no stage; did you mean running?'),
    ],
)
def test_wrong_options_end_with_one_line(arguments: list[str], message: str, entries: Entries) -> None:
    result = new(entries, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"kb: {message}")
    assert result.stderr.count("\n") == 1
    assert list((entries.root / "practices").iterdir()) == []


def test_in_a_terminal_it_asks(entries: Entries) -> None:
    """Answers in order: a title without a colon, a right one, and so on; Enter leaves a field for later."""
    answers = [
        "Safer",
        "Safer: a start",
        "",
        "Childline, Someone New",
        "user-empowerment",
        "content",
        "groming",
        "Grooming",
        "",
        "GB",
    ]
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from kb.cli import main; main()", "--entries", str(entries.root), "new"]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, err
    path = entries.root / "practices/safer.md"
    assert out.endswith(f"{path}\n")
    assert "did you mean grooming?" in err
    data = split("x.md", path.read_bytes()).data
    assert data is not None
    assert data["title"] == "Safer: a start"
    assert data["organisations"] == ["childline", "someone-new"]
    assert data["topics"] == ["grooming"]
    assert (data["audiences"], data["countries"]) == ([], ["GB"])
