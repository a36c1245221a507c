"""The server: a port that is taken, and whom it believes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from flask import Flask, request

from kb.backends import Backend
from kb.errors import KbError
from web import create_app
from web.server import serve


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_port_in_use_is_one_line(taken_port: int) -> None:
    with pytest.raises(KbError, match=rf"^port {taken_port} on 127.0.0.1 is in use; choose another with --port$"):
        serve(Flask("test"), "127.0.0.1", taken_port)


@pytest.mark.parametrize(("host", "port"), [("no such host", 8000), ("127.0.0.1", 70_000)])
def test_an_impossible_address_is_one_line(host: str, port: int) -> None:
    with pytest.raises(KbError, match="check --host and --port$") as caught:
        serve(Flask("test"), host, port)
    assert "\n" not in str(caught.value)


def test_it_serves_and_says_where(backend: Backend) -> None:
    """``ready`` gets the address once the port listens; what it raises ends the server."""
    answers: list[tuple[int, str | None]] = []

    class Enough(Exception):
        pass

    def fetch(url: str) -> None:
        port = int(url.rpartition(":")[2])

        def ask() -> None:
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/")
            response = connection.getresponse()
            answers.append((response.status, response.getheader("Server")))
            response.read()
            connection.close()

        asking.append(threading.Thread(target=ask))
        asking[0].start()

    asking: list[threading.Thread] = []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    threading.Thread(
        target=serve, args=(create_app(backend), "127.0.0.1", free), kwargs={"ready": fetch}, daemon=True
    ).start()
    for _ in range(200):
        if answers:
            break
        threading.Event().wait(0.05)
    assert answers == [(200, None)], "and it does not say which server it is"


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org", "X-Forwarded-For": "203.0.113.9"}


@pytest.mark.parametrize(
    ("trusted_proxies", "expected"), [(0, ("http", "localhost", "127.0.0.1")), (1, ("https", "example.org", "203.0.113.9"))]
)
def test_forwarded_headers_count_only_when_configured(
    backend: Backend, trusted_proxies: int, expected: tuple[str, str, str]
) -> None:
    app = create_app(backend, trusted_proxies=trusted_proxies)
    with app.test_client() as client:
        client.get("/", headers=FORWARDED)
        assert (request.scheme, request.host, request.remote_addr) == expected
