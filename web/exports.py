"""A whole result set as a file: JSON for programs, CSV for spreadsheets.

CSV is what spreadsheets on every desk open rightly: UTF-8 with a byte order mark, CRLF, commas, several values in a
cell divided by "; ". A cell that a spreadsheet would take for a formula gets an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from flask import Response

from kb.backends import Backend
from kb.content.codec import practice_to_json
from kb.content.model import Practice, Service
from kb.errors import UsageError
from kb.facets.labels import Labels
from kb.search import MAX_LIMIT
from kb.serialise import results_to_json
from kb.types import Hit, Query, Results
from web.urls import lasting_url

#: A result set beyond this is refused, not cut: a file that lacks some of what was asked for does not say so.
MAX_PRACTICES = MAX_LIMIT

#: What a spreadsheet takes for the beginning of a formula, blanks before it included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def response(form: str, query: Query, backend: Backend) -> Response:
    """The result set of ``query`` as an attachment. Raises UsageError for one that is too large."""
    results = backend.search(replace(query, limit=MAX_PRACTICES, offset=0))
    if results.total > MAX_PRACTICES:
        raise UsageError(
            f"this is {results.total} practices, and at most {MAX_PRACTICES} fit in one file; choose a filter, "
            "or export everything with: kb export"
        )
    mimetype, write = FORMATS[form]
    answer = Response(write(results, backend), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f"attachment; filename=practices.{form}"
    return answer


def _json(results: Results, backend: Backend) -> str:
    head = results_to_json(results)
    value = {name: head[name] for name in ("query", "mode", "sort", "filters", "total", "fitting", "generation")}
    value["practices"] = [
        {**practice_to_json(hit.practice), "score": hit.score, "band": hit.band} for hit in results.hits if hit.practice
    ]
    return json.dumps(value, ensure_ascii=False)


def _csv(results: Results, backend: Backend) -> str:
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    labels = Labels(backend.taxonomy(), backend.organisations())
    writer.writerow(COLUMNS)
    for hit in results.hits:
        if practice := hit.practice:
            writer.writerow([cell(column(hit, practice, labels)) for column in COLUMNS.values()])
    return f"\ufeff{line.getvalue()}"


def cell(text: str) -> str:
    """``text`` as a spreadsheet shows it and never computes it. NUL, which CSV readers choke on, is left out."""
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


Column = Callable[[Hit, Practice, Labels], str]


def _labels(facet: str, values: Callable[[Practice], tuple[str, ...]]) -> Column:
    return lambda hit, practice, labels: "; ".join(labels.label(facet, value) for value in values(practice))


def _of(field: Callable[[Practice], object]) -> Column:
    def text(hit: Hit, practice: Practice, labels: Labels) -> str:
        found = field(practice)
        return "" if found is None else str(found)

    return text


def _service(service: Service) -> str:
    """``talk: Child Helpline, 116 111``."""
    return f"{service.purpose}: {', '.join(filter(None, (service.name, service.phone, service.url)))}"


#: The columns in order, under the names of the front matter. Values are labels, in English.
COLUMNS: Mapping[str, Column] = MappingProxyType(
    {
        "id": _of(lambda practice: practice.id),
        "url": lambda hit, practice, labels: lasting_url("practice", practice_id=practice.id),
        "title": _of(lambda practice: practice.title),
        "summary": _of(lambda practice: practice.summary),
        "language": _of(lambda practice: practice.language),
        "translated_titles": _of(
            lambda practice: "; ".join(f"{code}: {found.title}" for code, found in practice.translations.items())
        ),
        "organisations": _labels("organisation", lambda practice: practice.organisations),
        "partners": _of(lambda practice: "; ".join(practice.partners)),
        "countries": _labels("country", lambda practice: practice.countries),
        "strand": _labels("strand", lambda practice: practice.strand),
        "risks": _labels("risk", lambda practice: practice.risks),
        "topics": _labels("topic", lambda practice: practice.topics),
        "audiences": _labels("audience", lambda practice: practice.audiences),
        "ages_from": _of(lambda practice: practice.ages.start if practice.ages else None),
        "ages_to": _of(lambda practice: practice.ages.end if practice.ages else None),
        "stage": _labels("stage", lambda practice: (practice.stage,)),
        "started": _of(lambda practice: practice.started),
        "ended": _of(lambda practice: practice.ended),
        "evidence": _labels("evidence", lambda practice: (practice.evidence.kind,)),
        "findings": _of(lambda practice: practice.evidence.findings),
        "sources": _of(lambda practice: "; ".join(source.url for source in practice.sources)),
        "help": _of(lambda practice: "; ".join(_service(service) for service in practice.help)),
        "added": _of(lambda practice: practice.added),
        "updated": _of(lambda practice: practice.updated),
        "score": lambda hit, practice, labels: f"{hit.score:g}",
        "band": lambda hit, practice, labels: hit.band or "",
    }
)

Writer = Callable[[Results, Backend], str]

#: By file ending: the media type, and what writes it.
FORMATS: Mapping[str, tuple[str, Writer]] = MappingProxyType(
    {"json": ("application/json", _json), "csv": ("text/csv", _csv)}
)
