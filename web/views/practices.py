"""One practice: as a page, and as the Markdown file that it is."""

from __future__ import annotations

from datetime import date

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from kb.content.corpus import PRACTICES
from kb.content.model import Practice
from kb.errors import NotFound
from kb.types import Hit, Query
from kb.upkeep.history import Change
from web.contact import Contact, contact
from web.documents import bibtex, citation
from web.languages import language_prefix
from web.practice_page import practice_context
from web.site import current_backend, current_site, label
from web.urls import lasting_url
from web.words import parts, report_subject

SIMILAR = 4
#: Practices of the same organisations that are named.
OTHERS = 5


def practice(practice_id: str) -> ResponseReturnValue:
    if moved := _moved(practice_id, "practice"):
        return moved
    backend = current_backend()
    found = backend.practice(practice_id)
    url = lasting_url("practice", practice_id=found.id)
    accessed = None if current_site().offline else date.today()  # nobody knows when a file is read
    similar = backend.similar(found.id, limit=SIMILAR)
    named = {found.id, *found.related, *(hit.id for hit in similar)}
    return render_template(
        "practice.html",
        **practice_context(found, backend.taxonomy(), base=request.script_root + language_prefix()),
        similar=similar,
        related=_existing(found.related),
        others=[hit for hit in _of_the_same(found) if hit.id not in named][:OTHERS],
        changes=_changes(found),
        contact=_contact(found),
        citation=citation(found, site_name=current_site().name, url=url, label=label, accessed=accessed),
        bibtex=bibtex(found, site_name=current_site().name, url=url, label=label, accessed=accessed),
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


def _of_the_same(practice: Practice) -> tuple[Hit, ...]:
    """What the organisations of a practice have also done, with some to spare for those named elsewhere."""
    if not practice.organisations:
        return ()
    filters = {"organisation": practice.organisations}
    return current_backend().search(Query(filters=filters, limit=OTHERS + SIMILAR + 1 + len(practice.related))).hits


def _changes(practice: Practice) -> tuple[Change, ...]:
    history = current_site().history
    if history is None:
        return ()
    version = current_backend().generation()
    changes = history.of(f"{PRACTICES}/{practice.id}.md", version=version)
    return tuple(
        change for change in changes if change.added or change.headings or change.subject or parts(change.fields)
    )


def _contact(practice: Practice) -> Contact | None:
    """Who answers for the entry, else for the site."""
    text = practice.contact or current_site().contact
    return contact(text, subject=report_subject(practice.title, practice.id)) if text else None


def _existing(practice_ids: tuple[str, ...]) -> list[Practice]:
    """Those that exist: what a file names as related may have been left out of the index."""
    backend = current_backend()
    found: list[Practice] = []
    for practice_id in practice_ids:
        try:
            found.append(backend.practice(practice_id))
        except NotFound:
            continue
    return found
