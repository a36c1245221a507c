"""Practices that somebody chose, named by the ``id`` arguments of an address: to compare, or to keep together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from kb.backends import Backend
from kb.content.model import Practice
from kb.errors import NotFound

#: As many as can stand side by side.
MOST_COMPARED = 4
#: As many as an address can name and a reader can read.
MOST_COLLECTED = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """``missing`` are ids that lead nowhere (any longer), ``beyond`` is how many were left out as too many."""

    practices: tuple[Practice, ...]
    missing: tuple[str, ...] = ()
    beyond: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(practice.id for practice in self.practices)


def read_ids(args: MultiDict[str, str]) -> tuple[str, ...]:
    """Each id once, in the order given."""
    return tuple(dict.fromkeys(id for id in args.getlist("id") if id))


def gather(backend: Backend, ids: Sequence[str], most: int) -> Chosen:
    """The first ``most`` practices; an earlier id stands for the present one."""
    practices: dict[str, Practice] = {}
    missing = []
    for id in ids[:most]:
        try:
            practice = backend.practice(backend.alias(id) or id)
        except NotFound:
            missing.append(id)
        else:
            practices[practice.id] = practice
    return Chosen(tuple(practices.values()), tuple(missing), len(ids[most:]))


def without(ids: Sequence[str], id: str) -> list[str]:
    return [other for other in ids if other != id]


def each_without(chosen: Chosen) -> Iterator[tuple[Practice, list[str]]]:
    """Each practice, with the ids of the others: what remains when it is taken out."""
    return ((practice, without(chosen.ids, practice.id)) for practice in chosen.practices)
