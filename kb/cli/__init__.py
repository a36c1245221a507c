"""The ``kb`` command: the composition root. Each command is parse, one call, print.

Only this room knows both :mod:`indexer` and :mod:`web`, and imports them inside the command, so that ``kb --help``,
``kb check`` and ``kb new`` stay quick.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from kb import __version__
from kb.config import load_config
from kb.errors import KbError

#: Every command, with the module that holds it and the line that ``kb --help`` shows.
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "search": ("search", "Find practices by meaning and by word."),
        "show": ("search", "Show one practice."),
        "similar": ("search", "List practices about the same thing."),
        "new": ("content", "Start a practice from a template."),
        "check": ("content", "Report every problem in the entries."),
        "preview": ("content", "Show the page of an entry while it is edited."),
        "reindex": ("operate", "Make the index follow the entries."),
        "status": ("operate", "Say what is indexed, and whether it is sound."),
        "serve": ("operate", "Serve the site."),
        "export": ("operate", "Print everything as one JSON document."),
        "evaluate": ("evaluate", "Judge the ranking on a test collection."),
        "evaluate-pairs": ("evaluate", "Judge the search on sentence pairs."),
    }
)


class _Commands(click.Group):
    """Loads the module of a command when it is called, and prints errors as one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _ = COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(f"kb.cli.{module}"), name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command and end the process; what went wrong is told on one line."""
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except click.UsageError as error:
            command = error.ctx.command_path if error.ctx else "kb"
            message = error.format_message().rstrip(".")
            click.echo(f"kb: {message}; see: {command} --help", err=True)
            sys.exit(2)
        except KbError as error:
            click.echo(f"kb: {error}", err=True)
            sys.exit(2)
        except click.Abort:
            click.echo("kb: stopped", err=True)
            sys.exit(130)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--entries",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of entries.  [env: KB_ENTRIES; default: ./entries, then the checkout's]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of derived data.  [env: KB_DATA; default: .kb beside the entries]",
)
@click.version_option(__version__, prog_name="kb")
@click.pass_context
def main(ctx: click.Context, entries: Path | None, data: Path | None) -> None:
    """Share and find practices that protect minors online.

    Exit codes: 0 done; 1 done, but with problems in the content; 2 wrong usage or a failure.
    """
    ctx.obj = load_config(entries, data)
