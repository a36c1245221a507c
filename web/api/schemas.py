"""The shapes of what the API answers, as JSON Schema (2020-12): what :mod:`kb.serialise` and the codec write."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from kb.content.model import SCHEMES, Findings, Purpose
from kb.suggestions import Kind
from kb.types import FACETS, Band
from web.api.operations import reference
from web.params import MODES, SORTS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
DATE: Schema = {"type": "string", "description": "A year, or an ISO 8601 date."}
BAND: Schema = {"enum": [*get_args(Band), None], "description": "How well it fits by itself; null when browsing."}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(items: Schema, **others: Any) -> Schema:
    return {"type": "array", "items": items, **others}


def _map(values: Schema, names: Schema | None = None) -> Schema:
    return {"type": "object", "additionalProperties": values, **({"propertyNames": names} if names else {})}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


SPANS = _list(
    _list(NUMBER, minItems=2, maxItems=2), description="(start, end) offsets in code points, end not included."
)
BY_LANGUAGE = _map(TEXT)
VALUE = _object({"id": TEXT, "label": TEXT, "count": NUMBER, "selected": {"type": "boolean"}})
COUNTS = _map(_list(VALUE), {"enum": list(FACETS)})
FILTERS = _map(_list(TEXT), {"enum": list(FACETS)})

_TRANSLATIONS: Schema = {
    **_map(_object({"title": TEXT, "summary": TEXT})),
    "description": "Title and summary in other languages, by language (BCP 47).",
}

_PRACTICE_REQUIRED: Mapping[str, Schema] = {
    "id": TEXT,
    "title": TEXT,
    "summary": TEXT,
    "language": TEXT,
    **{name: _list(TEXT) for name in ("organisations", "strand", "risks", "topics", "audiences", "countries")},
    "stage": TEXT,
    "evidence": _object({"kind": TEXT}, {"findings": {"enum": list(get_args(Findings))}}),
    "sources": _list(
        _object(
            {"id": TEXT, "url": TEXT, "title": TEXT},
            {"publisher": TEXT, "year": {"type": "integer"}, "language": TEXT, "copy": {"type": "boolean"}},
        )
    ),
    "added": DATE,
    "updated": DATE,
    "body": {"type": "string", "description": "Markdown; [^id] cites one of the sources."},
}
_PRACTICE_OPTIONAL: Mapping[str, Schema] = {
    **{name: _list(TEXT) for name in ("partners", "questions", "aliases", "related")},
    "ages": _object({}, {"from": NUMBER, "to": NUMBER, "note": TEXT}),
    "started": DATE,
    "ended": DATE,
    "verified": DATE,
    "contact": TEXT,
    "help": _list(
        _object({"for": {"enum": list(get_args(Purpose))}}, {"name": TEXT, "phone": TEXT, "url": TEXT}),
        description="Where somebody in need can turn to, where the practice is such a service.",
    ),
    "licence": TEXT,
    "translations": _TRANSLATIONS,
}
_ORGANISATION = _object(
    {"id": TEXT, "name": TEXT, "kind": TEXT, "country": TEXT, "description": TEXT, "practices": NUMBER},
    {"website": TEXT, "aliases": _list(TEXT)},
)

SCHEMAS: Mapping[str, Schema] = MappingProxyType(
    {
        "Problem": {
            **_object(
                {
                    "type": TEXT,
                    "title": TEXT,
                    "status": {"type": "integer"},
                    "detail": {"type": "string", "description": "What happened, to which thing, what to do next."},
                    "error": {"type": "string", "description": "The same as detail, under its earlier name."},
                }
            ),
            "description": "Problem details, RFC 9457.",
        },
        "Hit": _object(
            {
                "id": TEXT,
                "title": TEXT,
                "score": {**SHARE, "description": "Ranks a hit among the others; larger is better."},
                "band": BAND,
                "passage": _object({"heading": _list(TEXT), "text": TEXT, "highlights": SPANS}),
                "passage_language": TEXT,
                "passage_translated": {
                    "type": "boolean",
                    "description": "Whether it is the summary in another language than that of the practice.",
                },
                "question": {**_maybe(TEXT), "description": "The question that it answers, if that matched best."},
                "why": _object(
                    {
                        "lexical": SHARE,
                        "semantic": SHARE,
                        "words": _list(_object({"word": TEXT, "forms": _list(TEXT), "translations": _list(TEXT)})),
                        "concepts": _list(_object({"facet": TEXT, "id": TEXT, "label": TEXT})),
                    }
                ),
            },
            {
                "summary": TEXT,
                "language": TEXT,
                "translations": _TRANSLATIONS,
                **{name: _list(TEXT) for name in ("organisations", "strand", "topics", "countries")},
            },
        ),
        "Results": _object(
            {
                "query": TEXT,
                "mode": {"enum": list(MODES)},
                "sort": {"enum": list(SORTS)},
                "filters": FILTERS,
                "total": NUMBER,
                "fitting": {**NUMBER, "description": "How many are strong or fair matches."},
                "offset": NUMBER,
                "generation": NUMBER,
                "understood": _object(
                    {
                        "language": _maybe(TEXT),
                        "corrected": _maybe(TEXT),
                        "also": _list(_object({"facet": TEXT, "id": TEXT, "label": TEXT})),
                        "english": _list(TEXT),
                    }
                ),
                "hits": _list(reference("Hit")),
                "facets": COUNTS,
            }
        ),
        "Facets": _object(
            {
                "query": TEXT,
                "mode": {"enum": list(MODES)},
                "filters": FILTERS,
                "total": NUMBER,
                "generation": NUMBER,
                "facets": COUNTS,
            }
        ),
        "Suggestions": _object(
            {
                "query": TEXT,
                "suggestions": _list(
                    _object(
                        {
                            "kind": {"enum": list(get_args(Kind))},
                            "id": {"type": "string", "description": "Of a question: its practice."},
                            "facet": {**_maybe(TEXT), "description": "The facet of a concept."},
                            "label": TEXT,
                            "matched": {**_maybe(TEXT), "description": "The other name that was typed."},
                            "highlights": SPANS,
                        }
                    )
                ),
            }
        ),
        "Practice": _object(_PRACTICE_REQUIRED, _PRACTICE_OPTIONAL),
        "Export": _object(
            {
                "query": TEXT,
                "mode": {"enum": list(MODES)},
                "sort": {"enum": list(SORTS)},
                "filters": FILTERS,
                "total": NUMBER,
                "fitting": NUMBER,
                "generation": NUMBER,
                "practices": _list({"allOf": [reference("Practice"), _object({"score": SHARE, "band": BAND})]}),
            }
        ),
        "Similar": _object({"id": TEXT, "hits": _list(reference("Hit"))}),
        "Organisation": _ORGANISATION,
        "Organisations": _object(
            {"total": NUMBER, "offset": NUMBER, "organisations": _list(reference("Organisation"))}
        ),
        "Schemes": _object(
            {
                "schemes": _list(
                    _object(
                        {
                            "facet": {"enum": list(SCHEMES)},
                            "label": TEXT,
                            "concepts": _list(
                                _object({"id": TEXT, "label": TEXT, "broader": _maybe(TEXT), "practices": NUMBER})
                            ),
                        }
                    )
                )
            }
        ),
        "Concept": _object(
            {
                "facet": {"enum": list(SCHEMES)},
                "id": TEXT,
                "label": {**BY_LANGUAGE, "description": "The preferred label by language (BCP 47)."},
                "alternative": _map(_list(TEXT)),
                "definition": BY_LANGUAGE,
                "broader": _maybe(TEXT),
                "narrower": _list(TEXT),
                "practices": NUMBER,
            }
        ),
    }
)
