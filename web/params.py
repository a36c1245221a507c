"""The arguments of a URL to a Query, and back in one canonical order: q, the facets, mode, sort, exact, page."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar, get_args

from werkzeug.datastructures import MultiDict

from kb.errors import UsageError
from kb.types import FACETS, Mode, Query, Sort

PER_PAGE = 10
MAX_LIMIT = 100
MAX_PAGE = 999_999
MODES: tuple[Mode, ...] = get_args(Mode)
SORTS: tuple[Sort, ...] = get_args(Sort)
_COUNTING_NUMBER = re.compile(r"[1-9][0-9]{0,5}")

Arguments = dict[str, str | list[str]]
Name = TypeVar("Name", bound=str)


def read_query(args: MultiDict[str, str]) -> Query:
    """The query that the arguments of ``/search`` ask for. Arguments that are not ours are ignored.

    Raises UsageError.
    """
    return Query(
        text=args.get("q", "").strip(),
        mode=one_of("mode", MODES, args.get("mode") or "hybrid"),
        filters={facet: values for facet in FACETS if (values := _chosen(args, facet))},
        limit=PER_PAGE,
        offset=(read_page(args) - 1) * PER_PAGE,
        exact=_flag("exact", args.get("exact") or "0"),
        sort=one_of("sort", SORTS, args.get("sort") or "relevance"),
    )


def read_page(args: MultiDict[str, str]) -> int:
    return _counting_number("page", args.get("page") or "1")


def read_limit(args: MultiDict[str, str], *, default: int = PER_PAGE) -> int:
    """How many hits at once: the API lets its callers choose."""
    limit = _counting_number("limit", args.get("limit") or str(default))
    if limit > MAX_LIMIT:
        raise UsageError(f"limit must be at most {MAX_LIMIT}, found {limit}; ask for further pages with page=2")
    return limit


def read_part(args: MultiDict[str, str], parts: Collection[str]) -> str:
    """Which part of a page is asked for: all of it, if nothing is said. Raises UsageError."""
    return one_of("part", tuple(parts), args.get("part") or "page")


def with_limit(query: Query, limit: int) -> Query:
    """The same page number, in pages of ``limit``."""
    return replace(query, limit=limit, offset=(page_number(query) - 1) * limit)


def to_arguments(query: Query) -> Arguments:
    """What ``read_query`` turns into ``query`` again; whatever has its default value is left out."""
    arguments: Arguments = {}
    if query.text:
        arguments["q"] = query.text
    arguments.update({facet: list(query.filters[facet]) for facet in FACETS if query.filters.get(facet)})
    if query.mode != "hybrid":
        arguments["mode"] = query.mode
    if query.sort != "relevance":
        arguments["sort"] = query.sort
    if query.exact:
        arguments["exact"] = "1"
    if query.offset:
        arguments["page"] = str(page_number(query))
    return arguments


def page_number(query: Query) -> int:
    return query.offset // query.limit + 1


def on_page(query: Query, page: int) -> Query:
    return replace(query, offset=(page - 1) * query.limit)


def toggled(query: Query, facet: str, value: str) -> Query:
    """The query with one choice added or taken back, on its first page."""
    chosen = query.filters.get(facet, ())
    changed = tuple(v for v in chosen if v != value) if value in chosen else (*chosen, value)
    others = {f: values for f, values in query.filters.items() if f != facet}
    return replace(query, filters={**others, facet: changed} if changed else others, offset=0)


def sorted_by(query: Query, sort: Sort) -> Query:
    """The query in another order, on its first page."""
    return replace(query, sort=sort, offset=0)


def without_filters(query: Query) -> Query:
    return replace(query, filters={}, offset=0)


def exactly(query: Query, exact: bool) -> Query:
    """The query for its words as they are, or as they are understood, on its first page."""
    return replace(query, exact=exact, offset=0)


def one_of(name: str, known: tuple[Name, ...], found: str) -> Name:
    """``found``, if it is one of the values that the argument ``name`` can take. Raises UsageError."""
    for value in known:
        if value == found:
            return value
    raise UsageError(
        "%(name)s must be %(others)s or %(last)s, found %(found)s",
        name=name,
        others=", ".join(known[:-1]),
        last=known[-1],
        found=_shown(found),
    )


def _chosen(args: MultiDict[str, str], facet: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in args.getlist(facet) if value))


def _flag(name: str, found: str) -> bool:
    if found not in ("0", "1"):
        raise UsageError("%(name)s must be 1, or left out, found %(found)s", name=name, found=_shown(found))
    return found == "1"


def _counting_number(name: str, found: str) -> int:
    if not _COUNTING_NUMBER.fullmatch(found):
        raise UsageError("%(name)s must be a whole number from 1, found %(found)s", name=name, found=_shown(found))
    return int(found)


def _shown(found: str) -> str:
    return repr(found if len(found) <= 40 else f"{found[:40]}…")
