"""What pages that anybody may read say of the machine: names, never the folders that they stand in."""

from __future__ import annotations

import re
from pathlib import PurePath

#: The folders of a path on this machine, not the parts of an address or of a name on a hub.
_FOLDERS = re.compile(r"(?<![\w:/.~-])(?:~|\.{1,2})?/(?:[^/\s]+/)*(?=\S)")
#: Characters of a reason.
_LONGEST = 160


def without_folders(text: str) -> str:
    """A sentence that may name files: ``/srv/models/x is damaged`` is ``x is damaged``."""
    return _FOLDERS.sub("", text)


def model_name(model: str) -> str:
    """A model may be named by the folder that it is in, which is nobody's business: ``/srv/models/x`` is ``x``."""
    return PurePath(model).name if model.startswith(("/", "./", "../", "~")) else model


def reason(error: Exception) -> str:
    """What happened, in short: what to type next is for whoever sits at the machine, and ``kb status`` says it."""
    text = without_folders(str(error).partition("; ")[0])
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
