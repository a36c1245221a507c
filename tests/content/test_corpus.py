"""``kb check``: every problem of every file, one line each, and nothing that is sound left out."""
# ruff: noqa: E501 - a case a line, so that tables can be read as such

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.content.corpus import read_corpus, read_practice
from kb.errors import ContentError
from tests.content.conftest import BODY, TODAY, Entries, practice_text


def test_sound_entries(entries: Entries) -> None:
    entries.practice()
    corpus = entries.read()
    assert corpus.problems == ()
    assert corpus.left_out == ()
    assert corpus.practices["report-remove"].body == BODY.strip()
    assert corpus.files["report-remove"] == practice_text()
    assert corpus.organisations["childline"].description == "A helpline."
    assert corpus.taxonomy.ids("risk") == ("content", "contact", "conduct", "contract")


def test_the_entries_of_the_project_have_no_problem(pytestconfig: pytest.Config) -> None:
    corpus = read_corpus(pytestconfig.rootpath / "entries")
    assert [str(problem) for problem in corpus.problems] == []


# --- fields against other files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"topics": "[helplines]"}, '8: topics: "helplines" is no concept of topics.yaml; did you mean helpline?'),
        ({"topics": "[helpline, children]"}, '8: topics: "children" is no concept of topics.yaml; write it in audiences'),
        ({"topics": "\n  - helpline\n  - zzz"}, '10: topics: "zzz" is no concept of topics.yaml; write helpline, reporting-tools'),
        ({"risks": "[cont]"}, '7: risks: "cont" is no concept of risks.yaml; did you mean content?'),
        ({"strand": "[zzz]"}, '6: strand: "zzz" is no concept of strands.yaml; write user-empowerment or awareness-raising'),
        ({"stage": "runing"}, '11: stage: "runing" is no concept of stages.yaml; did you mean running?'),
        ({"evidence": "{kind: rct}"}, '12: evidence: "rct" is no concept of evidence.yaml; write none or evaluated'),
        ({"organisations": "[childlin]"}, '5: there is no organisation "childlin"; did you mean childline?'),
        ({"organisations": "[Childline]"}, '5: there is no organisation "Childline"; did you mean childline?'),
        ({"organisations": "[childline, zzz]"}, '5: there is no organisation "zzz"; write organisations/zzz.md'),
        ({"related": "[zzz]"}, '16: related: there is no practice "zzz"; write the id of a practice, or remove it'),
        ({"related": "[othr]"}, '16: related: there is no practice "othr"; did you mean other?'),
        ({"related": "[former]"}, '16: related: "former" is an old id; write other'),
        ({"related": "[report-remove]"}, "16: related to itself; remove report-remove from related"),
        ({"aliases": "[other]"}, '16: the alias "other" is the id of practices/other.md; remove it, or merge the two'),
        ({"aliases": "[former]"}, '16: the alias "former" is an alias of practices/other.md too; keep it in one of the two'),
        ({"aliases": "[report-remove]"}, '16: the alias "report-remove" is this entry\'s own id; remove it'),
        ({"translations": "{en: {title: 'N: w', summary: s}}"}, '16: a translation into "en", the language of the entry; remove it'),
        ({"translations": "{en-IE: {title: 'N: w', summary: s}}"}, '16: a translation into "en-IE", the language of the entry; remove it'),
        ({"translations": "\n  de: {title: 'N: w', summary: s}\n  de-AT: {title: 'N: v', summary: t}"}, '18: a translation into "de-AT", which "de" is as well; keep one of the two'),
        ({"translations": "\n  de: {title: 'N: w', summary: s}\n  de: {title: 'N: v', summary: t}"}, '18: "de" stands here twice (first in line 17); keep one of the two'),
        ({"translations": "{xx: {title: 'N: w', summary: s}}"}, '16: xx of translations must be a language code like en, de or pt-BR, found "xx"; write the BCP 47 code'),
        ({"translations": "{de: {title: '', summary: s}}"}, "16: title of translations de is empty; write it like"),
        ({"translations": "{de: {title: 'Report  Remove: Young people take down pictures of themselves', summary: s}}"}, "16: title of translations de is that of the entry; write it in German, or remove translations de"),
        ({"translations": "{de: {title: 'N: w', summary: 'Young people report a picture of themselves, and it is taken down.'}}"}, "16: summary of translations de is that of the entry; write it in German"),
        ({"translations": "{de: {title: 'N: w', summary: 'Teenagers can have a picture of themselves removed from the internet.'}}"}, "16: warning: summary of translations de seems to be in English, not in German; write it in German, or mend the code"),
    ],
)  # fmt: skip
def test_references(fields: dict[str, str], problem: str, entries: Entries) -> None:
    entries.practice("other", aliases="[former]", body="## Results\n\nOther words about something else.[^a]\n")
    entries.practice(**fields)
    found = entries.problems()
    assert len(found) == 1, found
    assert found[0].startswith(f"practices/report-remove.md:{problem}")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"started": "2026-11-23"}, "16: started is in the future: 2026-11-23; write it once it has come"),
        ({"started": "2027"}, "16: started is in the future: 2027; write it once it has come"),
        ({"started": "2027", "stage": "idea"}, None),
        ({"started": "2026"}, None),  # a year says nothing about days
        ({"started": "2026-11-22"}, None),
        ({"added": "2026-11-23", "updated": "2026-11-23"}, "13"),
        ({"updated": "2026-11-19"}, "15: updated (2026-11-19) is before added (2026-11-20); mend one of the two"),
        ({"verified": "2025"}, "16: verified (2025) is before added (2026-11-20); mend one of the two"),
        ({"added": "2026", "updated": "2026-01-01"}, None),
        ({"started": "2019", "ended": "2018", "stage": "ended"}, "17: ended (2018) is before started (2019); mend one"),
        ({"started": "2019-05-01", "ended": "2019", "stage": "ended"}, None),
        ({"ended": "2018"}, '11: it ended (2018), but stage is "running"; write stage: ended, or leave ended out'),
        ({"ended": "2030", "stage": "ended"}, "16: ended is in the future: 2030"),
        ({"stage": "ended"}, None),  # when is not known
        ({"sources": "[{id: a, url: 'https://a.org', title: T, year: 2027}]"}, "13: year of source 1 is in the future: 2027"),
    ],
)  # fmt: skip
def test_dates(fields: dict[str, str], problem: str | None, entries: Entries) -> None:
    entries.practice(**fields)
    found = [line.removeprefix("practices/report-remove.md:") for line in entries.problems()]
    if problem == "13":
        assert [line[:3] for line in found] == ["14:", "15:"]
    else:
        assert len(found) == (problem is not None), found
        assert not problem or found[0].startswith(problem)


