"""Where the entries are kept for all to see, as git's remote names it: where to report errors, if nobody is named.

Only forges whose addresses are known are told, and their address is written anew from its parts, so that no user name,
password, token or folder of this machine ever gets onto a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from kb.upkeep.git import git

#: The file that tells how to contribute, looked for at the top of the repository.
_GUIDE = "CONTRIBUTING.md"


@dataclass(frozen=True, slots=True)
class Repository:
    """Addresses on a forge: where errors are reported, and the file that tells how to contribute, if there is one."""

    issues: str
    guide: str | None = None


@dataclass(frozen=True, slots=True)
class _Forge:
    """Where below a repository its issues are, and where its files; whether its repositories may lie in groups."""

    issues: str
    files: str | None = None
    groups: bool = False


_GITLAB = _Forge("-/issues", "-/blob/HEAD", groups=True)
_FORGES: Mapping[str, _Forge] = MappingProxyType(
    {
        "github.com": _Forge("issues", "blob/HEAD"),
        "gitlab.com": _GITLAB,
        "framagit.org": _GITLAB,
        "code.europa.eu": _GITLAB,
        "codeberg.org": _Forge("issues"),
        "bitbucket.org": _Forge("issues"),
    }
)
_HOST = r"(?P<host>[A-Za-z0-9.-]+)"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PATH = rf"(?P<path>{_NAME}(?:/{_NAME})+)/?"
#: What stands before the @ of an address of the web is for nobody else, whatever it is.
_REMOTES = (
    re.compile(rf"https?://(?:[^/@\s]*@)?{_HOST}(?::443)?/{_PATH}"),
    re.compile(rf"ssh://git@{_HOST}(?::22)?/{_PATH}"),
    re.compile(rf"git@{_HOST}:/?{_PATH}"),
)


def repository_of(folder: Path) -> Repository | None:
    """The one that ``folder`` lies in; None without git, without a remote, or where its host is not a known forge."""
    remote, top = git(folder, "remote", "get-url", "origin"), git(folder, "rev-parse", "--show-toplevel")
    found = repository_at(remote.strip("\n")) if remote else None
    if found and top and not (Path(top.strip("\n")) / _GUIDE).is_file():
        return Repository(found.issues)
    return found


def repository_at(remote: str) -> Repository | None:
    """The pages of the repository that has this address for git; None for one that must not, or need not, be told."""
    found = next(filter(None, (form.fullmatch(remote) for form in _REMOTES)), None)
    host = found["host"].casefold() if found else ""
    forge = _FORGES.get(host)
    if not found or not forge:
        return None
    path = found["path"].removesuffix(".git")
    if path.count("/") != 1 and not forge.groups:
        return None
    base = f"https://{host}/{path}"
    return Repository(f"{base}/{forge.issues}", f"{base}/{forge.files}/{_GUIDE}" if forge.files else None)
