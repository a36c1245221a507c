"""The smallest pieces of pages, of which one page has hundreds: made once for what they show, then remembered.

Each is a function of its arguments alone, so what is kept is never out of date; ``code``, where there is one, is the
language of the request. The rest is in ``templates/pieces.html``.
"""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

from web import languages, words

_COUNT = Markup('<span class="count" aria-hidden="true">{}</span><span class="unseen">{}</span>')
_LANG = Markup(' lang="{}"')
_QUOTING = Markup("{}<span{}>{}</span>{}")
_TEXT = Markup("{}")
_TAG = Markup('<a class="{}{}" href="{}">{}</a>')
_TITLE = Markup(
    '<span class="title-name">{}<span class="title-colon">:</span></span> <span class="title-rest">{}</span>'
)
_TICK = Markup(
    '<div class="choice">\n'
    '<input type="checkbox" form="search-form" name="{facet}" id="{facet}-{value}" value="{value}"{checked}>\n'
    '<label for="{facet}-{value}">{label} {count}</label>\n'
    "</div>\n"
)
_CHECKED = Markup(" checked")


@lru_cache(maxsize=20_000)
def count(code: str, practices: int) -> Markup:
    """A number beside what it counts; read out, it says that it counts practices. ``code``: the request's language."""
    return _COUNT.format(languages.number(practices), words.counted(practices, "practice"))


@lru_cache(maxsize=1_000)
def lang(code: str, language: str | None) -> Markup:
    """The attribute for a fragment in ``language`` on a page in ``code``; nothing where both are the same."""
    return _LANG.format(language) if language and language != code else Markup()


def quoting(code: str, text: str, part: str, language: str | None) -> Markup:
    """``text`` with ``part`` of it, which is in ``language``, in an element that says so where the page is not."""
    before, found, after = text.partition(part)
    if not found or not lang(code, language):
        return _TEXT.format(text)
    return _QUOTING.format(before, lang(code, language), found, after)


def back(code: str, language: str | None) -> Markup:
    """Within a fragment in ``language``, the attribute for words of ours."""
    return _LANG.format(code) if language and language != code else Markup()


@lru_cache(maxsize=20_000)
def title(text: str) -> Markup:
    """A title, with its proper name apart from what it does."""
    name, rest = split_title(text)
    return _TITLE.format(name, rest) if rest else _TEXT.format(name)


@lru_cache(maxsize=20_000, typed=True)
def tag(facet: str, value: str, url: str, label: str) -> Markup:
    """A value of a facet as a link to what has it."""
    return _TAG.format("tag", f" tag-strand is-{value}" if facet == "strand" else "", url, label)


@lru_cache(maxsize=20_000, typed=True)
def tick(code: str, facet: str, value: str, label: str, practices: int, selected: bool) -> Markup:
    """A value that can be ticked; ``code``: the request's language, in which ``label`` is."""
    return _TICK.format(
        facet=facet, value=value, label=label, count=count(code, practices), checked=_CHECKED if selected else ""
    )


def split_title(title: str) -> tuple[str, str]:
    """The proper name and what it does: titles are written ``Name: what it does``."""
    name, colon, rest = title.partition(": ")
    return (name, rest) if colon else (title, "")
