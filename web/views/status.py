"""How the base is, for its operator: nothing secret, no path, and nothing about any reader."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template

from kb.backends import Backend
from kb.content.model import Practice
from kb.search import MAX_LIMIT
from kb.types import Query
from web.site import current_backend

#: An entry that nobody has changed or checked for so long is overdue for review.
REVIEW_AFTER = timedelta(days=365)


def status() -> str:
    backend = current_backend()
    manifest = backend.manifest()
    return render_template(
        "status.html",
        manifest=manifest,
        model=_without_folder(manifest.model),
        left_out=[name.rsplit("/", 1)[-1] for name in manifest.left_out],
        organisations=len(backend.organisations()),
        overdue=overdue(_practices(backend), date.today()),
        days=REVIEW_AFTER.days,
    )


def overdue(practices: list[Practice], today: date) -> list[tuple[str, Practice]]:
    """(last looked at, practice), the longest ago first. A year alone counts from its end."""
    limit = today - REVIEW_AFTER
    found = [(max(practice.updated, practice.verified or ""), practice) for practice in practices]
    late = [(seen, practice) for seen, practice in found if _latest(seen) < limit]
    return sorted(late, key=lambda item: (item[0], item[1].id))


def _without_folder(model: str) -> str:
    """A model may be named by the folder that it is in, which is nobody's business."""
    return model.rsplit("/", 1)[-1] if model.startswith(("/", ".", "~")) else model


def _latest(text: str) -> date:
    return date(int(text), 12, 31) if len(text) == 4 else date.fromisoformat(text)


def _practices(backend: Backend) -> list[Practice]:
    practices: list[Practice] = []
    offset, total = 0, 1
    while offset < total:
        results = backend.search(Query(limit=MAX_LIMIT, offset=offset))
        practices += [hit.practice for hit in results.hits if hit.practice]
        offset, total = offset + MAX_LIMIT, results.total
    return practices
