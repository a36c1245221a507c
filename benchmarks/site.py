"""The results page under load, beside the same page made without care (benchmarks/site_baseline.py).

    python -m benchmarks.site                   throughput of both, latency of ours, with and without a reindex
    python -m benchmarks.site --entries 10000   latency over a made-up base of so many entries (no baseline)

Server and load are processes of their own, on the loopback interface. 1,000 distinct queries, each asked once a round:
questions of the entries with every third word left out, half of them with a filter by strand, audience or country that
an entry has. No result is cached anywhere; what the one cache that there is adds, that of the browser, which is told
that a page has not changed (304), is a row of its own. Throughput is that of ``--clients`` connections that ask again
as soon as they are answered (closed loop). Latency is measured at a fixed rate of arrivals (open loop), from the moment
at which a request was due, so that one that had to wait counts its wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import click
import numpy as np

from benchmarks.machine import describe
from benchmarks.process import KB
from benchmarks.report import WRITE, publish
from benchmarks.synthetic import MadeUpVectors, share_models, write_base
from indexer.reindex import reindex
from kb.backends import load_encoder
from kb.config import load_config
from kb.content.corpus import read_corpus
from kb.content.model import Practice
from kb.cores import CORES
from kb.engines.encoders.model_files import DEFAULT_MODEL
from kb.engines.vector_cache import CACHE

_TIMEOUT = 30.0
#: Seconds in which the processes that start after the first are ready, too.
_SETTLE = 5.0
#: Seconds between the end of a reindex and the start of the next, where somebody changes entries as fast as people can.
_PAUSE = 10.0
_READY = re.compile(r"http://[^\s]+")


@dataclass(frozen=True, slots=True)
class Answers:
    """What came of some requests. ``seconds``: how long each took; ``failed``: those without a whole page."""

    seconds: tuple[float, ...]
    failed: int
    wall: float

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return float(np.percentile(self.seconds, share)) * 1000


def queries(practices: Sequence[Practice], count: int, *, seed: int = 1) -> list[str]:
    """Paths of ``count`` distinct pages of results."""
    generator = random.Random(seed)
    asked: dict[str, None] = {}
    while len(asked) < count:
        practice = generator.choice(practices)
        question = generator.choice([*practice.questions, practice.title])
        left_out = generator.randrange(3)
        words = [word for number, word in enumerate(question.split()) if number % 3 != left_out]
        fields = [("q", " ".join(words))]
        if len(asked) % 2:
            facet, values = generator.choice(
                [("strand", practice.strand), ("audience", practice.audiences), ("country", practice.countries)]
            )
            fields.append((facet, generator.choice(values)))
        asked[f"/search?{urlencode(fields)}"] = None
    return list(asked)


# --- asking ----------------------------------------------------------------------------------------------------------


class _Connection:
    """One connection that is kept open from request to request; ``kept``: the ETags of pages that it has, by path."""

    def __init__(self, url: str, kept: dict[str, str] | None = None) -> None:
        self._kept = kept
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> bool:
        """Whether the page came, all of it, with status 200, or is still the one that it has."""
        try:
            return await asyncio.wait_for(self._get(path), _TIMEOUT)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            self.close()
            return False

    async def _get(self, path: str) -> bool:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        known = f"If-None-Match: {self._kept[path]}\r\n" if self._kept and path in self._kept else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n{known}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if known and head.startswith("HTTP/1.1 304"):
            if re.search(r"(?im)^connection: close", head):
                self.close()
            return True
        if self._kept is not None and (etag := re.search(r"(?im)^etag: (\S+)", head)):
            self._kept[path] = etag[1]
        length = re.search(r"(?im)^content-length: (\d+)", head)
        if length is None:
            return False
        body = await reader.readexactly(int(length[1]))
        if re.search(r"(?im)^connection: close", head):
            self.close()
        return head.startswith("HTTP/1.1 200") and body.rstrip().endswith(b"</html>")

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def closed_loop(url: str, paths: Sequence[str], clients: int, kept: dict[str, str] | None = None) -> Answers:
    """Ask every path once, by ``clients`` connections, each as soon as it is answered."""
    waiting = iter(paths)
    taken: list[float] = []
    failed = 0

    async def client() -> None:
        nonlocal failed
        connection = _Connection(url, kept)
        for path in waiting:
            start = time.perf_counter()
            failed += not await connection.get(path)
            taken.append(time.perf_counter() - start)
        connection.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Answers(tuple(taken), failed, time.perf_counter() - start)


async def open_loop(url: str, paths: Sequence[str], rate: float) -> Answers:
    """Ask every path once, ``rate`` a second whether or not the ones before are answered."""
    idle: list[_Connection] = []
    taken: list[float] = []
    failed = 0

    async def ask(path: str, due: float) -> None:
        nonlocal failed
        connection = idle.pop() if idle else _Connection(url)
        failed += not await connection.get(path)
        taken.append(time.perf_counter() - due)
        idle.append(connection)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, path in enumerate(paths):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(ask(path, due))
    for connection in idle:
        connection.close()
    return Answers(tuple(taken), failed, time.perf_counter() - start)


# --- serving ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(arguments: Sequence[str]) -> Iterator[tuple[str, int]]:
    """A server as a process of its own: its address, and its process id."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if found := _READY.search(line):
                # What it writes from now on must go somewhere: a full pipe would stop it.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                yield found[0], process.pid
                return
        raise click.ClickException("the server did not start: " + "".join(lines[-3:]))
    finally:
        process.terminate()
        process.wait()


