"""What templates can call. ``highlight`` is the only thing that turns spans into ``<mark>``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined
from markupsafe import Markup, escape

from kb.text.excerpt import excerpt
from web import languages, metadata, pieces, urls, words
from web.collecting import MOST_COLLECTED, MOST_COMPARED
from web.site import current_site, label, labelling


def register(app: Flask) -> None:
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters.update(FILTERS)
    environment.globals.update(GLOBALS)
    app.context_processor(_of_this_site)


def highlight(text: str, spans: Iterable[tuple[int, int]] = ()) -> Markup:
    """``text`` escaped, with the spans (code-point offsets) marked. Spans that overlap or lie outside are clipped."""
    parts: list[Markup] = []
    done = 0
    for start, end in sorted(spans):
        start, end = max(start, done), min(end, len(text))
        if start >= end:
            continue
        parts += [escape(text[done:start]), Markup("<mark>{}</mark>").format(text[start:end])]
        done = end
    return Markup("").join([*parts, escape(text[done:])])


def bulleted(text: str) -> str:
    """Plain text with a bullet for the hyphen of each list item; offsets into it stay what they are."""
    return _ITEM.sub("•", text)


def paragraphs(text: str) -> list[str]:
    return [block.strip() for block in text.split("\n\n") if block.strip()]


def lower_first(text: str) -> str:
    """For a label within a sentence; an abbreviation keeps its capitals."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def host(url: str) -> str:
    """The part of a web address that people recognise."""
    return url.split("//", 1)[-1].split("/", 1)[0].removeprefix("www.")


#: How :func:`kb.text.markup.sections` writes an item of a list.
_ITEM = re.compile(r"^-(?= )", re.MULTILINE)

FILTERS: dict[str, Any] = {
    "bulleted": bulleted,
    "day": words.day,
    "excerpt": excerpt,
    "highlight": highlight,
    "host": host,
    "joined": words.joined,
    "either": words.either,
    "parts": words.parts,
    "label_of": lambda value, facet: label(facet, value),
    "lower_first": lower_first,
    "paragraphs": paragraphs,
    "period": words.period,
    "shares": words.shares,
    "shortened": words.shortened,
    "split_title": pieces.split_title,
    "as_title": pieces.title,
    "upper_first": upper_first,
}

GLOBALS: dict[str, Any] = {
    "BANDS": words.BANDS,
    "FACTS": words.FACTS,
    "FACET_NAMES": words.FACET_NAMES,
    "FINDINGS": words.FINDINGS,
    "HEADINGS": words.HEADINGS,
    "MODES": words.MODES,
    "MOST_COLLECTED": MOST_COLLECTED,
    "MOST_COMPARED": MOST_COMPARED,
    "LINK_STATES": words.LINK_STATES,
    "SORTS": words.SORTS,
    "WAYS": words.WAYS,
    "LANGUAGES": languages.LANGUAGES,
    "LOCALES": languages.LOCALES,
    "alternates": languages.alternates,
    "counted": words.counted,
    "number": languages.number,
    "dossier_from": words.dossier_from,
    "dossier_title": words.dossier_title,
    "alternate_url": urls.alternate_url,
    "language_url": urls.language_url,
    "absolute_path": urls.absolute_path,
    "absolute_url": urls.absolute_url,
    "here": urls.here,
    "export_url": urls.export_url,
    "feed_url": urls.feed_url,
    "filter_url": urls.filter_url,
    "metadata": metadata,
    "search_url": urls.search_url,
    "page_url": urls.page_url,
    "practice_url": urls.practice_url,
    "value_url": urls.value_url,
}


#: What templates call without the language of the page, which comes first.
PIECES: dict[str, Callable[..., Markup]] = {
    "back": pieces.back,
    "count": pieces.count,
    "lang": pieces.lang,
    "quoting": pieces.quoting,
    "tick": pieces.tick,
}


def _of_this_site() -> dict[str, Any]:
    """What depends on the request. A page has hundreds of names and counts: its language is found out once for all."""
    code = languages.language()
    named = _labels_of_page()
    return {
        "site": current_site(),
        "SITE_LANGUAGE": code,
        "label": named,
        "tag": lambda facet, value: pieces.tag(facet, value, urls.value_url(facet, value), named(facet, value)),
        **{name: partial(make, code) for name, make in PIECES.items()},
    }


def _labels_of_page() -> Callable[[str, str], str]:
    """:func:`label`, bound to the request at the first name that it asks for: pages of errors ask for none."""
    bound: Callable[[str, str], str] | None = None

    def named(facet: str, value: str) -> str:
        nonlocal bound
        bound = bound or labelling()
        return bound(facet, value)

    return named
