"""What ``kb check --links`` asks and prints."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from types import MappingProxyType
from typing import get_args

from kb.cli.progress import progress
from kb.config import Config
from kb.content.links import Place
from kb.content.model import Problem
from kb.content.wording import printable
from kb.upkeep.link_check import check
from kb.upkeep.links import Answer, State

#: What is said of a link that is not simply there, by its state, and what to do about it.
_WANTING = MappingProxyType(
    {
        "dead": ("is dead", "find where it went, or a copy, for instance on web.archive.org"),
        "moved": ("has moved", "write the new address"),
        "unclear": ("gave no clear answer", "look at it in a browser"),
    }
)


@dataclass(frozen=True, slots=True)
class AskedLink:
    url: str
    places: tuple[Place, ...]
    answer: Answer


def asked(config: Config, places: Mapping[str, tuple[Place, ...]], *, all_there_are: bool) -> list[AskedLink]:
    """The links at these places, with what they answer. Without any, nobody is asked."""
    if not places:
        return []
    with progress(sys.stderr, "links") as told:
        answers = check(list(places), config.data, today=date.today(), all_there_are=all_there_are, told=told.advance)
    return [AskedLink(url, here, answers[url]) for url, here in places.items()]


def link_problems(links: Iterable[AskedLink]) -> list[Problem]:
    """A warning for each place of a link that is not simply there."""
    return sorted(
        Problem(place.path, place.line, _said(link), _WANTING[link.answer.state][1], "warning")
        for link in links
        if link.answer.state in _WANTING
        for place in link.places
    )


def link_to_json(link: AskedLink, shown: Callable[[str], str]) -> dict[str, object]:
    """``shown``: how a path relative to the entries is written."""
    places = [{"path": shown(place.path), "line": place.line} for place in link.places]
    return {"url": link.url, **asdict(link.answer), "places": places}


def links_summary(links: Iterable[AskedLink]) -> str:
    states = Counter(link.answer.state for link in links)
    return f"links: {states.total()}, of them " + ", ".join(f"{states[state]} {state}" for state in get_args(State))


def _said(link: AskedLink) -> str:
    answer = link.answer
    more = f" to {answer.location}" if answer.location else f" ({answer.detail}, since {answer.since})"
    return printable(f"the link {link.url} {_WANTING[answer.state][0]}{more}")
