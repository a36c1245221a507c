"""Practices and organisations as JSON values, under the names of the front matter, and back without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kb.content.model import (
    Ages,
    Concept,
    Evidence,
    Label,
    Organisation,
    Practice,
    Scheme,
    Service,
    Source,
    Taxonomy,
    Translation,
)

_TEXTS = ("title", "summary", "language")
_LISTS = ("organisations", "strand", "risks", "topics", "audiences", "countries")
_OPTIONAL_LISTS = ("partners", "questions", "aliases", "related")
_OPTIONAL_TEXTS = ("started", "ended", "verified", "contact", "licence")


def practice_to_json(practice: Practice) -> dict[str, Any]:
    """Every field that is set, ``id`` first and ``body`` (Markdown) last."""
    value: dict[str, Any] = {"id": practice.id}
    value |= {name: getattr(practice, name) for name in _TEXTS}
    value |= {name: list(getattr(practice, name)) for name in _LISTS}
    value |= {name: list(getattr(practice, name)) for name in _OPTIONAL_LISTS if getattr(practice, name)}
    if practice.ages:
        value["ages"] = _set(**{"from": practice.ages.start, "to": practice.ages.end, "note": practice.ages.note})
    value["stage"] = practice.stage
    value |= _set(**{name: getattr(practice, name) for name in _OPTIONAL_TEXTS})
    value["evidence"] = _set(kind=practice.evidence.kind, findings=practice.evidence.findings)
    value["sources"] = [
        _set(
            id=source.id,
            url=source.url,
            title=source.title,
            publisher=source.publisher,
            year=source.year,
            language=source.language,
            copy=source.copy or None,
        )
        for source in practice.sources
    ]
    if practice.help:
        value["help"] = [service_to_json(service) for service in practice.help]
    if practice.translations:
        value["translations"] = translations_to_json(practice)
    return value | {"added": practice.added, "updated": practice.updated, "body": practice.body}


def service_to_json(service: Service) -> dict[str, Any]:
    return _set(**{"for": service.purpose, "name": service.name, "phone": service.phone, "url": service.url})


def translations_to_json(practice: Practice) -> dict[str, Any]:
    """Title and summary by language."""
    return {
        language: {"title": translation.title, "summary": translation.summary}
        for language, translation in practice.translations.items()
    }


def practice_from_json(value: Mapping[str, Any]) -> Practice:
    """The inverse of :func:`practice_to_json`."""
    ages = value.get("ages")
    fields: dict[str, Any] = {name: value[name] for name in _TEXTS}
    fields |= {name: tuple(value[name]) for name in _LISTS}
    fields |= {name: tuple(value.get(name, ())) for name in _OPTIONAL_LISTS}
    fields |= {name: value.get(name) for name in _OPTIONAL_TEXTS}
    return Practice(
        **fields,
        id=value["id"],
        ages=Ages(ages.get("from"), ages.get("to"), ages.get("note")) if ages is not None else None,
        stage=value["stage"],
        evidence=Evidence(value["evidence"]["kind"], value["evidence"].get("findings")),
        sources=tuple(Source(**source) for source in value["sources"]),
        help=tuple(
            Service(service["for"], service.get("name"), service.get("phone"), service.get("url"))
            for service in value.get("help", ())
        ),
        translations={
            language: Translation(**translation) for language, translation in value.get("translations", {}).items()
        },
        added=value["added"],
        updated=value["updated"],
        body=value["body"],
    )


def organisation_to_json(organisation: Organisation) -> dict[str, Any]:
    return _set(
        id=organisation.id,
        name=organisation.name,
        kind=organisation.kind,
        country=organisation.country,
        website=organisation.website,
        aliases=list(organisation.aliases) or None,
        description=organisation.description,
    )


def organisation_from_json(value: Mapping[str, Any]) -> Organisation:
    return Organisation(**{**value, "aliases": tuple(value.get("aliases", ()))})


def taxonomy_to_json(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """The schemes in order, in the manner of their files."""
    return [
        {
            "scheme": scheme.id,
            "prefLabel": _labels_to_json(scheme.preferred),
            "concepts": [
                _set(
                    id=concept.id,
                    prefLabel=_labels_to_json(concept.preferred),
                    altLabel={
                        language: [[label.text, label.source] for label in labels]
                        for language, labels in concept.alternative.items()
                    },
                    broader=concept.broader,
                    definition=dict(concept.definition),
                )
                for concept in scheme.concepts
            ],
        }
        for scheme in taxonomy.schemes.values()
    ]


def taxonomy_from_json(value: list[dict[str, Any]]) -> Taxonomy:
    return Taxonomy(
        {
            scheme["scheme"]: Scheme(
                id=scheme["scheme"],
                preferred=_labels_from_json(scheme["prefLabel"]),
                concepts=tuple(
                    Concept(
                        scheme=scheme["scheme"],
                        id=concept["id"],
                        preferred=_labels_from_json(concept["prefLabel"]),
                        alternative={
                            language: tuple(Label(text, source) for text, source in labels)
                            for language, labels in concept["altLabel"].items()
                        },
                        broader=concept.get("broader"),
                        definition=concept["definition"],
                    )
                    for concept in scheme["concepts"]
                ),
            )
            for scheme in value
        }
    )


def _labels_to_json(labels: Mapping[str, Label]) -> dict[str, list[str]]:
    return {language: [label.text, label.source] for language, label in labels.items()}


def _labels_from_json(value: Mapping[str, list[str]]) -> dict[str, Label]:
    return {language: Label(text, source) for language, (text, source) in value.items()}


def _set(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