# --- bodies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", '16: there is no text; write it, beginning with "## What it is"'),
        ("\n\n", '16: there is no text; write it, beginning with "## What it is"'),
        ("A service.[^b]\n\n[^a]", "18: the footnote [^b] has no source; list it in sources"),
        ("A service without a source.", '13: the source "a" is not used; cite it in the text as [^a], or remove it'),
        ("A `[^a]` in code.", '13: the source "a" is not used'),
        ("```\n[^a]\n```", '13: the source "a" is not used'),
        ("<!-- [^a] -->x", '13: the source "a" is not used'),
        ("A service.[^a]\n\n[^a]: A note.", "20: the note [^a] is written out; list it in sources; the page shows it"),
        ("## Results\n\n## How it works\n\nx[^a]", '18: nothing stands under "Results"; write it, or remove the heading'),
        ("## Results\n\nx[^a]\n\n## How it works\n", '22: nothing stands under "How it works"; write it, or remove'),
        ("## Results\n\n### More\n\nx[^a]", None),
        ("## Results\n\n<!-- to do -->\n\n## How it works\n\nx[^a]", '18: nothing stands under "Results"'),
        ("## Result\n\nx[^a]", '18: "Result" is no section of an entry; write "## Results"'),
        ("## Our mission\n\nx[^a]", '18: "Our mission" is no section of an entry; use What it is, How it works,'),
        ("# Results\n\nx[^a]", '18: "Results" is a heading of level 1; write ## for a section'),
        ("## \n\nx[^a]", "18: a heading without words; write them, or remove it"),
        ("## Results\n\nx[^a]\n\n## Results\n\ny", '22: a second section "Results"; put both under one heading'),
        ("```\n## Not a heading\n```\n\nx[^a]", None),
        ("x[^a] ![logo](https://a.org/logo.png)", "18: warning: images are not shown; say in words what it shows"),
        ("x[^a] [y](javascript:alert)", '18: the link "javascript:alert" cannot be followed; link to https://'),
        ("x[^a] [y](//evil.example)", '18: the link "//evil.example" cannot be followed; link to https://'),
        ("x[^a]\n[y](https://a.org) [z](mailto:a@b.org)", None),
        ("x[^a]\n[y](nowhere.md)", '19: the link "nowhere.md" leads nowhere; link to a practice that there is'),
        ("x[^a] [y](report-remov.md)", '18: the link "report-remov.md" leads nowhere; did you mean report-remove?'),
        ("x[^a] [y](report-remove.md)", None),
        ("x[^a] [y](/practices/report-remove)", None),
        ("x[^a] [y](../organisations/childline.md)", None),
        ("x[^a] [y](../organisations/child.md)", '18: the link "../organisations/child.md" leads nowhere; did you mean'),
        ("x[^a] [y](../taxonomy/topics.yaml)", '18: the link "../taxonomy/topics.yaml" cannot be followed'),
        ("x[^a] [y](/topics/helpline) [z](/search?q=x)", None),
        ("x[^a] [y](/topics/helplin)", '18: the link "/topics/helplin" leads nowhere; did you mean helpline?'),
        ("x[^a] [y](/strands/awareness-raising)", None),
        ("x[^a] [y](/nowhere)", '18: the link "/nowhere" leads nowhere; there are /practices/id,'),
        ("## Results\n\nx[^a] [y](#results) [z](#source-a)", None),
        ("## Results\n\nx[^a] [y](#result)", '20: the link "#result" leads to no heading; did you mean #results?'),
        ("x[^a] `[y](nowhere.md)`", None),
        ("x[^a] \\[y](nowhere.md)", '18: the link "nowhere.md" leads nowhere'),
        ("x[^a] " + "[" * 300, "18: a paragraph has 301 square brackets, at most 200; divide or shorten it"),
        ("x[^a]\n\n" + "a" * 20_001, "20: a paragraph has 20001 characters, at most 20000; divide or shorten it"),
    ],
)  # fmt: skip
def test_bodies(body: str, problem: str | None, entries: Entries) -> None:
    entries.practice(body=body)
    found = [line.removeprefix("practices/report-remove.md:") for line in entries.problems()]
    # What cannot be read cannot cite a source either.
    found = [line for line in found if problem is None or "[" * 9 not in body or "not used" not in line]
    assert len(found) == (problem is not None), found
    assert not problem or found[0].startswith(problem)


