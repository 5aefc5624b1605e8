"""Run every benchmark, one after another: `make bench`.

python -m bench [--reference .venv-bench/bin/python] [NAME ...]
"""

import argparse
import subprocess
import sys

PARTS = (
    "startup", "pipeline", "load", "window_replace", "listing", "webhooks", "runs",
    "admission", "schedules", "fairness",
)  # fmt: skip
WITHOUT_REFERENCE = {"startup", "webhooks", "runs", "admission", "schedules", "fairness"}


def main() -> int:
    """Run the parts named, or all; returns how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", help="an interpreter that has dlt and deltalake")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}")
    asked = parser.parse_args()
    print("name | ours | reference | ratio", flush=True)
    failed = 0
    for name in asked.names or PARTS:
        command = [sys.executable, "-m", f"bench.{name}"]
        if asked.reference and name not in WITHOUT_REFERENCE:
            command += ["--reference", asked.reference]
        failed += subprocess.run(command, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
