"""Lets a process that has this folder on its path find the connectors in `more_sources`."""

from pathlib import Path

from headrace.connectors import sources

sources.__path__.append(str(Path(__file__).parent / "more_sources"))
