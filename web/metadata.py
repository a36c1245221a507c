"""What a page says of itself to programs: canonical address, Open Graph, schema.org as JSON-LD.

A block of JSON-LD is data: no browser runs it, so the Content-Security-Policy need not allow it. ``tojson`` writes
``<``, ``>``, ``&`` and ``'`` as escapes, so that nothing in an entry ends the block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kb.content.model import Ages, Concept, Organisation, Practice, Source
from web.languages import gettext, language
from web.site import current_backend, current_site, label
from web.urls import CONCEPT_PATHS, absolute_url

CONTEXT = "https://schema.org"
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"

Data = dict[str, Any]
#: (name, address) from the top of the site down.
Trail = Sequence[tuple[str, str]]


def website() -> list[Data]:
    """The site, and how to search it."""
    site = current_site()
    target = absolute_url("search") + "?q={search_term_string}"
    return [
        {
            "@context": CONTEXT,
            "@type": "WebSite",
            "name": site.name,
            "description": str(site.subtitle),
            "url": absolute_url("home"),
            "inLanguage": language(),
            "potentialAction": {
                "@type": "SearchAction",
                "target": {"@type": "EntryPoint", "urlTemplate": target},
                "query-input": "required name=search_term_string",
            },
        }
    ]


def practice(found: Practice) -> list[Data]:
    """An article about a project of organisations, with the publications that it cites."""
    url = absolute_url("practice", practice_id=found.id)
    article: Data = {
        "@context": CONTEXT,
        "@type": "Article",
        "@id": url,
        "url": url,
        "headline": found.title[:110],
        "name": found.title,
        "abstract": found.summary,
        "inLanguage": found.language,
        "datePublished": found.added,
        "dateModified": found.updated,
        "license": found.licence or _LICENCE,
        "publisher": {"@type": "Organization", "name": current_site().name, "url": absolute_url("home")},
        "author": {"@type": "Organization", "name": current_site().name, "url": absolute_url("home")},
        "about": [
            *(_concept(facet, id) for facet, ids in (("topic", found.topics), ("risk", found.risks)) for id in ids),
            *(_organisation_of(id) for id in found.organisations),
        ],
        "audience": [{"@type": "Audience", "audienceType": label("audience", id)} for id in found.audiences],
        "typicalAgeRange": _age_range(found.ages),
        "spatialCoverage": [{"@type": "Place", "name": label("country", code)} for code in found.countries],
        "citation": [_source(source) for source in found.sources],
        "encoding": {
            "@type": "MediaObject",
            "encodingFormat": "text/markdown",
            "contentUrl": absolute_url("practice_source", practice_id=found.id),
        },
    }
    trail = [(label("strand", id), absolute_url("concept", facet="strand", concept_id=id)) for id in found.strand[:1]]
    return [{name: value for name, value in article.items() if value}, breadcrumbs([*trail, (found.title, url)])]


def organisation(found: Organisation) -> list[Data]:
    url = absolute_url("organisation", organisation_id=found.id)
    value: Data = {
        "@context": CONTEXT,
        "@type": "Organization",
        "name": found.name,
        "alternateName": list(found.aliases),
        "url": found.website,
        "mainEntityOfPage": url,
        "description": found.description.strip(),
    }
    trail = [(gettext("Organisations"), absolute_url("browse", _anchor="organisations")), (found.name, url)]
    return [{name: item for name, item in value.items() if item}, breadcrumbs(trail)]


def concept(found: Concept) -> list[Data]:
    facet = found.scheme
    above = reversed(current_backend().taxonomy().broader(facet, found.id))
    trail = [(label(facet, id), absolute_url("concept", facet=facet, concept_id=id)) for id in (*above, found.id)]
    term: Data = {
        "@context": CONTEXT,
        "@type": "DefinedTerm",
        "name": found.label(language()),
        "termCode": found.id,
        "description": found.defined(language()).text,
        "url": trail[-1][1],
        "inDefinedTermSet": absolute_url("browse", _anchor=facet),
    }
    return [{name: item for name, item in term.items() if item}, breadcrumbs(trail)]


def breadcrumbs(trail: Trail) -> Data:
    """From the home page to here."""
    steps = [(current_site().name, absolute_url("home")), *trail]
    return {
        "@context": CONTEXT,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": url}
            for position, (name, url) in enumerate(steps, start=1)
        ],
    }


def _concept(facet: str, id: str) -> Data:
    assert facet in CONCEPT_PATHS
    url = absolute_url("concept", facet=facet, concept_id=id)
    return {"@type": "DefinedTerm", "name": label(facet, id), "termCode": id, "url": url}


def _organisation_of(id: str) -> Data:
    return {
        "@type": "Organization",
        "name": label("organisation", id),
        "url": absolute_url("organisation", organisation_id=id),
    }


def _age_range(ages: Ages | None) -> str | None:
    """``7-12``, ``13-``: as schema.org writes it."""
    if ages is None or (ages.start is None and ages.end is None):
        return None
    return f"{ages.start or 0}-{'' if ages.end is None else ages.end}"


def _source(source: Source) -> Data:
    publisher = {"@type": "Organization", "name": source.publisher} if source.publisher else None
    value: Data = {
        "@type": "CreativeWork",
        "name": source.title,
        "url": source.url,
        "publisher": publisher,
        "datePublished": str(source.year) if source.year else None,
        "inLanguage": source.language,
    }
    return {name: item for name, item in value.items() if item}