def _memory(pid: int) -> str:
    """Resident memory that belongs to no file, of a process and those that it started, in MiB."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    pids = [pid, *map(int, children.read_text(encoding="ascii").split())] if children.exists() else [pid]
    found = [re.search(r"RssAnon:\s+(\d+)", _status(one)) for one in pids]
    return f"{sum(int(match[1]) for match in found if match) / 1024:.0f}" if any(found) else "?"


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return ""


class Reindexing:
    """A reindex after another, each of one changed entry, with ``pause`` seconds between, until it is stopped."""

    def __init__(self, entries: Path, data: Path, *, pause: float = 0.0) -> None:
        self._pause = pause
        self._command = [KB, "--entries", str(entries), "--data", str(data), "reindex"]
        self._files = sorted((entries / "practices").glob("*.md"))
        self._stopped = asyncio.Event()
        self.runs = 0

    async def run(self) -> None:
        while not self._stopped.is_set():
            file = self._files[self.runs % len(self._files)]
            text = file.read_text(encoding="utf-8")
            file.write_text(f"{text}\nChanged in turn {self.runs} of this measurement.\n", encoding="utf-8")
            process = await asyncio.create_subprocess_exec(
                *self._command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
            )
            await process.wait()
            self.runs += 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._pause)

    def stop(self) -> None:
        self._stopped.set()


async def _while_reindexing(url: str, paths: Sequence[str], rate: float, reindexing: Reindexing) -> tuple[Answers, int]:
    async with asyncio.TaskGroup() as group:
        group.create_task(reindexing.run())
        answers = await open_loop(url, paths, rate)
        reindexing.stop()
    return answers, reindexing.runs


def _base(folder: Path, count: int | None) -> tuple[Path, Path, int]:
    """Entries and their index in ``folder``, and its passages: a copy of the real ones, or made-up ones."""
    config = load_config()
    entries, data = folder / "entries", folder / "data"
    encoder = load_encoder(DEFAULT_MODEL, config.data)
    encoder.encode_query("compiled now, if it is not yet")
    share_models(config.data, data)
    if count is None:
        shutil.copytree(config.entries, entries)
        if (config.data / CACHE).exists():
            shutil.copy(config.data / CACHE, data)
    else:
        write_base(config.entries, entries, count)
        encoder = MadeUpVectors(encoder)
    built = reindex(entries, data, DEFAULT_MODEL, lambda _: encoder).built
    return entries, data, built.passages


def _loaded(
    name: str, url: str, pid: int, paths: Sequence[str], clients: int, rate: float
) -> list[tuple[str, Answers, str]]:
    """A line for each loop, with the memory after it."""
    kept: dict[str, str] = {}
    rows = [_asked(name, url, pid, paths, clients, kept)]
    again = asyncio.run(closed_loop(url, paths, clients, kept))
    rows.append(_told(f"{name}, pages that {clients} clients have already", again, _memory(pid)))
    return [*rows, _told(f"{name}, {rate:g}/s", asyncio.run(open_loop(url, paths, rate)), _memory(pid))]


def _asked(
    name: str, url: str, pid: int, paths: Sequence[str], clients: int, kept: dict[str, str] | None = None
) -> tuple[str, Answers, str]:
    """The line of a closed loop; the first requests of a server are not measured."""
    warm = asyncio.run(closed_loop(url, paths[:50], clients))
    if warm.failed > len(warm.seconds) // 2:
        raise click.ClickException(
            f"{name} fails to make {warm.failed} of {len(warm.seconds)} pages; ask {url} by hand"
        )
    return _told(f"{name}, {clients} clients", asyncio.run(closed_loop(url, paths, clients, kept)), _memory(pid))


def _told(name: str, answers: Answers, memory: str) -> tuple[str, Answers, str]:
    """A row, of which a line on standard error tells that it is taken."""
    click.echo(f"{name}: {answers.per_second:.1f} a second, p95 {answers.percentile(95):.0f} ms", err=True)
    return name, answers, memory


@click.command()
@click.option("--entries", "count", type=int, help="Make up so many entries, instead of the real ones.")
@click.option("--queries", "query_count", default=1000, show_default=True)
@click.option("--clients", default=4, show_default=True, help="Connections of the closed loop.")
@click.option("--processes", default=CORES, show_default=True, help="Processes of our server.")
@click.option("--threads", default=2, show_default=True, help="Threads of each of them.")
@click.option("--baseline-threads", default=4, show_default=True, help="Threads of the baseline's; waitress has four.")
@click.option("--rate", default=20.0, show_default=True, help="Requests a second of the open loop.")
@WRITE
def main(
    count: int | None,
    query_count: int,
    clients: int,
    processes: int,
    threads: int,
    baseline_threads: int,
    rate: float,
    write: Path | None,
) -> None:
    """Measure the results page and print a Markdown table."""
    line = describe()
    with tempfile.TemporaryDirectory(prefix="kb-site-") as name:
        entries, data, passages = _base(Path(name), count)
        practices = sorted(read_corpus(entries).practices.values(), key=lambda practice: practice.id)
        paths = queries(practices, query_count)
        rows: list[tuple[str, Answers, str]] = []
        ours = [KB, "--entries", str(entries), "--data", str(data), "serve", "--port", "0", "--threads", str(threads)]
        with serving(ours) as (url, pid):
            rows.append(_asked("ours, one process", url, pid, paths, clients))
        with serving([*ours, "--processes", str(processes)]) as (url, pid):
            time.sleep(_SETTLE)
            rows += _loaded("ours", url, pid, paths, clients, rate)
            for pause, told in ((_PAUSE, f"one every {_PAUSE:g} s"), (0.0, "without a pause")):
                reindexing = Reindexing(entries, data, pause=pause)
                answers, runs = asyncio.run(_while_reindexing(url, paths, rate, reindexing))
                rows.append(_told(f"ours, {rate:g}/s, {runs} reindexes, {told}", answers, _memory(pid)))
        if count is None:
            baseline = [sys.executable, "-m", "benchmarks.site_baseline", "0", str(entries), str(baseline_threads)]
            with serving(baseline) as (url, pid):
                rows += _loaded("baseline", url, pid, paths, clients, rate)
    lines = [
        "| | requests a second | p50 ms | p95 ms | p99 ms | failed | anonymous memory MiB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, answers, memory in rows:
        latency = " | ".join(f"{answers.percentile(share):.0f}" for share in (50, 95, 99))
        lines.append(
            f"| {name} | {answers.per_second:.1f} | {latency} | {answers.failed} of {len(answers.seconds)} | {memory} |"
        )
    told = (
        f"{passages:,} passages, {query_count} queries, {processes} processes of {threads} threads "
        f"({baseline_threads} threads of the baseline)"
    )
    table = "\n".join(lines)
    publish("site" if count is None else "site, made up", line, f"{told}\n\n{table}", write)


if __name__ == "__main__":
    main()
