"""How long a reindex takes, and how much memory, by the size of the base and by what changed.

    python -m benchmarks.reindex                        1,000 and 10,000 entries
    python -m benchmarks.reindex --entries 100 --entries 1000
    ... --json FILE                                     write the figures there as well

Bases are made from the real entries (see benchmarks/synthetic.py); about eleven passages to an entry. Every run is a
process of its own, its time from start to end, its memory the peak of its resident set; medians of ``--repeats`` runs.
Vectors are cached and made up, so that what is measured is everything else; in "one changed" one passage is encoded,
with the model loaded for it.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.machine import describe
from benchmarks.process import KB, Run, run
from benchmarks.report import WRITE, publish
from benchmarks.synthetic import MadeUpVectors, share_models, write_base
from indexer.reindex import reindex
from kb.backends import load_encoder
from kb.config import load_config
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.engines.vector_cache import CACHE

#: Longer than this after it was written, the time of a file is enough to know it by.
_SETTLE_SECONDS = 2.1


def measured(entries: Path, data: Path, command: str = "reindex") -> Run:
    """Run ``kb`` once."""
    return run((KB, "--entries", str(entries), "--data", str(data), command), sound=frozenset({0, 1}))


def median(runs: list[Run]) -> Run:
    return Run(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.processor for run in runs),
        statistics.median(run.mebibytes for run in runs),
    )


class Base:
    """A base of ``count`` entries with its vectors cached."""

    def __init__(self, folder: Path, count: int) -> None:
        self.entries, self.data = folder / "entries", folder / "data"
        config = load_config()
        write_base(config.entries, self.entries, count)
        encoder = MadeUpVectors(load_encoder(DEFAULT_MODEL, config.data))
        share_models(config.data, self.data)
        self.passages = reindex(self.entries, self.data, DEFAULT_MODEL, lambda _: encoder).built.passages
        self._files = sorted((self.entries / "practices").iterdir())
        self._turn = 0
        time.sleep(_SETTLE_SECONDS)
        measured(self.entries, self.data)

    def file(self) -> Path:
        """Another file each time, spread over the base."""
        self._turn += 1
        return self._files[self._turn * 7919 % len(self._files)]

    def emptied(self) -> None:
        for path in self.data.iterdir():
            if not path.name.startswith((CACHE, "models", "hashes")):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def changed(self) -> None:
        file = self.file()
        text = file.read_text(encoding="utf-8")
        file.write_text(text + f"\nChanged in turn {self._turn} of this measurement.\n", encoding="utf-8")

    def tagged(self) -> None:
        file = self.file()
        text = file.read_text(encoding="utf-8")
        stage = "ended" if 'stage: "running"' in text else "running"
        lines = [f'stage: "{stage}"' if line.startswith("stage:") else line for line in text.split("\n")]
        file.write_text("\n".join(line for line in lines if not line.startswith("ended:")), encoding="utf-8")

    def removed(self) -> None:
        self._files.remove(file := self.file())
        file.unlink()


#: What is done before each run, in the order of the table.
CASES: Mapping[str, Callable[[Base], None]] = {
    "nothing changed": lambda base: None,
    "one entry changed": Base.changed,
    "tags of one changed": Base.tagged,
    "one entry removed": Base.removed,
    "from an empty index": Base.emptied,
}


@contextmanager
def _room(parent: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=parent, prefix="kb-reindex-") as folder:
        yield Path(folder)


def measure(count: int, repeats: int, parent: Path | None = None) -> tuple[int, dict[str, Run]]:
    """The passages of a base of ``count`` entries, and what each case takes on it."""
    with _room(parent) as folder:
        base = Base(folder, count)
        found = {}
        for name, prepare in CASES.items():
            runs = []
            for _ in range(repeats if name != "from an empty index" else 1):
                prepare(base)
                runs.append(measured(base.entries, base.data))
            found[name] = median(runs)
        checks = [measured(base.entries, base.data, "check") for _ in range(repeats)]
        found["kb check, nothing changed"] = median(checks)
        return base.passages, found


@click.command()
@click.option("--entries", "counts", type=int, multiple=True, default=(1000, 10_000), show_default=True)
@click.option("--repeats", type=click.IntRange(1, 20), default=3, show_default=True)
@click.option("--room", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Where bases are made.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False))
@WRITE
def main(counts: tuple[int, ...], repeats: int, room: Path | None, json_file: Path | None, write: Path | None) -> None:
    """Measure reindexing and print a Markdown table."""
    line = describe()
    columns: dict[str, dict[str, Run]] = {}
    for count in counts:
        passages, found = measure(count, repeats, room)
        columns[f"{count:,} entries, {passages:,} passages"] = found
    rows = [
        "| seconds (of processor time), MiB | " + " | ".join(columns) + " |",
        "|---|" + "---:|" * len(columns),
        *(
            f"| {name} | " + " | ".join(_cell(found[name]) for found in columns.values()) + " |"
            for name in next(iter(columns.values()))
        ),
    ]
    publish("reindex", line, "\n".join(rows), write)
    if json_file:
        figures = {base: {name: asdict(run) for name, run in found.items()} for base, found in columns.items()}
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _cell(run: Run) -> str:
    return f"{run.seconds:.2f} ({run.processor:.2f}), {run.mebibytes:.0f}"


if __name__ == "__main__":
    main()
