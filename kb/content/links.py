"""Where in the files of the entries links stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.content.survey import ORGANISATIONS, PRACTICES, Survey


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A file, by its path relative to the entries, and a line of it, from 1."""

    path: str
    line: int


def places_of_links(entries: Path, found: Survey) -> Mapping[str, tuple[Place, ...]]:
    """The links of all sound entries: sources of practices, and websites of organisations."""
    places: dict[str, set[Place]] = {}
    for url, path, text in (*_sources(found), *_websites(entries, found)):
        places.setdefault(url, set()).add(Place(path, _line(text, url)))
    return {url: tuple(sorted(places[url])) for url in sorted(places)}


def _sources(found: Survey) -> Iterator[tuple[str, str, str]]:
    for id in found.digests:
        practice, text = found.practice(id)
        yield from ((source.url, f"{PRACTICES}/{id}.md", text) for source in practice.sources)


def _websites(entries: Path, found: Survey) -> Iterator[tuple[str, str, str]]:
    for organisation in found.organisations.values():
        if organisation.website:
            path = f"{ORGANISATIONS}/{organisation.id}.md"
            yield organisation.website, path, (entries / path).read_text(encoding="utf-8", errors="replace")


def _line(text: str, url: str) -> int:
    """The first line that has the whole of ``url``, or a part of it: YAML may fold it."""
    lines = text.split("\n")
    whole = (number for number, line in enumerate(lines, start=1) if url in line.replace('"', " ").split())
    part = (number for number, line in enumerate(lines, start=1) if url in line)
    return next(whole, next(part, 1))
