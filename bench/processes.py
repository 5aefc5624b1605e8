"""What processes have used, read from /proc: CPU of a process and its children, memory."""

import os
from pathlib import Path

from headrace.db.embedded import EmbeddedServer

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU, user and system, that a process and all below it have used, those that ended included."""
    return sum(_own_cpu(each) for each in _family(pid))


def postgres_cpu_seconds(server: EmbeddedServer) -> float:
    """CPU that a PostgreSQL server has used, all its processes together."""
    pid = int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])
    return cpu_seconds(pid)


def memory_mb(pid: int) -> float:
    """Megabytes that a process and all below it hold, what they share counted once."""
    total = 0
    for each in _family(pid):
        for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _own_cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS
