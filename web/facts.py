"""The facts of a practice at a glance: the same ones, in the same order, on its page, beside others, in a dossier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kb.content.model import Practice
from web import words
from web.site import label


@dataclass(frozen=True, slots=True)
class Fact:
    """``values`` are ids of the facet, or plain text where there is none. A practice may have none of them.

    ``note`` says more in words of the entry; so do the values where they are ``own`` words of it. These are in
    ``language``.
    """

    key: str
    facet: str | None
    values: tuple[str, ...]
    language: str
    own: bool = False
    note: str = ""


Reader = Callable[[Practice], Sequence[str]]

#: (key, facet, reader). What each is called stands in :data:`web.words.FACTS`.
_FACTS: tuple[tuple[str, str | None, Reader], ...] = (
    ("who", "organisation", lambda practice: practice.organisations),
    ("with", None, lambda practice: practice.partners),
    ("where", "country", lambda practice: practice.countries),
    ("for", "audience", lambda practice: practice.audiences),
    ("ages", None, lambda practice: _text(words.ages(practice.ages) if practice.ages else "")),
    ("when", None, lambda practice: _text(words.period(practice))),
    ("stage", "stage", lambda practice: (practice.stage,)),
    ("against", "risk", lambda practice: practice.risks),
    ("language", "language", lambda practice: (practice.language,)),
    ("titled", None, lambda practice: tuple(label("language", code) for code in practice.translations)),
    ("strand", "strand", lambda practice: practice.strand),
    ("topics", "topic", lambda practice: practice.topics),
    ("evidence", "evidence", lambda practice: (practice.evidence.kind,)),
    ("findings", None, lambda practice: _text(str(words.FINDINGS.get(practice.evidence.findings or "", "")))),
)


def facts(practice: Practice) -> tuple[Fact, ...]:
    """All facts, those without a value too, so that practices can stand side by side."""
    made = (Fact(key, facet, tuple(read(practice)), practice.language, key == "with") for key, facet, read in _FACTS)
    return tuple(_with_note(fact, practice) if fact.key == "ages" else fact for fact in made)


def _with_note(fact: Fact, practice: Practice) -> Fact:
    """A note on ages stands for them where there are none in years."""
    note = (practice.ages.note if practice.ages else None) or ""
    return replace(fact, note=note) if fact.values else replace(fact, values=_text(note), own=True)


def _text(found: str) -> tuple[str, ...]:
    return (found,) if found else ()
