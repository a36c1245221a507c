"""How far something long has come: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click


class _Lines:
    """A line for each step, and one for each tenth of a long one."""

    def __init__(self, stream: TextIO, counted: str) -> None:
        self._stream = stream
        self._counted = counted
        self._tenth = 0

    def step(self, name: str) -> None:
        self._tenth = 0
        click.echo(name, file=self._stream)

    def advance(self, done: int, total: int) -> None:
        tenth = 10 * done // total if total else 0
        if tenth > self._tenth:
            self._tenth = tenth
            click.echo(f"  {done} of {total} {self._counted}", file=self._stream)

    def notice(self, message: str) -> None:
        click.echo(message, file=self._stream)

    def close(self) -> None:
        pass


class _Bar:
    """The current step on one line, with a bar while things are counted."""

    def __init__(self, stream: TextIO, counted: str) -> None:
        self._stream = stream
        self._counted = counted
        self._bar: Any = None

    def step(self, name: str) -> None:
        self.close()
        click.echo(name, file=self._stream)

    def advance(self, done: int, total: int) -> None:
        if not total:
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, file=self._stream, show_pos=True, label=f"  {self._counted}")
        self._bar.update(done - self._bar.pos)

    def notice(self, message: str) -> None:
        self.close()
        click.echo(message, file=self._stream)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


@contextmanager
def progress(stream: TextIO, counted: str = "passages") -> Iterator[_Lines | _Bar]:
    """A Progress (see :mod:`indexer.build`) that writes to ``stream``."""
    shown: _Lines | _Bar = _Bar(stream, counted) if stream.isatty() else _Lines(stream, counted)
    try:
        yield shown
    finally:
        shown.close()
