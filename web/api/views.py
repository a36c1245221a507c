"""The views of the API: parse, one call or a few, a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from kb.backends import Backend
from kb.content.codec import organisation_to_json, practice_to_json
from kb.content.model import Concept
from kb.errors import NotFound
from kb.serialise import hit_to_json, results_to_json
from kb.types import Query
from web import exports
from web.params import MAX_LIMIT, one_of, read_limit, read_page, read_query, with_limit
from web.site import current_backend

SIMILAR = 5


def search() -> ResponseReturnValue:
    """What ``/search`` shows, and what ``kb search --json`` prints. ``limit`` sets the size of a page."""
    query = with_limit(read_query(request.args), read_limit(request.args))
    return jsonify(results_to_json(current_backend().search(query)))


def facets() -> ResponseReturnValue:
    value = results_to_json(current_backend().search(replace(read_query(request.args), limit=0)))
    return jsonify({name: value[name] for name in ("query", "mode", "filters", "total", "generation", "facets")})


def suggestions() -> ResponseReturnValue:
    text = request.args.get("q", "")
    found = current_backend().suggest(text, language=_label_language())
    return jsonify(
        {
            "query": text,
            "suggestions": [
                {
                    "kind": one.kind,
                    "id": one.id,
                    "facet": one.facet,
                    "label": one.label,
                    "matched": one.matched,
                    "highlights": [list(span) for span in one.spans],
                }
                for one in found
            ],
        }
    )


def export() -> ResponseReturnValue:
    """Every practice of a result set, to be kept as a file."""
    chosen = one_of("format", tuple(exports.FORMATS), request.args.get("format") or "json")
    return exports.response(chosen, read_query(request.args), current_backend())


def practice(practice_id: str) -> ResponseReturnValue:
    backend = current_backend()
    if current := backend.alias(practice_id):
        return redirect(url_for("api_practice", practice_id=current), 301)
    return jsonify(practice_to_json(backend.practice(practice_id)))


def similar(practice_id: str) -> ResponseReturnValue:
    backend = current_backend()
    if current := backend.alias(practice_id):
        return redirect(url_for("api_similar", practice_id=current), 301)
    found = backend.similar(practice_id, limit=read_limit(request.args, default=SIMILAR))
    return jsonify({"id": practice_id, "hits": [hit_to_json(hit) for hit in found]})


def organisations() -> ResponseReturnValue:
    backend = current_backend()
    limit = read_limit(request.args, default=MAX_LIMIT)
    every = sorted(backend.organisations().values(), key=lambda one: one.id)
    start = (read_page(request.args) - 1) * limit
    counts = _counts(backend)["organisation"]
    return jsonify(
        {
            "total": len(every),
            "offset": start,
            "organisations": [
                {**organisation_to_json(one), "practices": counts.get(one.id, 0)}
                for one in every[start : start + limit]
            ],
        }
    )


def organisation(organisation_id: str) -> ResponseReturnValue:
    backend = current_backend()
    found = backend.organisation(organisation_id)
    practices = backend.search(Query(filters={"organisation": (found.id,)}, limit=0)).total
    return jsonify({**organisation_to_json(found), "practices": practices})


def concepts() -> ResponseReturnValue:
    backend = current_backend()
    language = _label_language()
    counts = _counts(backend)
    return jsonify(
        {
            "schemes": [
                {
                    "facet": facet,
                    "label": (scheme.preferred.get(language) or scheme.preferred["en"]).text,
                    "concepts": [
                        {
                            "id": concept.id,
                            "label": concept.label(language),
                            "broader": concept.broader,
                            "practices": counts[facet].get(concept.id, 0),
                        }
                        for concept in scheme.concepts
                    ],
                }
                for facet, scheme in backend.taxonomy().schemes.items()
            ]
        }
    )


def concept(facet: str, concept_id: str) -> ResponseReturnValue:
    backend = current_backend()
    taxonomy = backend.taxonomy()
    found = taxonomy.get(facet, concept_id)
    if found is None:
        raise NotFound(f"there is no {facet} called {concept_id!r}; /api/v1/concepts lists them all")
    return jsonify(
        {
            **_concept_to_json(found),
            "narrower": [one.id for one in taxonomy.narrower(facet, found.id)],
            "practices": backend.search(Query(filters={facet: (found.id,)}, limit=0)).total,
        }
    )


def openapi() -> ResponseReturnValue:
    from web.api.openapi import describe  # describes the table that this view stands in

    return jsonify(describe(current_backend(), request.script_root))


def _concept_to_json(found: Concept) -> dict[str, Any]:
    return {
        "facet": found.scheme,
        "id": found.id,
        "label": {language: label.text for language, label in found.preferred.items()},
        "alternative": {
            language: [label.text for label in labels] for language, labels in found.alternative.items() if labels
        },
        "definition": dict(found.definition),
        "broader": found.broader,
    }


def _counts(backend: Backend) -> Mapping[str, Mapping[str, int]]:
    """How many practices have each value, by facet."""
    everything = backend.search(Query(limit=0))
    return {facet: {value.id: value.count for value in values} for facet, values in everything.facets.items()}


def _label_language() -> str:
    known = label_languages(current_backend())
    return one_of("label_language", known, request.args.get("label_language") or "en")


def label_languages(backend: Backend) -> tuple[str, ...]:
    """The languages in which concepts have labels."""
    schemes = backend.taxonomy().schemes.values()
    concepts = (concept for scheme in schemes for concept in scheme.concepts)
    return tuple(sorted({"en", *(language for concept in concepts for language in concept.preferred)}))
