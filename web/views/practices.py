"""One practice: as a page, and as the Markdown file that it is."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kb.errors import NotFound
from web.practice_page import practice_context
from web.site import current_backend

SIMILAR = 4


def practice(practice_id: str) -> ResponseReturnValue:
    if moved := _moved(practice_id, "practice"):
        return moved
    backend = current_backend()
    found = backend.practice(practice_id)
    return render_template(
        "practice.html",
        **practice_context(found, backend.taxonomy(), base=request.script_root),
        similar=backend.similar(found.id, limit=SIMILAR),
        related=_titles(found.related),
        source_url=url_for("practice_source", practice_id=found.id),
    )


def practice_source(practice_id: str) -> ResponseReturnValue:
    if moved := _moved(practice_id, "practice_source"):
        return moved
    return Response(current_backend().source(practice_id), mimetype="text/markdown")


def _moved(practice_id: str, endpoint: str) -> ResponseReturnValue | None:
    """A permanent redirect where the id has been given up for another."""
    current = current_backend().alias(practice_id)
    return redirect(url_for(endpoint, practice_id=current), 301) if current else None


def _titles(practice_ids: tuple[str, ...]) -> list[tuple[str, str]]:
    """(id, title) of those that exist: what a file names as related may have been left out of the index."""
    backend = current_backend()
    found: list[tuple[str, str]] = []
    for practice_id in practice_ids:
        try:
            found.append((practice_id, backend.practice(practice_id).title))
        except NotFound:
            continue
    return found
