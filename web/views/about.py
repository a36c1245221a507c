"""What a site owes its readers: where to find help, what is kept of them, and for whom the pages work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import render_template

from kb.content.model import Practice
from kb.search import MAX_LIMIT
from kb.text.collation import sort_key
from kb.types import Query
from web.contact import contact
from web.languages import gettext, language, lazy
from web.site import current_backend, current_site, label

#: What help there is, by the topic of the practices: who wants to talk must not end up where content is reported.
HELP: Mapping[str, str] = {
    "helplines": lazy("Somebody to talk to"),
    "hotlines": lazy("Where to report illegal content"),
}
#: A practice is help that somebody can turn to only while it runs.
HELP_STAGES = ("running", "unknown")
#: Somebody in need is one of these; what is only for companies or authorities counts, lists or removes.
HELPED = frozenset({"children", "parents", "educators"})
#: What is done in class is no line that somebody could turn to. It may point to one: better than nothing in a country.
IN_CLASS = frozenset({"school-programmes", "school-policy", "teaching-resources", "game-based-learning"})
#: Values of the facet ``country`` that are wider than one. They come last: who needs help has a country.
WIDER = ("EU", "INT")


@dataclass(frozen=True, slots=True)
class Tested:
    """What the statement on accessibility claims, as of ``day``, an ISO date: ``kinds`` of page, in ``looks``."""

    day: str
    kinds: int
    looks: int


#: ``tests/browser/test_axe.py`` holds it to that.
TESTED = Tested("2026-11-27", kinds=18, looks=36)


@dataclass(frozen=True, slots=True)
class Help:
    """The entries about help in a country, by topic, those of :data:`HELP`; none is empty."""

    country: str
    entries: Mapping[str, tuple[Practice, ...]]


def help() -> str:
    return render_template("help.html", countries=_help_by_country(), kinds=HELP)


def privacy() -> str:
    return render_template("privacy.html")


def accessibility() -> str:
    text = current_site().contact
    found = contact(text, subject=gettext("Accessibility of %(site)s", site=current_site().name)) if text else None
    return render_template("accessibility.html", contact=found, tested=TESTED)


def _help_by_country() -> list[Help]:
    """By the names of the countries."""
    found: dict[str, dict[str, list[Practice]]] = {}
    backend = current_backend()
    for topic in HELP:
        if backend.taxonomy().get("topic", topic):
            query = Query(filters={"topic": (topic,), "stage": HELP_STAGES}, limit=MAX_LIMIT)
            for practice in (hit.practice for hit in backend.search(query).hits if hit.practice):
                for country in practice.countries if not HELPED.isdisjoint(practice.audiences) else ():
                    found.setdefault(country, {}).setdefault(topic, []).append(practice)
    made = [Help(country, _lines(kinds) or _all(kinds)) for country, kinds in found.items()]
    return sorted(made, key=lambda help: (help.country in WIDER, sort_key(label("country", help.country), language())))


def _lines(kinds: Mapping[str, Sequence[Practice]]) -> Mapping[str, tuple[Practice, ...]]:
    lines = {topic: tuple(p for p in some if IN_CLASS.isdisjoint(p.topics)) for topic, some in kinds.items()}
    return {topic: some for topic, some in lines.items() if some}


def _all(kinds: Mapping[str, Sequence[Practice]]) -> Mapping[str, tuple[Practice, ...]]:
    return {topic: tuple(some) for topic, some in kinds.items()}
