"""Values in plain words, in the language of the request. Nothing here knows HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from kb.content.model import Ages, Practice
from kb.types import Why
from web import languages
from web.languages import gettext, lazy, ngettext, plural

FACET_NAMES = {
    "strand": lazy("Strand of action"),
    "risk": lazy("Risk"),
    "topic": lazy("Topic"),
    "audience": lazy("For whom"),
    "age": lazy("Age"),
    "kind": lazy("Kind of organisation"),
    "organisation": lazy("Organisation"),
    "country": lazy("Country"),
    "language": lazy("Language"),
    "evidence": lazy("Evidence"),
    "stage": lazy("Stage"),
}

BANDS = {"strong": lazy("Strong match"), "fair": lazy("Fair match"), "weak": lazy("Weak match")}

MODES = {
    "hybrid": lazy("Meaning and words"),
    "lexical": lazy("Words only"),
    "dense": lazy("Meaning only"),
}

SORTS = {
    "relevance": lazy("Relevance"),
    "newest": lazy("Newest"),
    "evidence": lazy("Strength of evidence"),
}

#: What is suggested while somebody types; a concept is called by the name of its facet.
SUGGESTED = {
    "question": lazy("Question"),
    "practice": lazy("Practice"),
    "organisation": lazy("Organisation"),
}

#: The facts of a practice, by the keys of :mod:`web.facts`.
FACTS = {
    "who": lazy("Who"),
    "with": lazy("With"),
    "where": lazy("Where"),
    "for": lazy("For whom"),
    "ages": lazy("Ages"),
    "when": lazy("When"),
    "stage": lazy("Stage"),
    "against": lazy("Against"),
    "language": lazy("Language"),
    "titled": lazy("Title also in"),
    "strand": lazy("Strand of action"),
    "topics": lazy("Topics"),
    "evidence": lazy("Evidence"),
    "findings": lazy("Findings"),
}

#: What is called a part of an entry where its changes are told, by fields of the front matter; others are not told.
PARTS = {
    "title": lazy("Title"),
    "summary": lazy("Summary"),
    "language": lazy("Language"),
    "organisations": lazy("Who"),
    "partners": lazy("With"),
    "strand": lazy("Strand of action"),
    "risks": lazy("Against"),
    "topics": lazy("Topics"),
    "audiences": lazy("For whom"),
    "ages": lazy("Ages"),
    "countries": lazy("Where"),
    "stage": lazy("Stage"),
    "started": lazy("When"),
    "ended": lazy("When"),
    "evidence": lazy("Evidence"),
    "questions": lazy("Questions"),
    "sources": lazy("Sources"),
    "translations": lazy("In other languages"),
    "verified": lazy("Checked against its sources"),
    "contact": lazy("Contact"),
    "help": lazy("Find help"),
    "related": lazy("Similar practices"),
    "licence": lazy("Licence"),
    "body": lazy("Text"),
}

FINDINGS = {
    "positive": lazy("What was found is positive."),
    "mixed": lazy("What was found is mixed: some things worked, others did not."),
    "no-effect": lazy("No effect was found."),
    "negative": lazy("What was found is negative: it did harm, or did worse than doing nothing."),
}

#: The headings of an entry in English, by themselves; what stands under them is in the language of the entry.
HEADINGS = {
    "What it is": lazy("What it is"),
    "How it works": lazy("How it works"),
    "Results": lazy("Results"),
    "Limits and what did not work": lazy("Limits and what did not work"),
    "How to adopt it": lazy("How to adopt it"),
}

#: How a model is run, by :func:`kb.backends.encoder_way`.
WAYS = {
    "compiled": lazy("compiled for this processor"),
    "table": lazy("read as a table of vectors"),
    "sentence-transformers": lazy("run by sentence-transformers, which is slower"),
}

#: What links answered, beside those that are alive.
LINK_STATES = {"dead": lazy("Dead"), "moved": lazy("Moved"), "unclear": lazy("No clear answer")}

#: What :func:`counted` counts.
COUNTED = (
    plural("%(number)s practice", "%(number)s practices"),
    plural("%(number)s source", "%(number)s sources"),
    plural("%(number)s problem", "%(number)s problems"),
    plural("%(number)s more topic", "%(number)s more topics"),
    plural("%(number)s strong or fair match", "%(number)s strong or fair matches"),
)


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 practice``, ``14 practices``, ``1,204 practices``; what is counted stands in :data:`COUNTED`."""
    return _counted(number, one, many or f"{one}s", languages.language())


@lru_cache(maxsize=20_000)
def _counted(number: int, one: str, many: str, code: str) -> str:
    """``code`` is the language of the request, in which :func:`ngettext` answers."""
    return ngettext(f"%(number)s {one}", f"%(number)s {many}", number, number=languages.number(number))


def joined(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return _joined(items, gettext("%(list)s and %(last)s"))


def either(items: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    return _joined(items, gettext("%(list)s or %(last)s"))


def _joined(items: Sequence[str], pattern: str) -> str:
    if len(items) < 2:
        return "".join(items)
    return pattern % {"list": ", ".join(items[:-1]), "last": items[-1]}


def dossier_title(practices: int) -> str:
    return gettext("Dossier: %(practices)s", practices=counted(practices, "practice"))


def dossier_from(site_name: str, url: str) -> str:
    return gettext(
        "From %(site)s, <%(url)s>. Entries are under CC BY 4.0 unless they say otherwise.", site=site_name, url=url
    )


def report_subject(title: str, id: str) -> str:
    """What a message about an error in an entry is headed."""
    return gettext("Error in “%(title)s” (%(id)s)", title=shortened(title, 80), id=id)


def day(text: str) -> str:
    """``7 February 2017`` for an ISO date; a year, or anything else, stays as it is."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return languages.day(found)


def parts(fields: Sequence[str]) -> list[str]:
    """What fields of the front matter are called, each once, in the order of an entry."""
    return list(dict.fromkeys(str(name) for field, name in PARTS.items() if field in fields))


def year(text: str) -> str:
    return text[:4]


def period(practice: Practice) -> str:
    """When the practice ran, in years; empty where nothing is known."""
    started, ended = (year(text) if text else "" for text in (practice.started, practice.ended))
    if started and ended:
        return started if started == ended else gettext("%(start)s to %(end)s", start=started, end=ended)
    if ended:
        return gettext("Until %(year)s", year=ended)
    if started:
        pattern = gettext("From %(year)s") if practice.stage == "ended" else gettext("Since %(year)s")
        return pattern % {"year": started}
    return ""


def ages(found: Ages) -> str:
    """``8 to 12``, ``up to 17``, ``13 and over``; empty where nothing is said in years."""
    start, end = found.start, found.end
    if start is not None and end is not None:
        if start == 0:
            return gettext("up to %(age)s", age=end)
        return str(start) if start == end else gettext("%(start)s to %(end)s", start=start, end=end)
    if end is not None:
        return gettext("up to %(age)s", age=end)
    return "" if start is None else gettext("%(age)s and over", age=start)


def shares(why: Why) -> tuple[int, int]:
    """The shares of words and of meaning in per cent; they add up to 100."""
    words = round(why.lexical * 100)
    return words, 100 - words


def shortened(text: str, max_characters: int = 120) -> str:
    """``text``, cut at a word where it is too long for a heading or a title."""
    if len(text) <= max_characters:
        return text
    cut = text[: max_characters + 1]
    whole_words, blank, _ = cut.rpartition(" ")
    return f"{whole_words if blank else cut[:max_characters]}…"
