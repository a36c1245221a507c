"""Where errors can be reported when nobody is named: only what is public, and nothing of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kb.upkeep.repository import Repository, repository_at, repository_of
from tests.test_history import git

GITHUB = "https://github.com/owner/name"


@pytest.mark.parametrize(
    ("remote", "issues"),
    [
        ("https://github.com/owner/name.git", f"{GITHUB}/issues"),
        ("https://github.com/owner/name", f"{GITHUB}/issues"),
        ("https://github.com/owner/name/", f"{GITHUB}/issues"),
        ("http://GitHub.com/owner/name.git", f"{GITHUB}/issues"),
        ("https://user:secret@github.com/owner/name.git", f"{GITHUB}/issues"),
        ("https://ghp_token@github.com:443/owner/name.git", f"{GITHUB}/issues"),
        ("git@github.com:owner/name.git", f"{GITHUB}/issues"),
        ("ssh://git@github.com/owner/name.git", f"{GITHUB}/issues"),
        ("ssh://git@github.com:22/owner/name.js", f"{GITHUB}.js/issues"),
        ("git@gitlab.com:group/sub/name.git", "https://gitlab.com/group/sub/name/-/issues"),
        ("https://codeberg.org/owner/name", "https://codeberg.org/owner/name/issues"),
    ],
)
def test_a_public_forge_has_an_address(remote: str, issues: str) -> None:
    found = repository_at(remote)
    assert found
    assert found.issues == issues
    assert "secret" not in repr(found)
    assert "token" not in repr(found)


@pytest.mark.parametrize(
    "remote",
    [
        "/srv/git/name.git",
        "../name",
        "file:///srv/git/name.git",
        "https://git.internal.example/owner/name.git",
        "git@intranet:owner/name.git",
        "user@github.com:owner/name.git",
        "https://github.com.evil.example/owner/name",
        "https://evil.example/@github.com/owner/name",
        "https://a@b@github.com/owner/name",
        "https://github.com:8080/owner/name",
        "https://github.com/owner",
        "https://github.com/owner/name?x=1",
        "https://github.com/owner/na me",
        "https://github.com/owner/../name",
        "https://github.com/owner/name\nhttps://x.example",
        "javascript:alert(1)//github.com/owner/name",
        "",
    ],
)
def test_nothing_else_has(remote: str) -> None:
    assert repository_at(remote) is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_remote_is_that_of_the_folder(tmp_path: Path) -> None:
    entries = tmp_path / "entries"
    entries.mkdir()
    git(tmp_path, "init", "-q")
    assert repository_of(entries) is None, "there is no remote"
    git(tmp_path, "remote", "add", "origin", "https://user:secret@github.com/owner/name.git")
    assert repository_of(entries) == Repository(f"{GITHUB}/issues")
    (tmp_path / "CONTRIBUTING.md").write_text("How")
    assert repository_of(entries) == Repository(f"{GITHUB}/issues", f"{GITHUB}/blob/HEAD/CONTRIBUTING.md")
    git(tmp_path, "remote", "set-url", "origin", str(tmp_path))
    assert repository_of(entries) is None


def test_without_git_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert repository_of(tmp_path) is None
