"""What a site owes its readers: where to find help, how to add what they know, what is kept of them, and for whom the
pages work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import render_template

from kb.content.model import Practice, Purpose, Service
from kb.text.collation import sort_key
from web.contact import contact
from web.languages import gettext, language, lazy
from web.pieces import split_title
from web.site import current_backend, current_site, label

#: What somebody in need turns to a service for: who wants to talk must not end up where content is reported.
HELP: Mapping[Purpose, str] = {
    "talk": lazy("Somebody to talk to"),
    "report": lazy("Where to report illegal content"),
}
#: A practice is help that somebody can turn to only while it runs.
HELP_STAGES = ("running", "unknown")
#: Somebody in need is one of these.
HELPED = frozenset({"children", "parents", "educators"})
#: Values of the facet ``country`` that are wider than one. They come last: who needs help has a country.
WIDER = ("EU", "INT")
#: The countries of the Union, in all of which 112 answers: those of which no entry describes a service are named too.
UNION = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())


@dataclass(frozen=True, slots=True)
class Tested:
    """What the statement on accessibility claims, as of ``day``, an ISO date: ``kinds`` of page, in ``looks``."""

    day: str
    kinds: int
    looks: int


#: ``tests/browser/test_axe.py`` holds it to that.
TESTED = Tested("2026-11-27", kinds=19, looks=38)


@dataclass(frozen=True, slots=True)
class Offer:
    """A service, and the practice that it is or belongs to."""

    service: Service
    practice: Practice

    @property
    def name(self) -> str:
        return self.service.name or split_title(self.practice.title)[0]

    @property
    def helped(self) -> tuple[str, ...]:
        return tuple(audience for audience in self.practice.audiences if audience in HELPED)

    @property
    def host(self) -> str:
        return (urlsplit(self.service.url or "").hostname or "").removeprefix("www.")


@dataclass(frozen=True, slots=True)
class Help:
    """The services of a country, by what they are for, in the order of :data:`HELP`; none is empty."""

    country: str
    offers: Mapping[Purpose, tuple[Offer, ...]]


def help() -> str:
    countries = _help_by_country()
    others = UNION - {help.country for help in countries}
    without = sorted(others, key=lambda code: sort_key(label("country", code), language()))
    return render_template("help.html", countries=countries, kinds=HELP, without=without)


def contribute() -> str:
    site = current_site()
    found = contact(site.contact, subject=gettext("A practice for %(site)s", site=site.name)) if site.contact else None
    return render_template("contribute.html", contact=found)


def privacy() -> str:
    return render_template("privacy.html")


def accessibility() -> str:
    site = current_site()
    text = site.contact or (site.repository.issues if site.repository else None)
    found = contact(text, subject=gettext("Accessibility of %(site)s", site=site.name)) if text else None
    return render_template("accessibility.html", contact=found, tested=TESTED)


def _help_by_country() -> list[Help]:
    """By the names of the countries. Only what says of itself where to turn to is help, whatever its topics are."""
    found: dict[str, list[Offer]] = {}
    for practice in current_backend().practices():
        for service in practice.help if practice.stage in HELP_STAGES else ():
            for country in practice.countries:
                found.setdefault(country, []).append(Offer(service, practice))
    made = [Help(country, _by_purpose(offers)) for country, offers in found.items()]
    return sorted(made, key=lambda help: (help.country in WIDER, sort_key(label("country", help.country), language())))


def _by_purpose(offers: Sequence[Offer]) -> Mapping[Purpose, tuple[Offer, ...]]:
    """What can be called comes first."""
    ordered = sorted(offers, key=lambda offer: (offer.service.phone is None, sort_key(offer.name, language())))
    by_purpose = {purpose: tuple(o for o in ordered if o.service.purpose == purpose) for purpose in HELP}
    return {purpose: some for purpose, some in by_purpose.items() if some}