def test_an_entry_in_another_language_names_its_sections_in_it(entries: Entries) -> None:
    entries.practice(language="de", body="## Was es ist\n\nEin Dienst.[^a]\n")
    assert entries.problems() == []


def test_two_sources_with_one_id(entries: Entries) -> None:
    source = "{id: a, url: 'https://a.org', title: T}"
    entries.practice(sources=f"\n  - {source}\n  - {source}")
    assert entries.problems() == [
        'practices/report-remove.md:15: the source id "a" stands here twice; give each source an id of its own'
    ]


# --- files -----------------------------------------------------------------------------------------------------


def test_one_bad_file_never_stops_the_others(entries: Entries) -> None:
    """Each kind of damage in a file of its own, beside a sound one."""
    entries.practice()
    outside = entries.root.parent / "outside.md"
    outside.write_text(practice_text())
    practices = entries.root / "practices"
    damage: dict[str, tuple[bytes | str, str]] = {
        "b-latin": ("---\ntitle: caf\xe9\n---\n".encode("latin-1"), "2: not UTF-8 (byte 0xe9); save it as UTF-8"),
        "b-large": (b"x" * (1024 * 1024 + 1), "1: larger than 1 MiB; shorten it"),
        "b-nul": (practice_text().encode().replace(b"A service", b"A\x00service"), "20: invisible character U+0000"),
        "b-empty": (b"", "1: no front matter; begin the file"),
        "b-yaml": ("---\ntitle: a: b\n---\n\nx\n", "2: not valid YAML: mapping values are not allowed"),
        "b-deep": ("---\ntitle: " + "[" * 10_000 + "\n---\n\nx\n", "2: nested more than 12 deep; write it with fewer"),
        "b-laughs": (
            "---\na: &a [x]\nb: [*a, *a]\n---\n\nx\n",
            "2: anchors are refused, found &a; write each value out",
        ),
    }
    for id, (content, _) in damage.items():
        entries.write(f"practices/{id}.md", content)
    (practices / "c-out.md").symlink_to(outside)
    (practices / "c-loop.md").symlink_to("c-loop.md")
    (practices / "c-gone.md").symlink_to("gone.md")
    (practices / "c-folder").symlink_to(entries.root.parent)
    os.mkfifo(practices / "d-pipe.md")
    with socket.socket(socket.AF_UNIX) as bound:
        # A relative name, because the names of sockets must be short.
        before = Path.cwd()
        os.chdir(practices)
        try:
            bound.bind("d-socket.md")
        finally:
            os.chdir(before)
    entries.write("practices/e-Upper.md", practice_text())
    entries.write("practices/f.txt", "notes")
    entries.write("practices/.hidden.md", "---\n")
    began = time.perf_counter()
    corpus = entries.read()
    assert time.perf_counter() - began < 2
    found = [str(problem).removeprefix("practices/") for problem in corpus.problems]
    expected = sorted(
        [
            *(f"{id}.md:{problem}" for id, (_, problem) in damage.items()),
            "c-folder:1: a folder, and only files directly in practices/ are read; move its files to practices/",
            "c-gone.md:1: points to nothing; remove the symbolic link",
            "c-loop.md:1: is a symbolic link that leads to itself; remove it",
            "c-out.md:1: a symbolic link out of the entries folder; put the file itself here",
            "d-pipe.md:1: not a regular file; remove it",
            "d-socket.md:1: ",
            'e-Upper.md:1: the file name "e-Upper" is no id (lower-case letters, digits, single hyphens); rename it to',
            "f.txt:1: warning: not read, because its name does not end in .md; rename or remove it",
        ]
    )
    main_problems = [line for line in found if "much the same" not in line]
    assert len(main_problems) == len(expected), main_problems
    for line, start in zip(sorted(main_problems), expected, strict=True):
        assert line.startswith(start)
    assert list(corpus.practices) == ["report-remove"]
    assert len(corpus.left_out) == len(expected) - 1
    assert "practices/report-remove.md" not in corpus.left_out


