"""``kb search``, ``kb show``, ``kb similar``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import click

from kb.backends import Backend, open_backend
from kb.cli.options import RERANKER
from kb.cli.terminal import hit_lines, practice_lines, results_lines
from kb.config import Config
from kb.content.codec import practice_to_json
from kb.errors import NotFound
from kb.serialise import hit_to_json, results_to_json
from kb.types import FACETS, Mode, Query, Sort

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for facet in reversed(FACETS):
        command = click.option(f"--{facet}", multiple=True, metavar="ID", help=f"Only this {facet} (repeats).")(command)
    return command


@click.command()
@click.argument("query", nargs=-1)
@click.option("--limit", type=click.IntRange(0, 1000), default=10, show_default=True, help="How many hits.")
@click.option("--offset", type=click.IntRange(0), default=0, help="How many hits to skip.")
@click.option("--mode", type=click.Choice(get_args(Mode)), default="hybrid", show_default=True, help="How to rank.")
@click.option(
    "--sort", type=click.Choice(get_args(Sort)), default="relevance", show_default=True, help="What comes first."
)
@click.option("--exact", is_flag=True, help="Search for the words as they are: correct and translate none.")
@RERANKER
@_filters
@_JSON
@click.pass_obj
def search(
    config: Config,
    /,
    query: tuple[str, ...],
    limit: int,
    offset: int,
    mode: Mode,
    sort: Sort,
    exact: bool,
    reranker: str | None,
    as_json: bool,
    **chosen: tuple[str, ...],
) -> None:
    """Find practices by meaning and by word.

    Ask in a sentence, in any language of the EU. "Quoted phrases" must occur as they are, -word leaves out what has
    the word. Without a QUERY the newest practices are listed.
    """
    filters = {facet: values for facet, values in chosen.items() if values}
    with open_backend(config, reranker=reranker) as backend:
        results = backend.search(
            Query(" ".join(query), mode=mode, filters=filters, limit=limit, offset=offset, exact=exact, sort=sort)
        )
        if as_json:
            _print_json(results_to_json(results))
        else:
            click.echo("\n".join(results_lines(results, backend, config.site)))


@click.command()
@click.argument("practice_id", metavar="ID")
@_JSON
@click.pass_obj
def show(config: Config, /, practice_id: str, as_json: bool) -> None:
    """Show one practice, by its id or an earlier one."""
    with open_backend(config) as backend:
        practice = backend.practice(_current_id(backend, practice_id))
        if as_json:
            _print_json(practice_to_json(practice))
        else:
            click.echo("\n".join(practice_lines(practice, backend, config.site)))


@click.command()
@click.argument("practice_id", metavar="ID")
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="How many.")
@_JSON
@click.pass_obj
def similar(config: Config, /, practice_id: str, limit: int, as_json: bool) -> None:
    """List practices about the same thing as the one with this ID."""
    with open_backend(config) as backend:
        current = _current_id(backend, practice_id)
        hits = backend.similar(current, limit=limit)
        if as_json:
            _print_json({"id": current, "hits": [hit_to_json(hit) for hit in hits]})
        elif not hits:
            click.echo(f"Nothing is similar to {current}.")
        else:
            for number, hit in enumerate(hits, start=1):
                click.echo("\n".join(hit_lines(number, hit, backend, config.site)))


def _current_id(backend: Backend, practice_id: str) -> str:
    try:
        backend.practice(practice_id)
    except NotFound:
        return backend.alias(practice_id) or practice_id
    return practice_id


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
