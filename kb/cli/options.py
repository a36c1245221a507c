"""Options that several commands share."""

from __future__ import annotations

import click

RERANKER = click.option(
    "--reranker",
    envvar="KB_RERANKER",
    show_envvar=True,
    metavar="MODEL",
    help="A CrossEncoder that puts the 20 best in its own order: folder or name.  [default: none]",
)
