"""Memory that nothing uses any more, given back to the system."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


def trim() -> None:
    """Give back what the C library keeps for later. Does nothing where it has no way to (only glibc has)."""
    if (library := _library()) is not None:
        library.malloc_trim(0)


@cache
def _library() -> Any:
    """The C library of this process, if it can trim; a call of it lets other threads go on."""
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim.argtypes = [ctypes.c_size_t]
    except (OSError, TypeError, AttributeError):
        return None
    return library
