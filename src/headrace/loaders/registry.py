"""Finds the loaders: every folder in `targets` that offers a `LOADER`."""

import importlib
import pkgutil
from functools import cache

from headrace.loaders import targets
from headrace.loaders.contract import Loader


@cache
def loaders() -> dict[str, Loader]:
    """Return every loader by the name of its destination, sorted by name."""
    found: dict[str, Loader] = {}
    for module in sorted(pkgutil.iter_modules(targets.__path__), key=lambda item: item.name):
        loader = importlib.import_module(f"{targets.__name__}.{module.name}").LOADER
        found[loader.spec.name] = loader
    return found
