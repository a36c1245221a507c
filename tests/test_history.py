"""What changed and when, from a real repository, and the absence of one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kb.upkeep.history import Change, History


def git(folder: Path, *arguments: str, date: str = "2024-01-01") -> None:
    stamp = f"{date}T12:00:00Z"
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "GIT_COMMITTER_DATE": stamp, "GIT_AUTHOR_DATE": stamp},
    )


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    folder = tmp_path / "entries"
    (folder / "practices").mkdir(parents=True)
    return folder


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_changes_are_told_latest_first(tmp_path: Path, entries: Path) -> None:
    git(tmp_path, "init", "-q")
    for date, name, subject in [
        ("2024-01-05", "one", "Add one"),
        ("2024-03-01", "two", "Add two: äöü <b>"),
        ("2024-04-09", "one", "Correct one"),
    ]:
        (entries / "practices" / f"{name}.md").write_text(subject)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-qm", subject, date=date)
    history = History(entries)
    assert history.of("practices/one.md", version=1) == (
        Change("2024-04-09", "Correct one"),
        Change("2024-01-05", "Add one", added=True),
    )
    assert history.of("practices/two.md", version=1) == (Change("2024-03-01", "Add two: äöü <b>", added=True),)
    assert history.of("practices/none.md", version=1) == ()

    (entries / "practices" / "one.md").write_text("again")
    git(tmp_path, "commit", "-qam", "Again", date="2024-05-01")
    assert len(history.of("practices/one.md", version=1)) == 2, "git is asked once for a version"
    assert history.of("practices/one.md", version=2)[0] == Change("2024-05-01", "Again")


ENTRY = """---
title: "One: two"
topics: [a]
sources:
  - id: a
    url: https://a.example
updated: 2024-01-01
---

## What it is

Said.[^a]

## Results

Ten.[^a]
"""


def commit(repository: Path, date: str, subject: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repository, "add", ".")
    git(repository, "commit", "-qm", subject, date=date)


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@needs_git
def test_what_changed_is_read_from_the_difference(tmp_path: Path, entries: Path) -> None:
    git(tmp_path, "init", "-q")
    file = "entries/practices/one.md"
    commit(tmp_path, "2024-01-01", "Lay the foundation: indexer", {file: ENTRY, "indexer.py": "1"})
    changed = ENTRY.replace("https://a.example", "https://b.example").replace("Ten.", "Eleven.")
    commit(tmp_path, "2024-01-02", "Correct the source of one", {file: changed})
    changed = changed.replace("[a]\n", "[a, b]\n").replace("## Results", "## Limits")
    commit(tmp_path, "2024-01-03", "Rebuild the server", {file: changed, "web/server.py": "2"})
    changed = changed.replace("2024-01-01", "2024-02-02")
    commit(tmp_path, "2024-01-04", "Rebuild it again", {file: changed, "web/server.py": "3"})
    assert History(entries).of("practices/one.md", version=1) == (
        Change("2024-01-04", None, fields=("updated",)),
        Change("2024-01-03", None, fields=("topics",), headings=("Results", "Limits")),
        Change("2024-01-02", "Correct the source of one", fields=("sources",), headings=("Results",)),
        Change("2024-01-01", None, added=True),
    )


@needs_git
def test_hostile_names_are_names(tmp_path: Path, entries: Path) -> None:
    git(tmp_path, "init", "-q")
    names = ["--output=x", ":(top)one", "*", "a\nb", "\x01" + "0" * 40 + " 2024-01-01 \x02\x02 x", "ö b"]
    commit(tmp_path, "2024-01-01", "Add\x01 them", {f"entries/practices/{name}.md": ENTRY for name in names})
    history = History(entries)
    for name in ("--output=x", ":(top)one", "*", "ö b"):
        assert [change.added for change in history.of(f"practices/{name}.md", version=1)] == [True], name
    assert [path.name for path in tmp_path.iterdir() if path.name not in (".git", "entries")] == []
    assert history.of("--output=x", version=1) == ()


@needs_git
def test_a_shallow_clone_tells_only_what_it_has(tmp_path: Path, entries: Path) -> None:
    git(tmp_path, "init", "-q")
    file = "entries/practices/one.md"
    commit(tmp_path, "2024-01-01", "Add one", {file: ENTRY})
    commit(tmp_path, "2024-01-02", "Correct one", {file: ENTRY.replace("Ten", "Nine")})
    commit(tmp_path, "2024-01-03", "Correct it again", {file: ENTRY.replace("Ten", "Eight")})
    git(tmp_path, "clone", "-q", "--depth=2", tmp_path.as_uri(), str(tmp_path / "clone"))
    assert History(tmp_path / "clone" / "entries").of("practices/one.md", version=1) == (
        Change("2024-01-03", "Correct it again", headings=("Results",)),
    )


def test_without_a_repository_there_is_no_history(entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(entries.parent))
    assert History(entries).of("practices/one.md", version=1) == ()
    assert History(entries / "nowhere").of("practices/one.md", version=1) == ()


def test_without_git_there_is_no_history(entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert History(entries).of("practices/one.md", version=1) == ()
