"""The API as an OpenAPI 3.1 document, made from the table of operations and what the index holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kb import __version__
from kb.backends import Backend
from kb.facets.labels import Labels
from kb.types import FACETS, Query
from web.api.operations import IN_PATH, OPERATIONS, PREFIX, Operation, Parameter, reference
from web.api.schemas import SCHEMAS
from web.api.views import label_languages

PROBLEM = "application/problem+json"

#: Values of a facet are listed up to this many; beyond, they are only described.
MAX_LISTED = 1000

DESCRIPTION = (
    "Practices that protect minors online, found by meaning and by word. Everything can be read by anybody, from any "
    "origin, and nothing can be written. An unknown parameter is refused. Answers carry an ETag that changes with the "
    "index; send it back in If-None-Match."
)

#: What else every operation may answer.
PROBLEMS: Mapping[str, str] = {
    "400": "A parameter is unknown or wrong; the detail says which, and what to write instead.",
    "404": "There is no such thing.",
    "503": "The index or the model is not available just now.",
}


def describe(backend: Backend, base: str = "") -> dict[str, Any]:
    """The document for the index as it is. ``base``: where the site lives, if not at the root."""
    examples = _examples(backend)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shared Practice",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "CC BY 4.0", "identifier": "CC-BY-4.0"},
        },
        "servers": [{"url": base or "/"}],
        "paths": {f"{PREFIX}{operation.path}": {"get": _operation(operation, examples)} for operation in OPERATIONS},
        "components": {"schemas": {**SCHEMAS, **_values(backend)}},
    }


def _operation(operation: Operation, examples: Mapping[str, str]) -> dict[str, Any]:
    return {
        "operationId": operation.endpoint.removeprefix("api_"),
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "parameters": [
            *(_in_path(name, examples) for name in operation.in_path),
            *(_parameter(parameter) for parameter in operation.parameters),
        ],
        "responses": {
            "200": {
                "description": operation.summary,
                "headers": {"ETag": {"description": "Changes with the index.", "schema": {"type": "string"}}},
                "content": {
                    media: {"schema": reference(schema) if isinstance(schema, str) else schema}
                    for media, schema in operation.answers.items()
                },
            },
            **({"301": {"description": "The practice has another id now."}} if operation.moves else {}),
            "304": {"description": "Not changed since the ETag that was sent."},
            **{
                status: {"description": text, "content": {PROBLEM: {"schema": reference("Problem")}}}
                for status, text in PROBLEMS.items()
            },
        },
    }


def _in_path(name: str, examples: Mapping[str, str]) -> dict[str, Any]:
    example = {"example": examples[name]} if name in examples else {}
    return {"name": name, "in": "path", "required": True, "schema": IN_PATH[name], **example}


def _examples(backend: Backend) -> dict[str, str]:
    """Something that is there, for each name in a path; nothing where the base is empty."""
    newest = backend.search(Query(limit=1)).hits
    found = {"practice_id": newest[0].id} if newest else {}
    if newest and (practice := newest[0].practice) and practice.topics and practice.organisations:
        found |= {
            "organisation_id": practice.organisations[0],
            "facet": "topic",
            "concept_id": practice.topics[0],
        }
    return found


def _parameter(parameter: Parameter) -> dict[str, Any]:
    value = {"name": parameter.name, "in": "query", "description": parameter.description}
    if not parameter.repeats:
        return {**value, "schema": parameter.schema}
    return {**value, "schema": {"type": "array", "items": parameter.schema}, "style": "form", "explode": True}


def _values(backend: Backend) -> dict[str, Any]:
    """A schema for the values of each facet, and for the languages of labels."""
    labels = Labels(backend.taxonomy(), backend.organisations())
    known = {f"{facet}-id": labels.values(facet) for facet in FACETS} | {"label-language": label_languages(backend)}
    return {name: _listed(values) for name, values in known.items()}


def _listed(values: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)} if 0 < len(values) <= MAX_LISTED else {"type": "string"}
