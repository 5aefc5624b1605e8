"""Writes the folder of a new plugin from templates; never over one that is there."""

import re
import string
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def make(name: str, files: Mapping[str, str], root: Path = ROOT) -> list[Path]:
    """Write a plugin's files and return their paths.

    files: template text by path; both may use `$name` (acme_ads), `$title` (Acme Ads) and `$Class`
        (AcmeAds).

    Raises:
        SystemExit: with what to do, if the name is unfit or one of the files is there.
    """
    if not _NAME.fullmatch(name):
        sys.exit(f"{name!r} is no plugin name: use small letters, digits and _, such as acme_ads.")
    words = [word.capitalize() for word in name.split("_")]
    names = {"name": name, "title": " ".join(words), "Class": "".join(words)}
    filled = {
        root / string.Template(path).substitute(names): string.Template(text).substitute(names)
        for path, text in files.items()
    }
    taken = [path for path in filled if path.exists()]
    if taken:
        sys.exit(f"{taken[0]} is there already; choose another name or remove it.")
    for path, text in filled.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"))
    written = list(filled)
    python = [str(path) for path in written if path.suffix == ".py"]
    config = str(ROOT / "pyproject.toml")
    for work in (["check", "--fix-only", "--select", "I"], ["format"]):  # names vary in length
        command = [sys.executable, "-m", "ruff", *work, "--quiet", "--config", config, *python]
        subprocess.run(command, check=True)  # noqa: S603 - our own linter on our own files
    return written


def tell(written: list[Path], root: Path, suite: str) -> None:
    """Print what was written and how to go on."""
    for path in written:
        sys.stdout.write(f"{path.relative_to(root)}\n")
    sys.stdout.write(f"\nFill these in until the shared suite passes:\n  {suite}\n")
