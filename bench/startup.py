"""From the start of `headrace up` on a prepared home to the first 200.

python -m bench.startup [--rounds 5]
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path


def started_in(home: Path) -> float:
    """Start, wait for the first 200, end; return the seconds to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"HEADRACE_HOME": str(home), "HEADRACE_PORT": str(port)}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "headrace.cli", "up"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                    return time.perf_counter() - began
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main() -> None:
    """Prepare a home, start several times, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    home.chmod(0o755)
    try:
        started_in(home)
        median = statistics.median(started_in(home) for _ in range(rounds))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"headrace up, prepared home, to the first 200 | {median:.1f} s | - | (at most 5 s)")


if __name__ == "__main__":
    main()
