"""The base without one of the fields of its entries, to measure what the field is good for."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

_FENCE = "---\n"


def copy_without(field: str, entries: Path, target: Path) -> int:
    """Copy ``entries`` to ``target``, which is made anew, without ``field`` in any practice; how many had it."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(entries, target)
    return sum(_drop(field, path) for path in sorted((target / "practices").glob("*.md")))


def _drop(field: str, path: Path) -> bool:
    _, front, body = path.read_text(encoding="utf-8").split(_FENCE, 2)
    values = yaml.safe_load(front)
    if values.pop(field, None) is None:
        return False
    front = yaml.safe_dump(values, allow_unicode=True, sort_keys=False)
    path.write_text(f"{_FENCE}{front}{_FENCE}{body}", encoding="utf-8")
    return True
