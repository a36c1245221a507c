"""How long a command takes from a cold process, and how much memory, beside ``python -c pass``.

    python -m benchmarks.startup [--times N] [--write]

The project's own entries, indexed with the default model; each command is run N times in turn with the others, and the
least wall time, the least processor time and the largest resident memory are shown. Wall times of a busy machine say
little; processor times say what the command asks for. The baseline does nothing but start Python.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from benchmarks.machine import describe
from benchmarks.process import KB, Run, run
from benchmarks.report import WRITE, publish
from indexer.reindex import reindex
from kb.backends import load_encoder
from kb.config import load_config
from kb.engines.encoders.model_files import DEFAULT_MODEL

QUESTION = "how can we stop strangers from messaging children"


def table(runs: Mapping[str, Sequence[Run]]) -> str:
    """A Markdown table; the first of ``runs`` is the baseline."""
    best = {
        name: Run(
            min(run.seconds for run in several),
            min(run.processor for run in several),
            max(run.mebibytes for run in several),
        )
        for name, several in runs.items()
    }
    base = next(iter(best.values()))
    rows = [
        f"| `{name}` | {run.seconds:.2f} s | +{run.seconds - base.seconds:.2f} s | {run.processor:.2f} s "
        f"| {run.mebibytes:.0f} MiB |"
        for name, run in best.items()
    ]
    return "\n".join(["| command | wall | over the first | processor | memory |", "|---|--:|--:|--:|--:|", *rows])


@click.command()
@click.option("--times", default=5, show_default=True, help="How often each command is run.")
@WRITE
def main(times: int, write: Path | None) -> None:
    config = load_config()
    data = config.data / "benchmarks" / "startup"
    reindex(config.entries, data, DEFAULT_MODEL, lambda name: load_encoder(name, data))
    kb = (KB, "--data", str(data))
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "kb --help": (KB, "--help"),
        "kb show": (*kb, "show", "conred-programme"),
        "kb search --mode lexical": (*kb, "search", "--mode", "lexical", QUESTION),
        "kb search": (*kb, "search", QUESTION),
        "kb search (misspelt)": (*kb, "search", "parentel controls"),
        "kb search (German)": (*kb, "search", "Cybermobbing in der Klasse"),
        "import sentence_transformers": (sys.executable, "-c", "import sentence_transformers"),
    }
    line = describe()
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(times):
        for name, command in commands.items():
            runs[name].append(run(command))
    publish("startup", line, table(runs), write)


if __name__ == "__main__":
    main()
