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
        Change("2024-01-05", "Add one"),
    )
    assert history.of("practices/two.md", version=1) == (Change("2024-03-01", "Add two: äöü <b>"),)
    assert history.of("practices/none.md", version=1) == ()

    (entries / "practices" / "one.md").write_text("again")
    git(tmp_path, "commit", "-qam", "Again", date="2024-05-01")
    assert len(history.of("practices/one.md", version=1)) == 2, "git is asked once for a version"
    assert history.of("practices/one.md", version=2)[0] == Change("2024-05-01", "Again")


def test_without_a_repository_there_is_no_history(entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(entries.parent))
    assert History(entries).of("practices/one.md", version=1) == ()
    assert History(entries / "nowhere").of("practices/one.md", version=1) == ()


def test_without_git_there_is_no_history(entries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert History(entries).of("practices/one.md", version=1) == ()
