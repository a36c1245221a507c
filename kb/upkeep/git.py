"""What git says of a folder, where there is a git and a repository."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

#: Seconds that git may take: a page waits for some of its answers.
_PATIENCE = 10
_SETTINGS = (
    *("--literal-pathspecs", "--no-pager", "-c", "core.quotePath=off", "-c", "color.ui=never"),
    *("-c", "log.showSignature=false"),
)


def git(folder: Path, *arguments: str) -> str | None:
    """What git answers; None where there is none, no repository, one of somebody else, or one that is too slow."""
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "-C", str(folder), *_SETTINGS, *arguments]
    try:
        found = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.decode("utf-8", "replace")
