"""Practices to neutral documents: what is searched, what is filtered by, what is kept for display."""

from __future__ import annotations

from kb.content.model import Corpus, Practice
from kb.labels import Labels
from kb.markup import sections
from kb.types import Document


def from_practice(practice: Practice, corpus: Corpus) -> Document:
    """The document that stands for ``practice``. Its tags include the concepts above those that it names."""
    labels = Labels(corpus.taxonomy, corpus.organisations)
    organisations = [corpus.organisations[organisation] for organisation in practice.organisations]
    return Document(
        id=practice.id,
        title=practice.title,
        language=practice.language,
        summary=practice.summary,
        sections=sections(practice.body),
        questions=practice.questions,
        keywords=(
            *(name for organisation in organisations for name in (organisation.name, *organisation.aliases)),
            *practice.partners,
            *(labels.label("country", country) for country in practice.countries),
            *(labels.label("topic", topic) for topic in practice.topics),
        ),
        tags={
            "strand": practice.strand,
            "risk": practice.risks,
            "topic": _with_broader(practice.topics, corpus),
            "audience": practice.audiences,
            "kind": tuple(dict.fromkeys(organisation.kind for organisation in organisations)),
            "organisation": practice.organisations,
            "country": practice.countries,
            "language": (practice.language,),
            "evidence": (practice.evidence.kind,),
            "stage": (practice.stage,),
        },
        date=" ".join(filter(None, (practice.updated, practice.started))),
        practice=practice,
        source=corpus.files[practice.id],
    )


def _with_broader(topics: tuple[str, ...], corpus: Corpus) -> tuple[str, ...]:
    above = (broader for topic in topics for broader in corpus.taxonomy.broader("topic", topic))
    return tuple(dict.fromkeys((*topics, *above)))