@pytest.mark.parametrize(
    "body",
    [
        "[a](dead.md)\n\n" * 7000,
        "".join(f"x[^note{number}]\n\n" for number in range(7000)),
        "".join(f"## Heading {number}\n" for number in range(7000)),
        "".join(f"x {number}\n\n" for number in range(100_000)),
        "x" * 1_000_000,
    ],
    ids=["links", "footnotes", "headings", "paragraphs", "one word"],
)
def test_a_hostile_body_takes_no_time(body: str, entries: Entries) -> None:
    for number in range(200):
        entries.practice(f"practice-{number}", title=f'"Practice {number}: x"', body=f"word{number}[^a]\n")
    entries.practice(body=body)
    began = time.perf_counter()
    corpus = entries.read()
    assert time.perf_counter() - began < 4
    assert corpus.left_out == ("practices/report-remove.md",)
    assert len(corpus.problems) <= 300


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(entries: Entries) -> None:
    entries.practice().chmod(0)
    assert entries.problems() == ["practices/report-remove.md:1: may not be read; make it readable: chmod a+r"]


def test_a_link_inside_the_folder_is_followed(entries: Entries) -> None:
    entries.organisation("childline-uk", name="Other")
    (entries.root / "organisations/link.md").symlink_to("childline-uk.md")
    assert any('the name "Other" belongs to organisations/childline-uk.md too' in line for line in entries.problems())


