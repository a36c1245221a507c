"""The site as people meet it: ``kb serve`` over the index of the project's own entries, with the default model."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KB = str(Path(sys.executable).with_name("kb"))
_SERVING = re.compile(r"^Serving on (http://\S+)")


@contextmanager
def real_site() -> Iterator[str]:
    """Its URL, on a free port, once it serves. The index is brought up to date first."""
    subprocess.run([_KB, "reindex"], check=True)
    with subprocess.Popen([_KB, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            found = next(match for line in server.stderr if (match := _SERVING.match(line)))
            yield found[1]
        finally:
            server.terminate()
