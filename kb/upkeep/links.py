"""What is known of the links in the entries: what each answered when it was asked last, kept in the data folder.

``kb check --links`` asks (:mod:`kb.upkeep.link_check`); ``kb status`` and the site's page for its operator tell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from kb.content.model import Organisation, Practice
from kb.errors import StoreError

FILE = "links.json"

#: ``moved``: there, after a permanent redirect. ``dead``: gone for good, says the server or the name of the host.
#: ``unclear``: anything else, such as a refusal, an error of the server, or silence.
State = Literal["alive", "moved", "dead", "unclear"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a link answered. ``asked`` and ``since`` are ISO dates: of the last time, and of the first in this state.

    ``detail`` says it in a few words of English, ``location`` where it moved to.
    """

    state: State
    detail: str
    asked: str
    since: str
    location: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedLink:
    """A link with its answer and the ids of the practices and organisations that have it."""

    url: str
    answer: Answer
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkReport:
    """The links of a base: how many are in each state, and those that somebody should look at, dead ones first.

    ``unasked`` are those that were never asked; ``asked`` is the date of the last time that any was.
    """

    counts: Mapping[State, int]
    unasked: int
    asked: str | None
    wanting: tuple[CheckedLink, ...]


def report(practices: Iterable[Practice], organisations: Iterable[Organisation], folder: Path) -> LinkReport:
    """What is known of the links of these entries, by what is kept in the data folder."""
    answers = read_answers(folder)
    entries: dict[str, list[str]] = {}
    for practice in practices:
        for url in dict.fromkeys(source.url for source in practice.sources):
            entries.setdefault(url, []).append(practice.id)
    for organisation in organisations:
        if organisation.website:
            entries.setdefault(organisation.website, []).append(organisation.id)
    known = [CheckedLink(url, answers[url], tuple(ids)) for url, ids in entries.items() if url in answers]
    order: tuple[State, ...] = ("dead", "moved", "unclear")
    wanting = [link for link in known if link.answer.state in order]
    states = Counter(link.answer.state for link in known)
    return LinkReport(
        counts={state: states[state] for state in get_args(State)},
        unasked=len(entries) - len(known),
        asked=max((link.answer.asked for link in known), default=None),
        wanting=tuple(sorted(wanting, key=lambda link: (order.index(link.answer.state), link.answer.since, link.url))),
    )


def following(earlier: Answer | None, now: Answer) -> Answer:
    """``now``, in its state since ``earlier`` was, if that was the same."""
    return replace(now, since=earlier.since) if earlier and earlier.state == now.state else now


def read_answers(folder: Path) -> dict[str, Answer]:
    """What the links answered, by URL; nothing where that was not kept, or cannot be read: then they are asked anew."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {url: Answer(**answer) for url, answer in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_answers(folder: Path, answers: Mapping[str, Answer]) -> None:
    """Raises StoreError where the data folder cannot be written."""
    text = json.dumps({url: asdict(answer) for url, answer in sorted(answers.items())}, ensure_ascii=False, indent=1)
    unfinished = folder / f"{FILE}.unfinished"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(folder / FILE)
    except OSError as error:
        where = error.filename or folder
        raise StoreError(f"{where}: {error.strerror}; make it writable, or choose another with --data") from error
