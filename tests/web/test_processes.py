"""``kb serve --processes``: a share for each, one that is killed, and how a server ends."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conftest import ENTRIES

_SERVING = re.compile(r"^Serving on http://127\.0\.0\.1:(\d+) ")
_PATH = "/api/v1/search"
#: Tests that run in the background may have been told to ignore Ctrl-C, and what they start with them.
_KB = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from kb.cli import main
main()
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at processes in /proc")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, compiled_default: Path) -> Path:
    """A folder with the entries of two practices, and their index by the real model."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "entries" / "practices").mkdir(parents=True)
    for name in ("taxonomy", "organisations"):
        shutil.copytree(ENTRIES / name, folder / "entries" / name)
    for found in sorted((ENTRIES / "practices").glob("*.md"))[:2]:
        text = re.sub(r"^related:.*\n(?: *- .*\n)*", "", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (folder / "entries" / "practices" / found.name).write_text(text, encoding="utf-8")
    shutil.copytree(compiled_default, folder / "data")
    subprocess.run(_kb(folder, "reindex"), check=True, capture_output=True)
    return folder


def _kb(folder: Path, *arguments: str) -> list[str]:
    folders = ("--entries", str(folder / "entries"), "--data", str(folder / "data"))
    return [sys.executable, "-c", _KB, *folders, *arguments]


class _Served:
    """A server of two processes; ``port`` is where it listens."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def members(self) -> set[int]:
        """The processes that answer."""
        pid = self.process.pid
        return {int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def ask(self, held: HTTPConnection | None = None) -> str:
        """A page, over a connection that is held or one of its own."""
        connection = held or self.connection()
        connection.request("GET", _PATH)
        answer = connection.getresponse()
        assert answer.status == 200
        text = answer.read().decode()
        if held is None:
            connection.close()
        return text

    def connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=30)


@contextmanager
def serving(base: Path) -> Iterator[_Served]:
    command = _kb(base, "serve", "--port", "0", "--processes", "2")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            port = next(int(found[1]) for line in process.stderr if (found := _SERVING.match(line)))
            served = _Served(process, port)
            _until(lambda: len(served.members()) == 2)
            yield served
        finally:
            process.kill()


@pytest.fixture
def served(base: Path) -> Iterator[_Served]:
    with serving(base) as found:
        yield found


def _until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _shared(served: _Served) -> bool:
    """Whether of eight connections that are held open some, and not all, answer while one process is held up."""
    held = [served.connection() for _ in range(8)]
    for connection in held:
        served.ask(connection)
    held_up = min(served.members())
    os.kill(held_up, signal.SIGSTOP)
    try:
        for connection in held:
            connection.request("GET", _PATH)
        time.sleep(2)
        answered, _, _ = select.select([connection.sock for connection in held], [], [], 0)
        for _ in range(4):  # what is new goes to the other
            served.ask()
    finally:
        os.kill(held_up, signal.SIGCONT)
    for connection in held:
        assert connection.getresponse().read()
        connection.close()
    return 0 < len(answered) < 8


def test_connections_are_shared_and_a_process_that_is_killed_is_replaced(served: _Served) -> None:
    _until(lambda: _shared(served))
    first = min(served.members())
    os.kill(first, signal.SIGKILL)
    _until(lambda: first not in served.members())
    for _ in range(20):  # what comes meanwhile goes to the other
        served.ask()
    _until(lambda: len(served.members() - {first}) == 2)
    _until(lambda: _shared(served))


def test_all_of_them_see_a_new_index(base: Path, served: _Served) -> None:
    _until(lambda: _shared(served))
    held = [served.connection() for _ in range(2)]
    assert all("Told anew" not in served.ask(connection) for connection in held)
    file = sorted((base / "entries" / "practices").glob("*.md"))[0]
    text = file.read_text(encoding="utf-8")
    file.write_text(
        re.sub(r"^title:.*\n(?: .*\n)*", 'title: "Told anew: what it does"\n', text, count=1, flags=re.MULTILINE),
        encoding="utf-8",
    )
    subprocess.run(_kb(base, "reindex"), check=True, capture_output=True)
    _until(lambda: all("Told anew" in served.ask(connection) for connection in held))
    for connection in held:
        connection.close()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_they_end_with_the_one_that_started_them(served: _Served, how: signal.Signals, code: int) -> None:
    members = served.members()
    served.process.send_signal(how)
    assert served.process.wait(30) == code
    _until(lambda: not any(map(_runs, members)))
    socket.create_server(("127.0.0.1", served.port)).close()


def test_what_keeps_the_first_from_starting_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "entries").mkdir()
    failed = subprocess.run(
        _kb(tmp_path, "serve", "--port", "0", "--processes", "2"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert failed.returncode == 2
    told = [line for line in failed.stderr.splitlines() if line.startswith("kb: ")]
    assert told == [f"kb: no index in {tmp_path / 'data'}; build it with: kb reindex"]
    assert failed.stderr.count("Readers are told nobody to report errors to; name one with KB_CONTACT\n") == 1


def test_a_listener_that_nobody_gave_is_one_line(base: Path) -> None:
    failed = subprocess.run(
        _kb(base, "serve", "--listener", "77"), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 2
    assert failed.stderr == "kb: --listener is for processes that kb serve --processes starts; use --port\n"


#: An answer of 4 MB that takes a second to begin, and another that waits for the only thread.
_SLOW = """
import sys, time
from flask import Flask
from kb.cli.operate import _end
from web.server import serve
import signal
signal.signal(signal.SIGTERM, _end)
app = Flask("test")
@app.get("/")
def slow():
    time.sleep(1)
    return "x" * 4_000_000
serve(app, "127.0.0.1", 0, 1, ready=lambda url: print(url, flush=True))
"""


def test_a_server_that_is_asked_to_end_finishes_what_it_was_asked() -> None:
    with subprocess.Popen([sys.executable, "-c", _SLOW], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        asked = [HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(2)]
        for connection in asked:
            connection.request("GET", "/")
        time.sleep(0.3)
        process.terminate()
        time.sleep(0.3)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port)).close()
        for connection in asked:
            assert len(connection.getresponse().read()) == 4_000_000
            connection.close()
        assert process.wait(30) == 0
