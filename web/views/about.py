"""What a site owes its readers: where to find help, what is kept of them, and for whom the pages work."""

from __future__ import annotations

from flask import render_template

from kb.content.model import Practice
from kb.search import MAX_LIMIT
from kb.types import Query
from web.contact import contact
from web.languages import gettext
from web.site import current_backend, current_site, label

#: Practices with these topics are lines to call and places to report to.
HELP_TOPICS = ("helplines", "hotlines")
#: A practice is help that somebody can turn to only while it runs.
HELP_STAGES = ("running", "unknown")


def help() -> str:
    return render_template("help.html", countries=_help_by_country())


def privacy() -> str:
    return render_template("privacy.html")


def accessibility() -> str:
    text = current_site().contact
    found = contact(text, subject=gettext("Accessibility of %(site)s", site=current_site().name)) if text else None
    return render_template("accessibility.html", contact=found)


def _help_by_country() -> list[tuple[str, list[Practice]]]:
    """(country code, entries about its lines), by the names of the countries; what is wider than one comes first."""
    found: dict[str, list[Practice]] = {}
    backend = current_backend()
    known = [topic for topic in HELP_TOPICS if backend.taxonomy().get("topic", topic)]
    if not known:
        return []
    query = Query(filters={"topic": tuple(known), "stage": HELP_STAGES}, limit=MAX_LIMIT)
    for hit in backend.search(query).hits:
        for country in hit.practice.countries if hit.practice else ():
            assert hit.practice
            found.setdefault(country, []).append(hit.practice)
    wider = ("EU", "INT")
    return sorted(found.items(), key=lambda item: (item[0] not in wider, label("country", item[0])))
