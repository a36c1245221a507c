"""The page of one entry while it is edited. It needs the entries, but no index and no model.

The page polls ``/version`` with a small script and reloads when the file has changed; without JavaScript it reloads
by itself every few seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from flask import Flask, jsonify, render_template
from flask.typing import ResponseReturnValue

from kb.config import Config
from kb.content.corpus import ORGANISATIONS, TAXONOMY, PracticeReading, read_corpus, read_practice
from kb.content.model import Corpus, Organisation, Practice, Taxonomy
from kb.errors import ContentError
from kb.facets.labels import Labels
from web import bare_app, views
from web.practice_page import practice_context
from web.server import serve
from web.site import Site

#: Seconds between two looks, with a script and without.
POLL_SECONDS = 1
REFRESH_SECONDS = 5


class Watched:
    """A file, and the entries around it that its tags and organisations refer to."""

    def __init__(self, path: Path, entries: Path) -> None:
        self.path = path
        self._entries = entries
        self._lock = threading.Lock()
        self._corpus: tuple[str, Corpus] | None = None

    def version(self) -> str:
        """Changes whenever the page would."""
        return _digest([*_stamps([self.path]), *self._surroundings()])

    def corpus(self) -> Corpus:
        """Read again only when an organisation or a concept has changed: all practices take a second or more."""
        found = _digest(self._surroundings())
        with self._lock:
            if self._corpus is None or self._corpus[0] != found:
                self._corpus = (found, read_corpus(self._entries))
            return self._corpus[1]

    def reading(self) -> PracticeReading:
        return read_practice(self.path, corpus=self.corpus())

    def taxonomy(self) -> Taxonomy:
        return self.corpus().taxonomy

    def organisations(self) -> Mapping[str, Organisation]:
        return self.corpus().organisations

    def labels(self) -> Labels:
        return Labels(self.taxonomy(), self.organisations())

    def _surroundings(self) -> list[str]:
        folders = (self._entries / ORGANISATIONS, self._entries / TAXONOMY)
        return list(_stamps(file for folder in folders for file in sorted(folder.glob("*.*"))))


@dataclass(frozen=True, slots=True)
class _Pages:
    """The addresses that answer: the page, and whether it has changed."""

    watched: Watched

    def page(self) -> ResponseReturnValue:
        version = self.watched.version()
        reading = self.watched.reading()
        corpus = self.watched.corpus()
        practice = reading.practice
        return render_template(
            "preview.html",
            **(practice_context(practice, corpus.taxonomy) if practice else {"practice": None}),
            path=self.watched.path,
            problems=reading.problems,
            version=version,
            poll_seconds=POLL_SECONDS,
            refresh_seconds=REFRESH_SECONDS,
            related=_existing(corpus, practice.related if practice else ()),
            similar=(),
            others=(),
            changes=(),
            source_url=None,
        )

    def version(self) -> ResponseReturnValue:
        return jsonify({"version": self.watched.version()})


def create_preview_app(path: Path, config: Config) -> Flask:
    """Raises ContentError when there is no such file or no folder of entries."""
    if not path.is_file():
        raise ContentError(f"no file {path}; write a new entry with: kb new")
    watched = Watched(path, config.entries)
    watched.corpus()
    app = bare_app(Site(watched, name="Preview", subtitle=path.name))
    pages = _Pages(watched)
    app.add_url_rule("/", "home", pages.page)
    app.add_url_rule("/version", "version", pages.version)
    for rule, endpoint, _, defaults in views.rules():
        if endpoint != "home":
            app.add_url_rule(rule, endpoint, _elsewhere, defaults=defaults or None)
    return app


def serve_preview(
    path: Path, config: Config, *, host: str, port: int, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until interrupted. ``ready`` is called with the address once the port listens."""
    serve(create_preview_app(path, config), host, port, threads=4, ready=ready)


def _elsewhere(**_: str) -> ResponseReturnValue:
    """Links of the page lead somewhere on the site, which is not here."""
    message = "the preview shows one file; the other pages are on the site: kb serve"
    advice = "Go back to the preview."
    page = render_template(
        "error.html",
        status=404,
        heading="Not part of the preview",
        message=message,
        message_language="en",
        advice=advice,
    )
    return page, 404


def _existing(corpus: Corpus, ids: Iterable[str]) -> list[Practice]:
    return [corpus.practices[id] for id in ids if id in corpus.practices]


def _stamps(files: Iterable[Path]) -> Iterator[str]:
    """A word for the state of each file; one that is gone, as while an editor saves it, has a state too."""
    for file in files:
        try:
            found = file.stat()
        except OSError:
            yield f"{file.name} gone"
        else:
            yield f"{file.name} {found.st_mtime_ns} {found.st_size}"


def _digest(words: Iterable[str]) -> str:
    return sha256("\n".join(words).encode("utf-8", "surrogateescape")).hexdigest()[:16]
