"""A concept of the taxonomy, whatever its scheme, and the practices that carry it."""

from __future__ import annotations

from flask import render_template, request, url_for

from kb.errors import NotFound
from kb.types import Query
from web.browsing import counts, pages, tree
from web.languages import language
from web.params import PER_PAGE, on_page, read_page
from web.site import current_backend


def concept(facet: str, concept_id: str) -> str:
    backend = current_backend()
    taxonomy = backend.taxonomy()
    found = taxonomy.get(facet, concept_id)
    if found is None:
        raise NotFound(
            "there is no %(facet)s called %(id)s; see what there is under Browse", facet=facet, id=repr(concept_id)
        )
    results = backend.search(on_page(Query(filters={facet: (found.id,)}, limit=PER_PAGE), read_page(request.args)))
    return render_template(
        "concept.html",
        concept=found,
        definition=found.defined(language()),
        facet=facet,
        broader=tuple(reversed(taxonomy.broader(facet, found.id))),
        narrower=tree(taxonomy, facet, counts(results, facet), below=found.id),
        results=results,
        pages=pages(results, lambda page: url_for("concept", facet=facet, concept_id=found.id, page=page)),
    )
