"""Practices to take away: a dossier as one Markdown file, and how to cite a practice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from kb.content.model import Practice, Source
from kb.text.markup import in_order_of_use, nested
from web import words
from web.facts import facts

#: (facet, value) to what it is called.
Label = Callable[[str, str], str]

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "#": r"\#",
        "%": r"\%",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
    }
)


def to_markdown(practices: Sequence[Practice], *, site_name: str, base: str, label: Label) -> str:
    """All practices with their sources. ``base`` is the address of the site, with a slash at its end.

    Headings go one level down, and the notes of each practice carry its id, so that none meets another's.
    """
    lines = [f"# {words.dossier_title(len(practices))}", "", words.dossier_from(site_name, base)]
    for practice in practices:
        lines += ["", *_practice(practice, base, label)]
    return "\n".join(lines) + "\n"


def _practice(practice: Practice, base: str, label: Label) -> Iterator[str]:
    yield from (f"## {_plain(practice.title)}", "", _plain(practice.summary), "")
    for fact in facts(practice):
        if fact.values:
            named = [label(fact.facet, value) if fact.facet else value for value in fact.values]
            note = f" ({_plain(fact.note)})" if fact.note else ""
            yield f"- **{words.FACTS[fact.key]}:** {_plain(words.joined(named))}{note}"
    yield from ("", nested(practice.body, within=practice.id, deeper=1).strip(), "")
    yield from ("<" + base + f"practices/{practice.id}>", "")
    for source in in_order_of_use(practice.body, practice.sources):
        yield f"[^{practice.id}-{source.id}]: {_source(source)}"


def _source(source: Source) -> str:
    told = ". ".join(filter(None, (_plain(source.title), _publication(source))))
    return f"{told}. <{source.url}>"


def _publication(source: Source) -> str:
    return ", ".join(filter(None, (_plain(source.publisher or ""), str(source.year or ""))))


def _plain(text: str) -> str:
    """On one line, with what would be Markdown escaped."""
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", " ".join(text.split()))


# --- citing ----------------------------------------------------------------------------------------------------


def citation(practice: Practice, *, site_name: str, url: str, label: Label) -> str:
    """Who, what, where and when, in plain text."""
    who = words.joined([label("organisation", id) for id in practice.organisations])
    begin = f"{who}. " if who else ""
    return f"{begin}“{practice.title}”. {site_name}, {words.day(practice.updated)}.{f' {url}' if url else ''}"


def bibtex(practice: Practice, *, site_name: str, url: str, label: Label) -> str:
    """One entry of the type ``misc``, which every style knows. Names are in braces: they are no persons."""
    fields = {
        "author": " and ".join(f"{{{_tex(label('organisation', id))}}}" for id in practice.organisations),
        "title": f"{{{_tex(practice.title)}}}",
        "howpublished": _tex(site_name),
        "year": practice.updated[:4],
        "url": url,
        "language": practice.language,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{practice.id},", *lines, "}"])


def _tex(text: str) -> str:
    return " ".join(text.split()).translate(_SPECIAL)
