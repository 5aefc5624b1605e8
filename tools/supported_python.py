"""Exit 0 if the Python that runs this can make our environment; say what is missing otherwise.

Runs on any Python 3, before anything is installed.
"""

import importlib.util
import sys

OLDEST, NEWEST = (3, 11), (3, 13)


def complaint() -> str:
    """Return what is wrong with this Python, or an empty text."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found = ".".join(str(part) for part in sys.version_info[:2])
        return (
            f"Headrace needs Python 3.11, 3.12 or 3.13; {sys.executable} is {found}. "
            "Install one of them, or name it: make PYTHON=/path/to/python3.12 ..."
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        return (
            f"{sys.executable} cannot make virtual environments. "
            "On Debian and Ubuntu install the package python3-venv; then try again."
        )
    return ""


if __name__ == "__main__":
    sys.exit(complaint() or 0)
