"""``kb reindex``, ``kb status``, ``kb serve``, ``kb export``."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from kb.backends import Backend, encoder_names, load_encoder, open_backend, vector_index
from kb.cli.options import RERANKER
from kb.cli.progress import progress
from kb.config import DEFAULT_SITE, Config
from kb.content.codec import organisation_to_json, practice_to_json, taxonomy_to_json
from kb.cores import CORES
from kb.engines.database.store import Store
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.engines.verified import forget_verified
from kb.errors import Damaged, NoIndex
from kb.types import Query
from kb.upkeep import links
from kb.upkeep.history import History
from kb.upkeep.repository import repository_of
from kb.upkeep.review import overdue

#: A page takes its thread's core for as long as it is made: more at a time wait for each other, and switching between
#: them makes all later.
_THREADS = max(2, CORES)
#: How much a reindex gives way, in the terms of nice(1): as much as there is (docs/performance.md has what 10 did).
_NICENESS = 19
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.command()
@click.option("--full", is_flag=True, help="Use neither the previous index nor the cached vectors.")
@click.option(
    "--model",
    help=f"A sentence-transformers model: folder or name.  [default: that of the index, else {DEFAULT_MODEL}]",
)
@_JSON
@click.pass_obj
def reindex(config: Config, full: bool, model: str | None, as_json: bool) -> None:
    """Make the index follow the entries. Readers go on while it works, and see all of the change at once.

    Exit code 1 when there are problems in the entries: what is sound was indexed, the rest is named.
    """
    from indexer.reindex import reindex as run
    from indexer.reindex import report_to_json

    _let_others_first()
    chosen = model or _indexed_model(config) or DEFAULT_MODEL
    with progress(sys.stderr) as told:
        report = run(
            config.entries,
            config.data,
            chosen,
            lambda name: load_encoder(name, config.data),
            full=full,
            progress=told,
        )
    if as_json:
        click.echo(json.dumps(report_to_json(report), ensure_ascii=False, indent=2))
    else:
        for problem in report.problems:
            click.echo(str(problem), err=True)
        for path in report.left_out:
            click.echo(f"left out: {path}", err=True)
        click.echo("\n".join(_report_lines(report_to_json(report))))
    sys.exit(1 if report.left_out or any(p.severity == "error" for p in report.problems) else 0)


def _let_others_first() -> None:
    """A server on the same machine has people waiting; on an idle one a run takes no longer for it."""
    if hasattr(os, "setpriority"):
        os.setpriority(os.PRIO_PROCESS, 0, max(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))


def _report_lines(report: dict[str, object]) -> list[str]:
    counts = {name: report[name] for name in ("added", "changed", "removed", "left_out")}
    lines = [
        ", ".join(f"{len(ids)} {name.replace('_', ' ')}" for name, ids in counts.items() if isinstance(ids, list))
        + f", {report['unchanged']} unchanged",
        f"{report['passages']} passages, {report['encoded']} encoded now",
    ]
    seconds = report["seconds"]
    assert isinstance(seconds, dict)
    lines.append(", ".join(f"{name} {value:.1f} s" for name, value in seconds.items() if value >= 0.05) or "at once")
    state = "published" if report["published"] else "nothing changed, still at"
    return [*lines, f"{state} generation {report['generation']}"]


def _indexed_model(config: Config) -> str | None:
    """The model of the index there is. One that cannot be read is about to be made anew."""
    try:
        with Store(config.data).reading() as reader:
            return reader.manifest().model
    except (NoIndex, Damaged):
        return None


@click.command()
@_JSON
@click.pass_obj
def status(config: Config, as_json: bool) -> None:
    """Say what is indexed, read all of it to see whether it is sound, and tell what wants looking at.

    That is files left out, links that were found dead (ask them with: kb check --links) and entries overdue for review.
    """
    with open_backend(config) as backend:
        try:
            backend.check()
        except Damaged:
            forget_verified(config.data)  # so that the next reindex looks as closely
            raise
        manifest = backend.manifest()
        practices = backend.practices()
        known = links.report(practices, backend.organisations().values(), config.data)
        late = overdue(practices, date.today(), days=config.review_days)
    value = {
        "generation": manifest.generation,
        "built_at": manifest.built_at,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "model": manifest.model,
        "encoders": encoder_names(manifest.model),
        "fingerprint": manifest.fingerprint,
        "dimension": manifest.dimension,
        "vector_index": vector_index(manifest),
        "segments": len(manifest.segments),
        "left_out": list(manifest.left_out),
        "problems": list(manifest.problems),
        "links": _counts(known),
        "dead_links": [_link_to_json(link) for link in known.wanting if link.answer.state == "dead"],
        "overdue": [{"id": one.practice.id, "seen": one.seen} for one in late],
        "review_days": config.review_days,
        "entries": str(config.entries),
        "data": str(config.data),
    }
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
        return
    for name, shown in value.items():
        lines = [_one_line(item) for item in shown] if isinstance(shown, list) else None
        click.echo(f"{name.replace('_', ' '):>13}: {_one_line(shown) if lines is None else len(lines) or 'none'}")
        for line in lines or ():
            click.echo(f"{'':>15}{line}")
    click.echo("sound: every checksum is right")


def _counts(known: links.LinkReport) -> dict[str, object]:
    return {str(state): count for state, count in known.counts.items()} | {
        "unasked": known.unasked,
        "asked": known.asked,
    }


def _link_to_json(link: links.CheckedLink) -> dict[str, object]:
    answer = link.answer
    return {"url": link.url, "detail": answer.detail, "since": answer.since, "entries": list(link.entries)}


def _one_line(value: object) -> str:
    """A value of the status as people read it."""
    if isinstance(value, list):
        return ", ".join(map(_one_line, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {_one_line(item)}" for name, item in value.items())
    return "never" if value is None else str(value)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port to listen on.")
@click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=_THREADS,
    show_default="one for each core, two at least",
    help="Requests at a time, of each process.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the work, each for about one core.",
)
@click.option(
    "--trusted-proxies",
    type=click.IntRange(0, 10),
    default=0,
    show_default=True,
    envvar="KB_TRUSTED_PROXIES",
    show_envvar=True,
    help="How many proxies in front set X-Forwarded-*.",
)
@click.option("--styleguide", is_flag=True, help="For development: also show the components of pages, /styleguide.")
@click.option("--listener", type=int, hidden=True, help="The socket that a process which shares the work is given.")
@RERANKER
@click.pass_obj
def serve(
    config: Config,
    host: str,
    port: int,
    threads: int,
    processes: int,
    trusted_proxies: int,
    styleguide: bool,
    listener: int | None,
    reranker: str | None,
) -> None:
    """Serve the site. A new index is picked up without a restart."""
    from web import create_app
    from web.processes import given_listener, serve_by, tell_ready
    from web.server import listen, serve_on, url

    signal.signal(signal.SIGTERM, _end)
    repository = repository_of(config.entries)
    if listener is None and not config.contact and repository is None:
        click.echo("Readers are told nobody to report errors to; name one with KB_CONTACT", err=True)
    if processes > 1:
        options = ["--threads", str(threads), "--trusted-proxies", str(trusted_proxies)]
        options += ["--styleguide"] * styleguide + (["--reranker", reranker] if reranker else [])
        arguments = ["--entries", str(config.entries), "--data", str(config.data), "serve", *options]
        with listen(host, port) as own:
            address = url(host, own)
            click.echo(f"Starting {processes} processes ...", err=True)
            serve_by(processes, arguments, own, ready=lambda: _tell_serving(address))
        return
    shared = given_listener(listener) if listener is not None else None
    with open_backend(config, reranker=reranker, native_threads=1, readers=threads) as backend:
        model = backend.manifest().model
        app = create_app(
            backend,
            trusted_proxies=trusted_proxies,
            contact=config.contact,
            repository=repository,
            history=History(config.entries),
            styleguide=styleguide,
            address=config.site if config.site != DEFAULT_SITE else None,
            review_days=config.review_days,
        )
        with shared or listen(host, port) as own:
            address = url(host, own)
            if not shared:
                click.echo(f"Loading the model {model} ...", err=True)
            backend.in_need(backend.search(Query("warm up", limit=0)))  # the first visitor must not wait for it
            ready = tell_ready if shared else lambda: _tell_serving(address)
            serve_on(own, app, threads, shared=shared is not None, ready=ready)


def _tell_serving(url: str) -> None:
    click.echo(f"Serving on {url} (Ctrl+C ends it)", err=True)


def _end(*_: object) -> None:
    """What is asked to end finishes its answers first, as after Ctrl-C."""
    sys.exit(0)


@click.command()
@click.option(
    "--static",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the whole site into this folder instead, as plain files.",
)
@click.option(
    "--languages",
    metavar="CODES",
    help="With --static: the languages of its pages beside English, such as de,fr; all six if not given.",
)
@_JSON
@click.pass_obj
def export(config: Config, folder: Path | None, languages: str | None, as_json: bool) -> None:
    """Print everything as one JSON document: practices, organisations, concepts.

    With --static, write the whole site as plain files that need no server: pages and a search in every language of the
    interface, practices as Markdown and JSON, all data. An earlier export is brought up to date; files of others are
    never touched. --json then prints what was written.
    """
    if languages is not None and folder is None:
        raise click.UsageError("--languages chooses those of the pages that --static writes; add --static FOLDER")
    with open_backend(config) as backend:
        value = _everything(backend)
        if folder is None:
            click.echo(json.dumps(value, ensure_ascii=False, indent=2))
            return
        from web import create_app
        from web.languages import chosen_languages
        from web.offline import export_site

        interface = chosen_languages(languages)
        app = create_app(
            backend,
            contact=config.contact,
            repository=repository_of(config.entries),
            history=History(config.entries),
            address=config.site if config.site != DEFAULT_SITE else None,
            offline=True,
            interface=interface,
        )
        files = export_site(app, backend, folder, everything=value, interface=interface, announce=_announce)
    if as_json:
        counts = {"files": files, "practices": len(value["practices"])}
        report = {"folder": str(folder), **counts, "languages": list(interface)}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        click.echo(f"{files} files in {folder}; open {folder / 'index.html'}")


def _announce(language: str) -> None:
    """An export in six languages takes minutes."""
    click.echo(f"Writing the pages in {language}", err=True)


def _everything(backend: Backend) -> dict[str, list[Any]]:
    return {
        "practices": [practice_to_json(practice) for practice in backend.practices()],
        "organisations": [organisation_to_json(value) for value in backend.organisations().values()],
        "taxonomy": taxonomy_to_json(backend.taxonomy()),
    }
