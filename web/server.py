"""The production server. The only module that knows which one it is."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]

from kb.errors import KbError

_REASONS = {
    errno.EADDRINUSE: "port {port} on {host} is in use; choose another with --port",
    errno.EACCES: "port {port} on {host} needs more rights than this account has; choose one above 1023 with --port",
    errno.EADDRNOTAVAIL: "this machine has no address {host}; choose another with --host, for example 127.0.0.1",
}


def serve(
    app: Flask, host: str, port: int, threads: int = 8, *, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until interrupted. ``ready`` is called with the site's URL once the port listens.

    Raises KbError when the port cannot be had.
    """
    try:
        server = create_server(
            app,
            host=host,
            port=port,
            threads=threads,
            ident=None,
            # ProxyFix decides whether X-Forwarded-* are believed, and it is only there when configured.
            clear_untrusted_proxy_headers=False,
        )
    except (OSError, ValueError, OverflowError) as error:
        raise KbError(_reason(error, host, port)) from error
    if ready:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    try:
        server.run()
    finally:
        server.close()


def _reason(error: Exception, host: str, port: int) -> str:
    if isinstance(error, (ValueError, OverflowError, socket.gaierror)):
        return f"cannot listen on {host}:{port} ({error}); check --host and --port"
    code = error.errno if isinstance(error, OSError) else None
    template = _REASONS.get(code or 0, f"cannot listen on {{host}}:{{port}} ({error}); check --host and --port")
    return template.format(host=host, port=port)
