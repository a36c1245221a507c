"""What a benchmark ran on, for the head of its table."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from kb.cores import CORES

#: The units of a processor that decide how fast a model runs, as Linux calls them.
_UNITS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8", "amx_bf16", "asimd", "i8mm", "bf16")


def describe() -> str:
    """One line: processor, its units for matrices, cores that may be used, memory, Python, and the load before."""
    lines = _lines("/proc/cpuinfo")
    name = next((value for key, value in lines if key == "model name"), platform.processor() or platform.machine())
    flags = next((value.split() for key, value in lines if key in ("flags", "Features")), [])
    memory = next((int(value.split()[0]) / 2**20 for key, value in _lines("/proc/meminfo") if key == "MemTotal"), 0)
    units = ", ".join(unit for unit in _UNITS if unit in flags) or "no units known"
    load = os.getloadavg()[0]
    return (
        f"{name} ({units}), {CORES} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"{platform.system()}; load before: {load:.1f}"
    )


def _lines(path: str) -> list[tuple[str, str]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError:
        return []
    return [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in text.splitlines())]
