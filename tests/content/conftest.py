"""A small ``entries/`` that is sound, and verbs to write what is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from kb.content.corpus import read_corpus
from kb.content.model import Corpus

TODAY = date(2026, 11, 22)

#: The front matter of a sound practice, a line for each field: ``title`` stands in line 2 of the file.
FIELDS: Mapping[str, str] = {
    "title": '"Report Remove: young people take down pictures of themselves"',
    "summary": "Young people report a picture of themselves, and it is taken down.",
    "language": "en",
    "organisations": "[childline]",
    "strand": "[user-empowerment]",
    "risks": "[content]",
    "topics": "[helpline]",
    "audiences": "[children]",
    "countries": "[GB]",
    "stage": "running",
    "evidence": "{kind: none}",
    "sources": '[{id: a, url: "https://example.org/a", title: A}]',
    "added": "2026-11-20",
    "updated": "2026-11-21",
}

#: In line 18, after the closing fence and a blank line.
BODY = "## What it is\n\nA service.[^a]\n"
BODY_LINE = 18

SCHEMES = {
    "strands": "strand: user-empowerment, awareness-raising",
    "risks": "risk: content, contact, conduct, contract",
    "topics": "topic: helpline, reporting-tools, grooming",
    "audiences": "audience: children, parents",
    "kinds": "kind: company, ngo",
    "evidence": "evidence: none, evaluated",
    "stages": "stage: idea, running, ended, unknown",
}


def concept_yaml(id: str) -> str:
    label = id.replace("-", " ").capitalize()
    return f"  - {{id: {id}, prefLabel: {{en: {label}}}, definition: {{en: What {label} means.}}}}\n"


class Entries:
    """Writes entries and tells what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("practices", "organisations", "taxonomy"):
            (root / folder).mkdir(parents=True)
        for name, scheme in SCHEMES.items():
            facet, _, ids = scheme.partition(": ")
            concepts = "".join(concept_yaml(id) for id in ids.split(", "))
            head = f"scheme: {facet}\nlabelSource: unreviewed\nprefLabel: {{en: {name.capitalize()}}}\nconcepts:\n"
            self.write(f"taxonomy/{name}.yaml", head + concepts)
        self.organisation("childline")

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.root / path
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return target

    def practice(self, id: str = "report-remove", *, body: str | None = BODY, **fields: str | None) -> Path:
        """A practice in which ``fields`` replace those of :data:`FIELDS`; None leaves one out."""
        return self.write(f"practices/{id}.md", practice_text(body=body, **fields))

    def organisation(self, id: str, *, body: str = "A helpline.\n", **fields: str) -> Path:
        all_fields = {"name": id.capitalize(), "kind": "ngo", "country": "GB", **fields}
        lines = "".join(f"{name}: {value}\n" for name, value in all_fields.items())
        return self.write(f"organisations/{id}.md", f"---\n{lines}---\n\n{body}")

    def read(self) -> Corpus:
        return read_corpus(self.root, today=TODAY)

    def problems(self) -> list[str]:
        return [str(problem) for problem in self.read().problems]


def practice_text(*, body: str | None = BODY, **fields: str | None) -> str:
    lines = "".join(f"{name}: {value}\n" for name, value in {**FIELDS, **fields}.items() if value is not None)
    return f"---\n{lines}---\n\n{body or ''}"


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    return Entries(tmp_path / "entries")
