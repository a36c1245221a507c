"""Where there is practice, and where there is none: by two facets, and by meaning."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flask import render_template, request, url_for

from kb.content.model import Taxonomy
from kb.errors import UsageError
from kb.facets import ages
from kb.text.collation import sort_key
from kb.types import Query
from web.atlas import HEIGHT, WIDTH, View, picture, read_view
from web.coverage import COLUMNS, ROWS, Heading
from web.coverage import coverage as covered
from web.languages import language
from web.params import one_of
from web.site import current_backend, label


def coverage() -> str:
    backend = current_backend()
    rows = one_of("rows", ROWS, request.args.get("rows") or ROWS[0])
    columns = one_of("columns", COLUMNS, request.args.get("columns") or next(c for c in COLUMNS if c != rows))
    if rows == columns:
        raise UsageError("rows and columns are both %(facet)s; choose two that differ", facet=rows)
    counts = backend.coverage(rows, columns)
    taxonomy = backend.taxonomy()
    countries = {row for row, _ in counts} if rows == "country" else set()
    found = covered(
        rows, columns, tuple(headings(taxonomy, rows, countries)), tuple(headings(taxonomy, columns)), counts
    )
    return render_template(
        "coverage.html",
        coverage=found,
        total=backend.search(Query(limit=1)).total,
        rows={facet: _coverage_url(facet, columns if columns != facet else None) for facet in ROWS},
        columns={facet: _coverage_url(rows, facet) for facet in COLUMNS if facet != rows},
    )


def _coverage_url(rows: str, columns: str | None) -> str:
    return url_for("coverage", rows=rows, columns=columns)


def headings(taxonomy: Taxonomy, facet: str, others: Collection[str] = ()) -> Iterator[Heading]:
    """The values of a facet: the concepts of its scheme as a tree, narrower ones after those above; else ``others``."""
    if facet == ages.FACET:
        yield from (Heading(band, label(facet, band)) for band in ages.BANDS)
    elif not taxonomy.ids(facet):
        found = (Heading(value, label(facet, value)) for value in others)
        yield from sorted(found, key=lambda heading: sort_key(heading.label, language()))

    def below(parent: str | None, depth: int) -> Iterator[Heading]:
        for concept in taxonomy.narrower(facet, parent):
            yield Heading(concept.id, label(facet, concept.id), depth)
            yield from below(concept.id, depth + 1)

    yield from below(None, 0)


def semantic_map() -> str:
    view = read_view(request.args)
    landscape = current_backend().landscape()
    if landscape is None:
        return render_template("map.html", picture=None, total=current_backend().search(Query(limit=1)).total)
    labels = {region.topic: label("topic", region.topic) for region in landscape.regions}
    return render_template(
        "map.html",
        picture=picture(landscape, view, labels),
        landscape=landscape,
        total=len(landscape.places),
        strands=current_backend().taxonomy().ids("strand"),
        width=WIDTH,
        height=HEIGHT,
        map_url=_map_url,
        View=View,
    )


def _map_url(view: View) -> str:
    return url_for("map", **view.arguments())  # type: ignore[arg-type]