def test_a_folder_that_is_a_link_to_elsewhere_is_refused(entries: Entries, tmp_path: Path) -> None:
    (entries.root / "practices").rename(tmp_path / "elsewhere")
    (entries.root / "practices").symlink_to(tmp_path / "elsewhere")
    assert entries.problems() == ["practices:1: a symbolic link out of the entries folder; put the file itself here"]


def test_windows_line_ends_and_a_byte_order_mark_are_read(entries: Entries) -> None:
    entries.write("practices/a.md", b"\xef\xbb\xbf" + practice_text().replace("\n", "\r\n").encode())
    corpus = entries.read()
    assert [problem.severity for problem in corpus.problems] == ["warning"]
    assert corpus.practices["a"].body == BODY.strip()


def test_stray_files_are_told_and_hidden_ones_are_not(entries: Entries) -> None:
    for name in ("README.md", "LICENSE", ".gitignore", "notes.txt"):
        entries.write(name, "x")
    assert entries.problems() == [
        "notes.txt:1: warning: not read; entries lie in practices/, organisations/ or taxonomy/"
    ]


def test_a_file_name_that_is_no_text_is_shown_printable(entries: Entries) -> None:
    name = os.fsdecode(b"caf\xe9\n.md")
    entries.write(f"practices/{name}", practice_text())
    assert all(line.isprintable() and line.isascii() for line in entries.problems())


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_a_folder_without_entries_is_an_error(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "entries")
    with pytest.raises(ContentError, match="kb --entries DIR"):
        read_corpus(tmp_path / "entries")


def test_the_result_does_not_depend_on_the_order_of_files(entries: Entries) -> None:
    entries.practice("b", topics="[zzz]", body="x")
    entries.practice("a", topics=None, started="2099")
    problems = entries.read().problems
    assert problems == tuple(sorted(problems))
    assert [problem.path for problem in problems] == ["practices/a.md"] * 2 + ["practices/b.md"] * 2


# --- organisations ---------------------------------------------------------------------------------------------


def test_a_broken_organisation_is_named_where_it_is_used(entries: Entries) -> None:
    """The practice stays, without the organisation, so that one slip does not empty the base."""
    entries.organisation("meta", country="XX")
    entries.practice(organisations="[childline, meta]")
    corpus = entries.read()
    assert [str(problem) for problem in corpus.problems] == [
        'organisations/meta.md:4: country must be a country code like DE, or EU or INT, found "XX"; '
        "write the two capital letters of ISO 3166-1",
        "practices/report-remove.md:5: warning: organisation meta is not shown, because organisations/meta.md has "
        "errors; mend that file",
    ]
    assert corpus.practices["report-remove"].organisations == ("childline",)
    assert corpus.left_out == ("organisations/meta.md",)


def test_a_related_practice_that_is_left_out_is_not_referred_to(entries: Entries) -> None:
    entries.practice("broken", topics=None)
    entries.practice(related="[broken]", body="## Results\n\nOther words entirely.[^a]\n")
    corpus = entries.read()
    assert [problem.path for problem in corpus.problems] == ["practices/broken.md"]
    assert corpus.practices["report-remove"].related == ()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"name": "CHILDLINE"}, '2: the name "CHILDLINE" belongs to organisations/childline.md too; keep it in one'),
        ({"aliases": "[Childline]"}, '5: the name "Childline" belongs to organisations/childline.md too; keep it in'),
        ({"kind": "charity"}, '3: kind: "charity" is no concept of kinds.yaml; write company or ngo'),
    ],
)
def test_organisations_against_each_other(fields: dict[str, str], problem: str, entries: Entries) -> None:
    entries.organisation("the-other", **fields)
    found = entries.problems()
    assert len(found) == 1
    assert found[0].startswith(f"organisations/the-other.md:{problem}")
    assert list(entries.read().organisations) == ["childline"]


