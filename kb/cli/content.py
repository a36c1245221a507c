"""``kb new``, ``kb check``, ``kb preview``: for those who write entries. Nothing here loads a model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

import click

from kb.cli.links import asked, link_problems, link_to_json, links_summary
from kb.config import Config, load_config
from kb.content import codes
from kb.content.corpus import read_organisations
from kb.content.files import shown
from kb.content.ids import is_id
from kb.content.links import Place, places_of_links
from kb.content.model import Problem
from kb.content.survey import Survey, surveyed
from kb.content.taxonomy import read_taxonomy
from kb.content.template import Draft, concept_meant, create, organisation_meant, suggested_id
from kb.content.wording import quoted
from kb.errors import UsageError

Answer = TypeVar("Answer")

# --- kb check --------------------------------------------------------------------------------------------------


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH ...]", type=click.Path(path_type=Path))
@click.option("--links", "ask_links", is_flag=True, help="Also ask every link whether it is still there (network).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def check(config: Config, paths: tuple[Path, ...], ask_links: bool, as_json: bool) -> None:
    """Report every problem in the entries, one a line: where, what is wrong, what to write instead.

    With a PATH only the problems of that file or folder are reported; everything is read all the same, because
    entries refer to each other. Exit code 1 when something must be mended, 0 when there are only warnings.

    With --links the sources and websites are asked too, one at a time to a host; a dead one is exit code 1. What they
    answer is kept in the data folder, where kb status finds it; those found alive are asked again the next day.
    """
    with surveyed(config.entries, config.data) as found:
        organisations = len(found.organisations)
        places = places_of_links(config.entries, found) if ask_links else {}
    chosen = [_within(config.entries, path) for path in paths]
    problems = [problem for problem in found.problems if not chosen or _is_chosen(problem.path, chosen)]
    links = asked(config, _chosen_only(places, chosen), all_there_are=not chosen)
    if as_json:
        value = _to_json(config, found, organisations, problems)
        if ask_links:
            value["links"] = [link_to_json(link, lambda path: _shown(config, path)) for link in links]
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        for problem in (*problems, *link_problems(links)):
            click.echo(f"{_shown(config, problem.path)}{str(problem).removeprefix(problem.path)}")
        if ask_links:
            click.echo(links_summary(links), err=True)
        click.echo(_summary(found, organisations, problems), err=True)
    dead = any(link.answer.state == "dead" for link in links)
    sys.exit(1 if dead or any(problem.severity == "error" for problem in problems) else 0)


def _within(entries: Path, path: Path) -> str:
    """A path from the command line, as problems name it. It may also be given relative to the entries folder."""
    base = os.path.realpath(entries)
    for candidate in (path, entries / path):
        # The last part is kept as it is, so that a symbolic link is checked as the entry it stands for.
        real = Path(os.path.realpath(candidate.absolute().parent)) / candidate.name
        if os.path.lexists(candidate) and real.is_relative_to(base):
            return shown(str(real.relative_to(base)))
    if os.path.lexists(path) and Path(os.path.realpath(path)) == Path(base):
        return "."
    if os.path.lexists(path):
        raise UsageError(f"{shown(str(path))} is not in {shown(str(entries))}; name an entry or a folder there")
    raise UsageError(f"no file {shown(str(path))}; name an entry or a folder in {shown(str(entries))}")


def _is_chosen(path: str, chosen: Iterable[str]) -> bool:
    return any(one == "." or path == one or path.startswith(f"{one}/") for one in chosen)


def _chosen_only(places: Mapping[str, tuple[Place, ...]], chosen: list[str]) -> dict[str, tuple[Place, ...]]:
    """The links that stand in the chosen files, with the places there."""
    within = {
        url: tuple(place for place in here if not chosen or _is_chosen(place.path, chosen))
        for url, here in places.items()
    }
    return {url: here for url, here in within.items() if here}


def _shown(config: Config, path: str) -> str:
    return f"{shown(str(config.entries))}/{path}"


def _to_json(config: Config, found: Survey, organisations: int, problems: list[Problem]) -> dict[str, object]:
    return {
        "errors": _count(problems, "error"),
        "warnings": _count(problems, "warning"),
        "problems": [
            {
                "path": _shown(config, problem.path),
                "line": problem.line,
                "severity": problem.severity,
                "message": problem.message,
                "remedy": problem.remedy,
            }
            for problem in problems
        ],
        "left_out": [_shown(config, path) for path in found.left_out],
        "practices": len(found.digests),
        "organisations": organisations,
    }


def _summary(surveyed: Survey, organisations: int, problems: list[Problem]) -> str:
    elsewhere = len(surveyed.problems) - len(problems)
    errors, warnings = _count(problems, "error"), _count(problems, "warning")
    found = " and ".join(_plural(count, noun) for count, noun in ((errors, "error"), (warnings, "warning")) if count)
    sound = f"{_plural(len(surveyed.digests), 'sound practice')}, {_plural(organisations, 'organisation')}"
    rest = f", {_plural(elsewhere, 'problem')} in other files" if elsewhere else ""
    return f"{found or 'no problems'} ({sound}{rest})"


def _count(problems: Iterable[Problem], severity: str) -> int:
    return sum(problem.severity == severity for problem in problems)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# --- kb new ----------------------------------------------------------------------------------------------------


@click.command()
@click.option("--title", help='"Name: what it does", the proper name first.')
@click.option("--id", "id_", help="The file name and permanent URL.  [default: made from the name]")
@click.option("--organisation", "organisations", multiple=True, help="Who runs it, by id or name (repeat).")
@click.option("--strand", multiple=True, help="A strand, the primary one first (repeat).")
@click.option("--risk", "risks", multiple=True, help="A risk (repeat).")
@click.option("--topic", "topics", multiple=True, help="A topic (repeat).")
@click.option("--audience", "audiences", multiple=True, help="An audience (repeat).")
@click.option("--country", "countries", multiple=True, help="A country code, EU or INT (repeat).")
@click.option("--stage", default="unknown", show_default=True, help="How far it is.")
@click.option("--language", default="en", show_default=True, help="The language of the entry.")
@click.option("--summary", default="", help="Plain language, at most 400 characters.")
@click.pass_obj
def new(
    config: Config,
    title: str | None,
    id_: str | None,
    organisations: tuple[str, ...],
    strand: tuple[str, ...],
    risks: tuple[str, ...],
    topics: tuple[str, ...],
    audiences: tuple[str, ...],
    countries: tuple[str, ...],
    stage: str,
    language: str,
    summary: str,
) -> None:
    """Start a practice: write a template, print its path and what to type next.

    In a terminal it asks for what the options do not say.
    """
    taxonomy = read_taxonomy(config.entries).taxonomy
    known = read_organisations(config.entries)
    ask = sys.stdin.isatty()

    def concept(scheme: str) -> Callable[[str], str]:
        return lambda text: concept_meant(taxonomy, scheme, text)

    def several(given: tuple[str, ...], label: str, meant: Callable[[str], str]) -> tuple[str, ...]:
        return _several(given, label, meant, ask=ask)

    if title is None and not ask:
        raise UsageError('a practice needs a title; type: kb new --title "Name: what it does"')
    title = _title(title) if title is not None else _prompt('Title ("Name: what it does")', _title)
    suggested = suggested_id(title)
    if id_ is None:
        id_ = _prompt("Id (file name and permanent URL)", _id, default=suggested) if ask else suggested
    draft = Draft(
        id=id_,
        title=title,
        organisations=several(organisations, "Organisations", lambda text: organisation_meant(known, text)),
        strand=several(strand, f"Strand: {_ids(taxonomy.ids('strand'))}", concept("strand")),
        risks=several(risks, f"Risks: {_ids(taxonomy.ids('risk'))}", concept("risk")),
        topics=several(topics, "Topics", concept("topic")),
        audiences=several(audiences, f"Audiences: {_ids(taxonomy.ids('audience'))}", concept("audience")),
        countries=several(countries, "Countries (codes, EU, INT)", _country),
        stage=concept_meant(taxonomy, "stage", stage) if stage != "unknown" else stage,
        language=_language(language),
        summary=summary,
    )
    path = create(config.entries, draft, taxonomy, today=date.today())
    click.echo(shown(str(path)))
    option = "" if config.entries == load_config().entries else f"--entries {shown(str(config.entries))} "
    click.echo(f"write it, and look at it with: kb {option}preview {shown(str(path))}", err=True)
    click.echo(f"see what is missing with: kb {option}check {shown(str(path))}", err=True)


def _several(given: tuple[str, ...], label: str, meant: Callable[[str], str], *, ask: bool) -> tuple[str, ...]:
    """Values from options, else asked for, separated by commas; none is an answer."""

    def resolve(text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(meant(part.strip()) for part in text.split(",") if part.strip()))

    if given or not ask:
        return tuple(dict.fromkeys(meant(text.strip()) for text in given))
    return _prompt(f"{label} (separated by commas; Enter to fill in later)", resolve, default="")


def _prompt(label: str, meant: Callable[[str], Answer], *, default: str | None = None) -> Answer:
    """Ask until the answer makes sense."""

    def process(text: str) -> Answer:
        try:
            return meant(text)
        except UsageError as error:
            raise click.UsageError(str(error)) from error

    answer: Answer = click.prompt(label, default=default, value_proc=process, show_default=bool(default), err=True)
    return answer


def _title(text: str) -> str:
    name, colon, does = text.partition(": ")
    if not (name.strip() and colon and does.strip()):
        raise UsageError(f'the title {quoted(text)} does not say what it does; write it like "Name: what it does"')
    return " ".join(text.split())


def _id(text: str) -> str:
    if not is_id(text):
        raise UsageError(f"{quoted(text)} is no id; write lower-case letters, digits and hyphens, like report-remove")
    return text


def _country(text: str) -> str:
    if codes.is_country(text):
        return text
    meant = codes.meant_country(text)
    hint = f"did you mean {meant}?" if meant else "write two capital letters, EU or INT"
    raise UsageError(f"{quoted(text)} is no country code; {hint}")


def _language(text: str) -> str:
    if codes.is_language(text):
        return text
    meant = codes.meant_language(text)
    hint = f"did you mean {meant}?" if meant else "write a BCP 47 code like en"
    raise UsageError(f"{quoted(text)} is no language code; {hint}")


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(ids)


# --- kb preview ------------------------------------------------------------------------------------------------


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8001, show_default=True, type=click.IntRange(0, 65535), help="The port to listen on.")
@click.pass_obj
def preview(config: Config, path: Path, host: str, port: int) -> None:
    """Show the page of the entry PATH as it will look, again whenever the file changes."""
    if not path.is_file():
        raise UsageError(f"no file {shown(str(path))}; start an entry with: kb new")
    from web.preview import serve_preview

    def ready(url: str) -> None:
        click.echo(f"Showing {shown(str(path))} on {url} (Ctrl+C ends it)", err=True)

    serve_preview(path, config, host=host, port=port, ready=ready)
