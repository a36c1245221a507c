"""What a run has to do: which documents are new, which changed, which are gone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from kb.types import Document


@dataclass(frozen=True, slots=True)
class Plan:
    """Document ids, each tuple in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]

    @property
    def to_write(self) -> tuple[str, ...]:
        return (*self.added, *self.changed)

    @property
    def to_remove(self) -> tuple[str, ...]:
        """Documents whose stored form goes: those that are gone and those that are written anew."""
        return (*self.removed, *self.changed)


def plan(wanted: Mapping[str, str], stored: Mapping[str, str], *, full: bool = False) -> Plan:
    """Compare document hashes by id: those of the entries and those of the index. ``full`` writes everything anew."""
    common = sorted(wanted.keys() & stored.keys())
    changed = tuple(key for key in common if full or wanted[key] != stored[key])
    return Plan(
        added=tuple(sorted(wanted.keys() - stored.keys())),
        changed=changed,
        removed=tuple(sorted(stored.keys() - wanted.keys())),
        unchanged=tuple(key for key in common if key not in set(changed)),
    )


def digest(document: Document) -> str:
    """A SHA-256 that changes with anything of the document that is stored."""
    value = json.dumps(asdict(document), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
