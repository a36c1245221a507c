"""The server: a port that is taken, and whom it believes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from queue import Queue
from urllib.request import urlopen

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


@pytest.mark.parametrize(("host", "port"), [("x" * 70, 8000), ("127.0.0.1", 70_000)])
def test_an_impossible_address_is_one_line(host: str, port: int) -> None:
    with pytest.raises(KbError, match=r"check --host and --port$") as caught:
        serve(Flask("test"), host, port)
    assert "\n" not in str(caught.value)


def test_it_serves_where_it_says_and_does_not_name_itself(backend: Backend) -> None:
    addresses: Queue[str] = Queue()
    server = threading.Thread(
        target=serve, args=(create_app(backend), "127.0.0.1", 0), kwargs={"ready": addresses.put}, daemon=True
    )
    server.start()
    with urlopen(addresses.get(timeout=30), timeout=30) as response:
        assert response.status == 200
        assert response.headers["Server"] is None


def test_an_interrupt_ends_it_and_frees_the_port() -> None:
    def interrupt(url: str) -> None:
        ports.append(int(url.rpartition(":")[2]))
        raise KeyboardInterrupt

    ports: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        serve(Flask("test"), "127.0.0.1", 0, ready=interrupt)
    socket.create_server(("127.0.0.1", ports[0])).close()


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org", "X-Forwarded-For": "203.0.113.9"}


@pytest.mark.parametrize(
    ("trusted_proxies", "expected"),
    [(0, ("http", "localhost", "127.0.0.1")), (1, ("https", "example.org", "203.0.113.9"))],
)
def test_forwarded_headers_count_only_when_configured(
    backend: Backend, trusted_proxies: int, expected: tuple[str, str, str]
) -> None:
    app = create_app(backend, trusted_proxies=trusted_proxies)
    with app.test_client() as client:
        client.get("/", headers=FORWARDED)
        assert (request.scheme, request.host, request.remote_addr) == expected
