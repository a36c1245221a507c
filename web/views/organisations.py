"""An organisation and its practices."""

from __future__ import annotations

from flask import render_template, request, url_for

from kb.types import Query
from web.browsing import pages
from web.params import PER_PAGE, on_page, read_page
from web.site import current_backend


def organisation(organisation_id: str) -> str:
    backend = current_backend()
    found = backend.organisation(organisation_id)
    query = Query(filters={"organisation": (found.id,)}, limit=PER_PAGE)
    results = backend.search(on_page(query, read_page(request.args)))
    return render_template(
        "organisation.html",
        organisation=found,
        results=results,
        pages=pages(results, lambda page: url_for("organisation", organisation_id=found.id, page=page)),
    )
