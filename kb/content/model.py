"""The values that ``entries/`` holds: practices, organisations, concepts. Frozen; no behaviour beyond look-up.

Dates are text, a year or an ISO 8601 date ("2017", "2017-02-07"), so they sort as text. Languages are BCP 47
codes, countries ISO 3166-1 alpha-2 codes or ``EU`` or ``INT``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

Findings = Literal["positive", "mixed", "no-effect", "negative"]
Severity = Literal["error", "warning"]
#: What somebody turns to a service for: to talk to a person who helps, or to report what should be removed.
Purpose = Literal["talk", "report"]

#: The facets that have a concept scheme of their own, in the order in which they are shown, with its file.
SCHEMES: Mapping[str, str] = MappingProxyType(
    {
        "strand": "strands.yaml",
        "risk": "risks.yaml",
        "topic": "topics.yaml",
        "audience": "audiences.yaml",
        "kind": "kinds.yaml",
        "evidence": "evidence.yaml",
        "stage": "stages.yaml",
    }
)


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages in whole years; ``end`` is inclusive and None where there is no upper bound."""

    start: int | None = None
    end: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What sort of evaluation exists (a concept of the scheme ``evidence``) and what it found."""

    kind: str
    findings: Findings | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A publication that claims rest on; ``copy`` marks that a copy or mirror of it was read."""

    id: str
    url: str
    title: str
    publisher: str | None = None
    year: int | None = None
    language: str | None = None
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """What somebody in need can turn to: a number, an address or both. ``name`` where it is not the practice's."""

    purpose: Purpose
    name: str | None = None
    phone: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Practice:
    """One practice: its front matter, and its body as Markdown. The id is the file name and a permanent URL."""

    id: str
    title: str
    summary: str
    language: str
    organisations: tuple[str, ...]
    strand: tuple[str, ...]
    risks: tuple[str, ...]
    topics: tuple[str, ...]
    audiences: tuple[str, ...]
    countries: tuple[str, ...]
    stage: str
    evidence: Evidence
    sources: tuple[Source, ...]
    added: str
    updated: str
    body: str
    partners: tuple[str, ...] = ()
    ages: Ages | None = None
    started: str | None = None
    ended: str | None = None
    questions: tuple[str, ...] = ()
    translations: Mapping[str, Translation] = field(default_factory=dict)
    verified: str | None = None
    contact: str | None = None
    help: tuple[Service, ...] = ()
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    id: str
    name: str
    kind: str
    country: str
    website: str | None = None
    aliases: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A word for a concept in one language, and where it comes from (a URL, or ``unreviewed``)."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Definition:
    """What a concept means, and the language that this is said in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept in the sense of SKOS: one preferred label and any number of others per language."""

    scheme: str
    id: str
    preferred: Mapping[str, Label]
    alternative: Mapping[str, tuple[Label, ...]] = field(default_factory=dict)
    broader: str | None = None
    definition: Mapping[str, str] = field(default_factory=dict)

    def label(self, language: str = "en") -> str:
        """The preferred label in ``language``, else in English, else the id."""
        found = self.preferred.get(language) or self.preferred.get("en")
        return found.text if found else self.id

    def defined(self, language: str = "en") -> Definition:
        """What it means in ``language``, else in English; no text where it is not said at all."""
        spoken = language if language in self.definition else "en"
        return Definition(self.definition.get(spoken, ""), spoken)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A concept scheme: the values that one facet can take, in the order of its file."""

    id: str
    preferred: Mapping[str, Label]
    concepts: tuple[Concept, ...]


@dataclass(frozen=True)
class Taxonomy:
    """All concept schemes, by facet."""

    schemes: Mapping[str, Scheme]

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, str], Concept]:
        return {(scheme.id, c.id): c for scheme in self.schemes.values() for c in scheme.concepts}

    def get(self, scheme: str, concept: str) -> Concept | None:
        return self._by_key.get((scheme, concept))

    def ids(self, scheme: str) -> tuple[str, ...]:
        found = self.schemes.get(scheme)
        return tuple(c.id for c in found.concepts) if found else ()

    def broader(self, scheme: str, concept: str) -> tuple[str, ...]:
        """The concepts above ``concept``, nearest first. Ends at the top, or where a cycle would begin."""
        above: list[str] = []
        current = self.get(scheme, concept)
        while current is not None and current.broader and current.broader not in (*above, concept):
            above.append(current.broader)
            current = self.get(scheme, current.broader)
        return tuple(above)

    def narrower(self, scheme: str, concept: str | None) -> tuple[Concept, ...]:
        """The concepts directly below ``concept``; those at the top for None."""
        found = self.schemes.get(scheme)
        return tuple(c for c in found.concepts if c.broader == concept) if found else ()


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a file. Printed as ``path:line: message; remedy``."""

    path: str
    line: int
    message: str
    remedy: str
    severity: Severity = "error"

    def __str__(self) -> str:
        kind = "warning: " if self.severity == "warning" else ""
        return f"{self.path}:{self.line}: {kind}{self.message}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Corpus:
    """What ``entries/`` holds: every sound entry by id, and every problem found on the way.

    ``files`` maps each practice id to the text of its file; ``left_out`` names the files (paths relative to the
    entries folder) that have an error and are in none of the mappings.
    """

    practices: Mapping[str, Practice]
    organisations: Mapping[str, Organisation]
    taxonomy: Taxonomy
    problems: tuple[Problem, ...]
    files: Mapping[str, str]
    left_out: tuple[str, ...]
