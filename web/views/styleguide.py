"""The tokens and the components that pages are made of. For development only: see :func:`web.create_app`."""

from __future__ import annotations

from flask import render_template

from kb.types import Query
from web.browsing import Pages
from web.params import PER_PAGE
from web.site import current_backend
from web.urls import search_url

#: Names of custom properties in ``style.css``.
COLOURS = (
    *("paper", "sheet", "tint", "ink", "soft", "rule", "edge"),
    *("accent", "accent-strong", "accent-tint", "mark", "focus", "alert", "strand-1", "strand-2", "strand-3"),
)
SIZES = ("text-s", "text-m", "text-l", "text-xl", "text-xxl")
SPACES = ("s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8")


def styleguide() -> str:
    found = current_backend().search(Query("cyberbullying at school", limit=1))
    return render_template(
        "styleguide.html",
        colours=COLOURS,
        sizes=SIZES,
        spaces=SPACES,
        hits=found.hits,
        pages=Pages(3, 9, (1, 2, 3, 4, None, 9), lambda number: search_url(Query(offset=(number - 1) * PER_PAGE))),
    )
