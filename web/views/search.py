"""Finding: one page of results with the facets to narrow them."""

from __future__ import annotations

from flask import render_template, request

from kb.types import Query, Results
from web.browsing import chosen, pages, panels
from web.params import exactly, on_page, read_query, toggled, without_filters
from web.site import current_backend
from web.urls import search_url

#: What holds everywhere, or in the whole Union, holds in a country too: filtering by one offers these as well.
WIDER_AREAS = ("EU", "INT")


def search() -> str:
    query = read_query(request.args)
    backend = current_backend()
    results = backend.search(query)
    return render_template(
        "search.html",
        query=query,
        results=results,
        panels=panels(results, backend.taxonomy()),
        chips=[(facet, value, search_url(toggled(query, facet, value))) for facet, value in chosen(query)],
        exact_url=search_url(exactly(query, exact=True)),
        usual_url=search_url(exactly(query, exact=False)),
        unfiltered_url=search_url(without_filters(query)),
        wider=_wider(results),
        nothing_fits=_nothing_fits(results),
        pages=pages(results, lambda page: search_url(on_page(query, page))),
    )


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
