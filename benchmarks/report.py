"""The last table of each benchmark, kept in benchmarks/README.md between two marks, with what it was taken on."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import click

README = Path(__file__).resolve().parent / "README.md"

#: ``--write`` alone means the README of this folder.
WRITE = click.option(
    "--write",
    is_flag=False,
    flag_value=str(README),
    type=click.Path(path_type=Path, dir_okay=False),
    help="Put the table into this file, in place of the last one; without a value into benchmarks/README.md.",
)


def publish(name: str, machine: str, table: str, write: Path | None) -> None:
    """Print what was measured, and where ``write`` is given keep it there.

    ``machine`` is the line of :func:`benchmarks.machine.describe`, taken before anything ran. Raises ClickException
    where the file has no place for the table.
    """
    click.echo(f"{machine}\n\n{table}")
    if write is None:
        return
    text = write.read_text(encoding="utf-8")
    dated = f"{datetime.now(UTC):%Y-%m-%d}, {machine}"
    if (replaced := replace_table(text, name, f"{dated}\n\n{table}")) is None:
        raise click.ClickException(f"{write} has no {_begin(name)} with an <!-- end --> after it; put both in")
    write.write_text(replaced, encoding="utf-8")


def replace_table(text: str, name: str, table: str) -> str | None:
    """``text`` with ``table`` between the marks of ``name``; None where they are not there."""
    marks = re.compile(rf"({re.escape(_begin(name))}\n).*?(<!-- end -->)", re.DOTALL)
    found = marks.search(text)
    return None if found is None else f"{text[: found.end(1)]}{table.strip()}\n{text[found.start(2) :]}"


def _begin(name: str) -> str:
    return f"<!-- last: {name} -->"