# --- one practice ----------------------------------------------------------------------------------------------


def test_a_single_file_is_read_wherever_it_lies(entries: Entries, tmp_path: Path) -> None:
    entries.practice("other", body="## Results\n\nx[^a]\n")
    draft = tmp_path / "draft.md"
    draft.write_text(practice_text(topics="[helplines]", body="x[^a] [y](other.md#results) [z](other.md#no)\n"))
    alone = read_practice(draft)
    assert alone.problems == ()
    assert alone.practice is not None
    assert alone.practice.id == "draft"
    reading = read_practice(draft, corpus=entries.read(), today=TODAY)
    assert [str(problem) for problem in reading.problems] == [
        'practices/draft.md:8: topics: "helplines" is no concept of topics.yaml; did you mean helpline?',
        'practices/draft.md:18: the link "other.md#no" leads to no heading; write the heading with hyphens, like #results',
    ]
    assert reading.practice is not None


def test_a_single_file_that_is_not_there() -> None:
    with pytest.raises(ContentError, match="kb new"):
        read_practice(Path("nowhere.md"))


# --- the command -----------------------------------------------------------------------------------------------


def check(entries: Entries, *arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["--entries", str(entries.root), "check", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_exit_codes_and_lines(entries: Entries) -> None:
    entries.practice()
    assert check(entries) == (0, "", "no problems (1 sound practice, 1 organisation)\n")
    entries.write("notes.txt", "x")
    code, out, err = check(entries)
    assert (code, err) == (0, "1 warning (1 sound practice, 1 organisation)\n")
    path = entries.practice(topics="helpline")
    code, out, err = check(entries)
    assert code == 1
    assert out.splitlines()[1] == (
        f'{path}:8: topics must be a list like [helpline, reporting-tools], found "helpline"; write [helpline]'
    )
    assert err == "1 error and 1 warning (0 sound practices, 1 organisation)\n"


def test_paths_restrict_what_is_reported(entries: Entries) -> None:
    bad = entries.practice("bad", topics="[zzz]")
    good = entries.practice("good", body="## Results\n\nSomething else altogether.[^a]\n")
    assert check(entries, str(good)) == (
        0,
        "",
        "no problems (1 sound practice, 1 organisation, 1 problem in other files)\n",
    )
    for chosen in (str(bad), str(bad.parent), str(entries.root), "practices", "practices/bad.md"):
        code, out, _ = check(entries, chosen)
        assert (code, out.count("\n")) == (1, 1), chosen
    assert check(entries, str(good), str(bad))[0] == 1


@pytest.mark.parametrize("path", ["nowhere.md", "/", "practices/nowhere.md"])
def test_a_path_that_is_not_there_or_elsewhere(path: str, entries: Entries) -> None:
    code, out, err = check(entries, path)
    assert (code, out) == (2, "")
    assert err.startswith("kb: ")
    assert err.count("\n") == 1


def test_json(entries: Entries) -> None:
    path = entries.practice(topics="[zzz]")
    code, out, err = check(entries, "--json")
    document = json.loads(out)
    assert (code, err) == (1, "")
    assert document["errors"] == 1
    assert document["left_out"] == [str(path)]
    assert document["problems"][0]["path"] == str(path)
    assert set(document["problems"][0]) == {"path", "line", "severity", "message", "remedy"}


def test_checking_loads_no_model() -> None:
    """``kb check`` stays light."""
    code = "import sys, kb.cli.content; print({'torch', 'faiss', 'sentence_transformers', 'sklearn', 'flask'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_today_is_the_clocks_by_default(entries: Entries) -> None:
    today = date.today().isoformat()
    entries.practice(added=today, updated=today)
    assert read_corpus(entries.root).problems == ()
