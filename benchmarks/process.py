"""One process from start to end: its time, the time of the processor, the peak of its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

#: The command line of this environment.
KB = str(Path(sys.executable).with_name("kb"))


@dataclass(frozen=True, slots=True)
class Run:
    """``seconds`` by the clock, ``processor`` seconds in all threads, ``mebibytes`` resident at most."""

    seconds: float
    processor: float
    mebibytes: float


#: A process starts with the peak of the one that started it, so a small one does.
_LAUNCHER = """
import json, os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                     file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)])
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - start
used = usage.ru_utime + usage.ru_stime
print(json.dumps([os.waitstatus_to_exitcode(status), seconds, used, usage.ru_maxrss / 1024]))
"""


def run(command: Sequence[str], *, sound: frozenset[int] = frozenset({0})) -> Run:
    """Run ``command`` (its first word a path) once. Raises ClickException when it ends with a code not in ``sound``."""
    launched = [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command]
    code, *figures = json.loads(subprocess.run(launched, check=True, capture_output=True, text=True).stdout)
    if code not in sound:
        raise click.ClickException(f"{' '.join(command)} ended with {code}; run it by hand to see why")
    return Run(*figures)
