"""Results as the JSON that the command line and the API give: one shape for both."""

from __future__ import annotations

from typing import Any

from kb.content.codec import translations_to_json
from kb.types import Hit, NamedConcept, Results


def results_to_json(results: Results) -> dict[str, Any]:
    """Offsets of highlights count code points; ``band`` is null when browsing."""
    return {
        "query": results.query.text,
        "mode": results.query.mode,
        "sort": results.query.sort,
        "filters": {facet: list(values) for facet, values in results.query.filters.items() if values},
        "total": results.total,
        "fitting": results.fitting,
        "offset": results.query.offset,
        "generation": results.generation,
        "understood": {
            "language": results.understood.language,
            "corrected": results.understood.corrected,
            "also": [_concept_to_json(concept) for concept in results.understood.concepts],
            "english": list(results.understood.english),
        },
        "hits": [hit_to_json(hit) for hit in results.hits],
        "facets": {
            facet: [
                {"id": value.id, "label": value.label, "count": value.count, "selected": value.selected}
                for value in values
            ]
            for facet, values in results.facets.items()
        },
    }


def _concept_to_json(concept: NamedConcept) -> dict[str, str]:
    return {"facet": concept.facet, "id": concept.id, "label": concept.label}


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """``passage_translated`` says that the passage is the summary in another language than that of the practice."""
    value: dict[str, Any] = {
        "id": hit.id,
        "title": hit.title,
        "score": hit.score,
        "band": hit.band,
        "passage": {
            "heading": list(hit.passage.heading),
            "text": hit.passage.text,
            "highlights": [list(span) for span in hit.passage.highlights],
        },
        "passage_language": hit.passage.language,
        "passage_translated": hit.passage.translated,
        "question": hit.question,
        "why": {
            "lexical": hit.why.lexical,
            "semantic": hit.why.semantic,
            "words": [
                {"word": found.word, "forms": list(found.forms), "translations": list(found.translations)}
                for found in hit.why.words
            ],
            "concepts": [_concept_to_json(concept) for concept in hit.why.concepts],
        },
    }
    if hit.practice:
        practice = hit.practice
        value |= {
            "summary": practice.summary,
            "language": practice.language,
            "translations": translations_to_json(practice),
            "organisations": list(practice.organisations),
            "strand": list(practice.strand),
            "topics": list(practice.topics),
            "countries": list(practice.countries),
        }
    return value
