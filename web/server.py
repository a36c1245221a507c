"""The production server. The only module that knows which one it is."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from flask import Flask
from waitress.server import create_server

from kb.errors import KbError

_REASONS = {
    errno.EADDRINUSE: "port {port} on {host} is in use; choose another with --port",
    errno.EACCES: "port {port} on {host} needs more rights than this account has; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine has no address {host}; choose another with --host, for example 127.0.0.1",
}
_OTHER_REASON = "cannot listen on {host}:{port} ({error}); check --host and --port"


def serve(app: Flask, host: str, port: int, threads: int = 8, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve until interrupted. ``ready`` is called with the site's URL once the port listens; port 0 takes a free one.

    Raises KbError when the port cannot be had.
    """
    listener = _listen(host, port)
    server = create_server(
        app,
        sockets=[listener],
        threads=threads,
        ident=None,
        # ProxyFix decides whether X-Forwarded-* are believed, and it is only there when configured.
        clear_untrusted_proxy_headers=False,
    )
    try:
        if ready:
            ready(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}")
        server.run()
    finally:
        server.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket on the address of ``host``, IPv4 where it has both."""
    try:
        if not 0 <= port <= 65535:
            raise ValueError("there is no such port")
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        return socket.create_server(address[:2], family=family)
    except (OSError, OverflowError, ValueError) as error:
        reason = _REASONS.get(getattr(error, "errno", 0), _OTHER_REASON)
        raise KbError(reason.format(host=host, port=port, error=error)) from error
