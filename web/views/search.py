"""Finding: one page of results with the facets to narrow them, and suggestions while a question is typed."""

from __future__ import annotations

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kb.suggestions import Suggestion
from kb.types import Query, Results
from web.browsing import chosen, pages, panels
from web.languages import language
from web.params import SORTS, exactly, on_page, read_part, read_query, sorted_by, toggled, without_filters
from web.site import current_backend, labelling
from web.urls import search_url, value_url
from web.words import FACET_NAMES, SUGGESTED

#: What holds everywhere, or in the whole Union, holds in a country too: filtering by one offers these as well.
WIDER_AREAS = ("EU", "INT")
#: The page, or the part of it that search.js puts in place while somebody types.
TEMPLATES = {"page": "search.html", "results": "results.html"}


def search() -> str:
    query = read_query(request.args)
    template = TEMPLATES[read_part(request.args, TEMPLATES)]
    backend = current_backend()
    results = backend.search(query)
    nothing_fits = _nothing_fits(results)
    return render_template(
        template,
        query=query,
        results=results,
        panels=panels(results, backend.taxonomy(), labelling()),
        chips=[(facet, value, search_url(toggled(query, facet, value))) for facet, value in chosen(query)],
        sorts=_sorts(query),
        sorted_by=_sorted_by(query),
        exact_url=search_url(exactly(query, exact=True)),
        usual_url=search_url(exactly(query, exact=False)),
        unfiltered_url=search_url(without_filters(query)),
        wider=_wider(results),
        nothing_fits=nothing_fits,
        in_need=query.offset == 0 and backend.in_need(results),
        near=backend.near(results, language=language()) if nothing_fits else (),
        pages=pages(results, lambda page: search_url(on_page(query, page))),
    )


def suggest() -> ResponseReturnValue:
    """What ``q``, as far as it was typed, may become. For combobox.js; programs find more in the API."""
    found = current_backend().suggest(request.args.get("q", ""), language=language())
    return jsonify({"suggestions": [_suggestion_to_json(suggestion) for suggestion in found]})


def _suggestion_to_json(found: Suggestion) -> dict[str, object]:
    return {
        "kind": found.kind,
        "kind_name": str(FACET_NAMES[found.facet] if found.facet else SUGGESTED[found.kind]),
        "label": found.label,
        "matched": found.matched,
        "language": found.language,
        "spans": [list(span) for span in found.spans],
        "url": _suggestion_url(found),
    }


def _suggestion_url(found: Suggestion) -> str:
    if found.kind == "question":
        return search_url(Query(found.label))
    if found.kind == "practice":
        return url_for("practice", practice_id=found.id)
    return value_url(found.facet or "organisation", found.id)


def _sorts(query: Query) -> list[tuple[str, str]]:
    """(order, the search in it). Without a question nothing is more relevant than anything else."""
    if query.text:
        return [(sort, search_url(sorted_by(query, sort))) for sort in SORTS]
    return [
        ("newest", search_url(sorted_by(query, "relevance"))),
        ("evidence", search_url(sorted_by(query, "evidence"))),
    ]


def _sorted_by(query: Query) -> str:
    return query.sort if query.text or query.sort != "relevance" else "newest"


def _nothing_fits(results: Results) -> bool:
    """Whether a question got no answer worth the name. Beyond the first page the question does not arise."""
    query = results.query
    return bool(query.text) and query.offset == 0 and not results.fitting


def _wider(results: Results) -> list[tuple[str, int, str]]:
    """Areas to add to a filter by country: (area, practices that would be added, the search with it)."""
    query: Query = results.query
    if not query.filters.get("country"):
        return []
    offered = {value.id: value for value in results.facets.get("country", ())}
    return [
        (area, offered[area].count, search_url(toggled(query, "country", area)))
        for area in WIDER_AREAS
        if area in offered and offered[area].count and not offered[area].selected
    ]
