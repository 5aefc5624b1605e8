"""Finds the connectors: every folder in `sources` that offers a `CONNECTOR`."""

import importlib
import pkgutil
from functools import cache

from headrace.connectors import sources
from headrace.connectors.contract import Connector


@cache
def connectors() -> dict[str, Connector]:
    """Return every connector by the name of its data source, sorted by name."""
    found: dict[str, Connector] = {}
    for module in sorted(pkgutil.iter_modules(sources.__path__), key=lambda item: item.name):
        connector = importlib.import_module(f"{sources.__name__}.{module.name}").CONNECTOR
        found[connector.spec.name] = connector
    return found
