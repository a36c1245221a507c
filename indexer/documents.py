"""Practices to neutral documents: what is searched, what is filtered by, what is kept for display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kb.content.model import Organisation, Practice, Taxonomy
from kb.content.survey import Packed, Unpacking
from kb.facets import ages
from kb.facets.labels import Labels
from kb.text.markup import sections
from kb.types import Document


def from_practice(
    practice: Practice, source: str, taxonomy: Taxonomy, organisations: Mapping[str, Organisation]
) -> Document:
    """The document that stands for ``practice``, which was read from the text ``source``.

    Its tags include the concepts above those that it names.
    """
    labels = Labels(taxonomy, organisations)
    responsible = [organisations[organisation] for organisation in practice.organisations]
    return Document(
        id=practice.id,
        title=practice.title,
        language=practice.language,
        summary=practice.summary,
        sections=sections(practice.body),
        questions=practice.questions,
        keywords=(
            *(name for organisation in responsible for name in (organisation.name, *organisation.aliases)),
            *practice.partners,
            *(labels.label("country", country) for country in practice.countries),
            *(labels.label("topic", topic) for topic in practice.topics),
        ),
        tags={
            "strand": practice.strand,
            "risk": practice.risks,
            "topic": _with_broader(practice.topics, taxonomy),
            "audience": practice.audiences,
            ages.FACET: ages.bands(practice.ages),
            "kind": tuple(dict.fromkeys(organisation.kind for organisation in responsible)),
            "organisation": practice.organisations,
            "country": practice.countries,
            "language": (practice.language,),
            "evidence": (practice.evidence.kind,),
            "stage": (practice.stage,),
        },
        date=" ".join(filter(None, (practice.updated, practice.started))),
        translations=practice.translations,
        practice=practice,
        source=source,
    )


@dataclass(frozen=True)
class Making:
    """:func:`from_practice` for practices as the ledger keeps them. Can be sent to another process."""

    unpacking: Unpacking
    taxonomy: Taxonomy
    organisations: Mapping[str, Organisation]

    def __call__(self, packed: Packed) -> Document:
        practice, source = self.unpacking(packed)
        return from_practice(practice, source, self.taxonomy, self.organisations)


def _with_broader(topics: tuple[str, ...], taxonomy: Taxonomy) -> tuple[str, ...]:
    above = (broader for topic in topics for broader in taxonomy.broader("topic", topic))
    return tuple(dict.fromkeys((*topics, *above)))
