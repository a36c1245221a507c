"""Practices to take away: a dossier as one Markdown file, and how to cite a practice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from kb.content.model import Practice, Source
from kb.text.markup import in_order_of_use, nested
from web import languages, words
from web.facts import facts
from web.languages import gettext

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


def citation(practice: Practice, *, site_name: str, url: str, label: Label, accessed: date | None = None) -> str:
    """Who, what, about whom, when and where, in plain text and in the language of the page.

    The site wrote the entry; the organisations are what it is about. ``accessed`` is left out of what is read later.
    """
    parts = [
        site_name,
        gettext("“%(title)s”", title=practice.title),
        _about(practice, label),
        gettext("Last changed on %(day)s", day=words.day(practice.updated)),
    ]
    told = "".join(f"{part}. " for part in parts if part)
    where = gettext("%(url)s, accessed on %(day)s", url=url, day=languages.day(accessed)) if url and accessed else url
    return f"{told}{where}".strip()


def bibtex(practice: Practice, *, site_name: str, url: str, label: Label, accessed: date | None = None) -> str:
    """One entry of the type ``misc``, which every style knows. Names are in braces: they are no persons."""
    fields = {
        "author": f"{{{_tex(site_name)}}}",
        "title": f"{{{_tex(practice.title)}}}",
        "note": _tex(_about(practice, label)),
        "year": practice.updated[:4],
        "url": url,
        "urldate": accessed.isoformat() if url and accessed else "",
        "language": practice.language,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{practice.id},", *lines, "}"])


def _about(practice: Practice, label: Label) -> str:
    who = words.joined([label("organisation", id) for id in practice.organisations])
    return gettext("About a practice of %(organisations)s", organisations=who) if who else ""


def _tex(text: str) -> str:
    return " ".join(text.split()).translate(_SPECIAL)
