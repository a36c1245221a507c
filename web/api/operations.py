"""What can be asked: one line an operation. Programs rely on them: removing one is a new version of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flask.typing import ResponseReturnValue

from kb.content import ids
from kb.content.model import SCHEMES
from kb.types import FACETS
from kb.understanding.query import MAX_CHARACTERS
from web.api import views
from web.exports import FORMATS, MAX_PRACTICES
from web.params import MAX_LIMIT, MAX_PAGE, MODES, PER_PAGE, SORTS

PREFIX = "/api/v1"

JSON = "application/json"


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """``schema`` is the JSON Schema of one value; a parameter that ``repeats`` takes several."""

    name: str
    description: str
    schema: Mapping[str, Any]
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """``path`` is written as in OpenAPI. ``answers`` maps media types to the name of a schema, or to a schema."""

    path: str
    endpoint: str
    view: Callable[..., ResponseReturnValue]
    summary: str
    answers: Mapping[str, str | Mapping[str, Any]]
    parameters: tuple[Parameter, ...] = ()
    description: str = ""
    moves: bool = field(default=False, kw_only=True)

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return PREFIX + re.sub(r"\{(\w+)\}", r"<\1>", self.path)

    @property
    def in_path(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{(\w+)\}", self.path))


_Q = Parameter(
    "q",
    'A question, in words. "Quoted phrases" must occur, -word leaves out. Without it everything is listed, newest '
    "first.",
    {"type": "string", "maxLength": MAX_CHARACTERS},
)
_FACETS = tuple(
    Parameter(facet, f"Only practices with this {facet}; repeated, any of them.", reference(f"{facet}-id"), True)
    for facet in FACETS
)
_MODE = Parameter("mode", "What ranks: words, meaning, or both.", {"type": "string", "enum": list(MODES)})
_SORT = Parameter("sort", "What comes first.", {"type": "string", "enum": list(SORTS)})
_EXACT = Parameter(
    "exact", "1: search for the words as they are; correct and translate none.", {"type": "integer", "enum": [0, 1]}
)
_PAGE = Parameter("page", "The number of the page, from 1.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE})
_ASKING = (_Q, *_FACETS, _MODE, _SORT, _EXACT)
_LABELS = Parameter(
    "label_language", "The language of labels, English where there is none.", reference("label-language")
)


def _limit(default: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
    return Parameter("limit", "How many at once.", schema)


#: The schema of each name in a path.
IN_PATH: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "practice_id": {"type": "string", "pattern": ids.PATTERN, "maxLength": ids.MAX_CHARACTERS},
        "organisation_id": {"type": "string", "pattern": ids.PATTERN, "maxLength": ids.MAX_CHARACTERS},
        "concept_id": {"type": "string", "pattern": ids.PATTERN, "maxLength": ids.MAX_CHARACTERS},
        "facet": {"type": "string", "enum": list(SCHEMES)},
    }
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "/search",
        "api_search",
        views.search,
        "Find practices by meaning and by word",
        {JSON: "Results"},
        (*_ASKING, _PAGE, _limit(PER_PAGE)),
        "What the page /search shows and `kb search --json` prints.",
    ),
    Operation(
        "/facets",
        "api_facets",
        views.facets,
        "Count a result set by every facet",
        {JSON: "Facets"},
        (_Q, *_FACETS, _MODE, _EXACT),
        "A facet counts as if nothing in it were chosen.",
    ),
    Operation(
        "/suggestions",
        "api_suggestions",
        views.suggestions,
        "What somebody who has begun to type may mean",
        {JSON: "Suggestions"},
        (_Q, _LABELS),
    ),
    Operation(
        "/export",
        "api_export",
        views.export,
        "A whole result set as one file",
        {JSON: "Export", "text/csv": {"type": "string"}},
        (
            Parameter("format", "json if not given.", {"type": "string", "enum": list(FORMATS)}),
            *_ASKING,
        ),
        f"At most {MAX_PRACTICES:,} practices; a larger set is refused. JSON has every field of each practice, CSV one "
        "line a practice for spreadsheets.",
    ),
    Operation(
        "/practices/{practice_id}",
        "api_practice",
        views.practice,
        "One practice, with its text and sources",
        {JSON: "Practice"},
        moves=True,
    ),
    Operation(
        "/practices/{practice_id}/similar",
        "api_similar",
        views.similar,
        "Practices about the same thing",
        {JSON: "Similar"},
        (_limit(views.SIMILAR),),
        moves=True,
    ),
    Operation(
        "/organisations",
        "api_organisations",
        views.organisations,
        "All organisations, by id",
        {JSON: "Organisations"},
        (_PAGE, _limit(MAX_LIMIT)),
    ),
    Operation(
        "/organisations/{organisation_id}",
        "api_organisation",
        views.organisation,
        "One organisation",
        {JSON: "Organisation"},
    ),
    Operation(
        "/concepts",
        "api_concepts",
        views.concepts,
        "The taxonomy: every scheme with its concepts, in the order of its file",
        {JSON: "Schemes"},
        (_LABELS,),
    ),
    Operation(
        "/concepts/{facet}/{concept_id}",
        "api_concept",
        views.concept,
        "One concept, with its labels in all languages",
        {JSON: "Concept"},
    ),
    Operation(
        "/openapi.json",
        "api_openapi",
        views.openapi,
        "This description",
        {JSON: {"type": "object"}},
    ),
)
