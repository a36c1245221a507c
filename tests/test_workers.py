"""Work spread over processes: the same results in the same order, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.errors import ModelError, WorkerLost
from kb.workers import CHUNK, LEAST, spread
from tests.conftest import REPOSITORY
from tests.work import Fails, Plus, ends_at_a_thousand


def test_many_items_are_shared_and_come_in_order() -> None:
    found = list(spread(Plus(7), range(2 * LEAST), 2 * LEAST, workers=3))
    assert [value for value, _ in found] == [item + 7 for item in range(2 * LEAST)]
    processes = {process for _, process in found}
    assert 1 < len(processes) <= 3
    assert os.getpid() not in processes


@pytest.mark.parametrize(("count", "number"), [(LEAST - 1, 3), (LEAST, 1), (0, 3)])
def test_few_items_or_one_core_start_no_process(count: int, number: int) -> None:
    assert {process for _, process in spread(Plus(0), range(count), count, workers=number)} <= {os.getpid()}


def test_only_so_much_is_on_its_way() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for item in range(4 * LEAST):
            taken += 1
            yield item

    results = spread(Plus(0), items(), 4 * LEAST, workers=2)
    for _ in range(CHUNK):
        next(results)
    assert taken <= 4 * CHUNK
    results.close()
    assert taken <= 4 * CHUNK


def test_an_error_is_raised_here() -> None:
    with pytest.raises(ModelError, match="no such model"):
        list(spread(Fails(900, ModelError("no such model")), range(LEAST * 2), LEAST * 2, workers=2))
    with pytest.raises(RuntimeError, match="ValueError: a mistake"):
        list(spread(Fails(3, ValueError("a mistake")), range(LEAST * 2), LEAST * 2, workers=2))


def test_a_worker_that_is_killed_is_told_on_one_line() -> None:
    with pytest.raises(WorkerLost) as told:
        list(spread(ends_at_a_thousand, range(2 * LEAST), 2 * LEAST, workers=2))
    assert str(told.value) == (
        "a worker process ended in the middle of its work (signal 9, for want of memory perhaps); "
        "nothing is lost, try again"
    )


def test_whatever_ends_the_work_ends_the_workers() -> None:
    results = spread(Plus(0), range(4 * LEAST), 4 * LEAST, workers=2)
    processes = {next(results)[1] for _ in range(2 * CHUNK)}
    results.close()
    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


#: Tests that run in the background may have been told to ignore Ctrl-C, and their children with them.
_KILLED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from kb.workers import LEAST, spread
from tests.work import Plus
for _, process in spread(Plus(0), range(4 * LEAST), 4 * LEAST, workers=2):
    print(process, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_program(how: signal.Signals, tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", _KILLED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=REPOSITORY,
        text=True,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    with program:
        worker = int(program.stdout.readline())
        program.send_signal(how)
        program.wait(60)
    for _ in range(600):  # it ends by itself, in a process that is not ours to wait for
        if not _runs(worker):
            return
        time.sleep(0.1)
    pytest.fail("the worker goes on")


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
