"""The documents say what is there: commands, settings, make targets, modules, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import click
import pytest

from kb.cli import COMMANDS, main
from kb.content.model import Findings, Taxonomy
from kb.content.taxonomy import read_taxonomy
from tests.conftest import REPOSITORY

DOCUMENTS = [*sorted(REPOSITORY.glob("*.md")), *sorted((REPOSITORY / "docs").glob("*.md"))]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")

_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(<?([^)<>\s]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]^]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#+\s+(.+?)\s*$", re.MULTILINE)
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
_MODULE = re.compile(r"\b(?:kb|indexer|web)(?:\.[a-zA-Z_]+)+")

document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))


def code(text: str) -> str:
    """What stands in code, a piece a line."""
    blocks = [match.group() for match in _FENCED.finditer(text)]
    return "\n".join([*blocks, *_CODE.findall(_FENCED.sub("", text))])


def links(text: str) -> Iterator[str]:
    for match in _LINK.finditer(_CODE.sub("", _FENCED.sub("", text))):
        yield match[1] or match[2]


def anchors(text: str) -> set[str]:
    """The ids that the headings of a document get where repositories are shown."""
    headings = _HEADING.findall(_FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_documents_are_there() -> None:
    names = {str(path.relative_to(REPOSITORY)) for path in DOCUMENTS}
    assert names >= {
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/architecture.md",
        "docs/content.md",
        "docs/privacy.md",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_table_of_the_readme(command: str) -> None:
    assert re.search(rf"^\| `kb {command}[ `]", README, re.MULTILINE), f"add a row for kb {command} to README.md"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_in_its_row(command: str) -> None:
    row = next(line for line in README.splitlines() if re.match(rf"\| `kb {command}[ `]", line))
    found = main.get_command(click.Context(main), command)
    assert found
    shown = [option for option in found.params if isinstance(option, click.Option) and not option.hidden]
    options = {name for option in shown for name in option.opts}
    missing = {name for name in options if not re.search(rf"{name}\b(?!-)", row)}
    assert not missing, f"add {', '.join(sorted(missing))} to the row of kb {command} in README.md"


def test_every_setting_is_in_the_readme() -> None:
    files = [file for room in ("kb", "indexer", "web") for file in (REPOSITORY / room).rglob("*.py")]
    read = {name for file in files for name in re.findall(r"\bKB_[A-Z_]+\b", file.read_text(encoding="utf-8"))}
    assert {"KB_ENTRIES", "KB_DATA"} <= read
    assert {name for name in read if name not in README} == set()


@document
def test_commands_that_are_named_exist(path: Path) -> None:
    named = set(re.findall(r"(?:^|[$( /])kb ([a-z][a-z-]+)", code(path.read_text(encoding="utf-8")), re.MULTILINE))
    assert named <= set(COMMANDS), f"{path.name} names commands that do not exist"


@document
def test_make_targets_that_are_named_exist(path: Path) -> None:
    targets = set(_TARGET.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8")))
    named = set(re.findall(r"(?:^|[$( ])make ([a-z][a-z0-9-]*)", code(path.read_text(encoding="utf-8")), re.MULTILINE))
    assert named <= targets, f"{path.name} names targets that the Makefile does not have"
    if path.name == "README.md":
        assert {"run", "test"} <= named


@document
def test_relative_links_lead_to_files(path: Path) -> None:
    for link in links(path.read_text(encoding="utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.is_relative_to(REPOSITORY), f"{path.name}: {link} leads out of the repository"
        assert target.exists(), f"{path.name}: {link} leads nowhere"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path.name}: {link} leads to no heading"


def test_links_are_found() -> None:
    assert list(links('[a](docs/a.md) `[b](b.md)` [c](c.md#d "C")\n[e]: f.md\n```\n[g](g.md)\n```\n')) == [
        "docs/a.md",
        "c.md#d",
        "f.md",
    ]
    assert len(list(links(README))) >= 10


@document
def test_no_path_of_somebodys_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for wrong in ("/home/", "/root/", "/tmp/", "/Users/"):
        assert wrong not in text, f"{path.name} holds {wrong!r}"


@document
def test_modules_that_are_named_exist(path: Path) -> None:
    for name in sorted(set(_MODULE.findall(path.read_text(encoding="utf-8")))):
        whole = REPOSITORY.joinpath(*name.split("."))
        owner, _, attribute = name.rpartition(".")
        file = REPOSITORY.joinpath(*owner.split(".")).with_suffix(".py")
        held = file.is_file() and re.search(rf"\b(?:def|class) {attribute}\b", file.read_text(encoding="utf-8"))
        assert whole.is_dir() or whole.with_suffix(".py").is_file() or held, f"{path.name}: there is no {name}"


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return read_taxonomy(REPOSITORY / "entries").taxonomy


def test_every_kind_of_evidence_is_explained(taxonomy: Taxonomy) -> None:
    text = (REPOSITORY / "docs" / "content.md").read_text(encoding="utf-8")
    for name in (*taxonomy.ids("evidence"), *get_args(Findings)):
        assert f"`{name}`" in text, f"docs/content.md does not explain {name}"
