"""Make the folder of a new destination: `make loader name=acme_warehouse`."""

import sys
from pathlib import Path

from plugin_folder import ROOT, make, tell

_TARGET = "src/headrace/loaders/targets/$name"

FILES = {
    f"{_TARGET}/__init__.py": '''
"""$title as a destination."""

from headrace.loaders.targets.$name.loader import ${Class}Loader

LOADER = ${Class}Loader()
''',
    f"{_TARGET}/settings.py": '''
"""What the `$name` destination offers and asks for, as data."""

from headrace.loaders.contract import Category, LoaderSpec, Param, ParamType, WriteMode

SPEC = LoaderSpec(
    name="$name",
    title="$title",
    category=Category.DATABASE,
    params=(
        Param("host", "Host", required=True),
        Param("port", "Port", ParamType.INTEGER, required=True),
        Param("user", "User", required=True),
        Param("password", "Password", required=True, secret=True),
    ),
    write_modes=(WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT),
)
''',
    f"{_TARGET}/loader.py": '''
"""The loader: how tables of $title are kept up to date."""

# ruff: noqa: ARG002 - goes with the last of the refusals below

from collections.abc import Iterable, Iterator
from typing import ClassVar

from headrace.kit.outcomes import Refused
from headrace.loaders.contract import Access, Delivered, LoaderSpec, TargetTable, Unit
from headrace.loaders.targets.$name.settings import SPEC

_UNWRITTEN = "$title cannot be written to yet: its loader is not written."


class ${Class}Loader:
    """Writes tables of $title."""

    spec: ClassVar[LoaderSpec] = SPEC

    def check(self, access: Access) -> None:
        """Prove that the destination can be reached and written to, leaving nothing behind."""
        raise Refused(_UNWRITTEN)

    def validate_name(self, name: str) -> None:
        """Raise `Refused` if a table cannot be named so."""
        raise Refused(_UNWRITTEN)

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        """Carry out the units in order, each in a way that can be repeated."""
        raise Refused(_UNWRITTEN)
''',
    f"{_TARGET}/README.md": """
# $title

What it writes, and into what versions.

- **Parameters**: what each is, and which rights the user needs.
- **Types**: what each column type becomes.
- **Units**: how each is made to be repeatable, and what readers see meanwhile.
- **Quirks**: what one would not expect.
""",
    "tests/loaders/$name/loader_case.py": '''
"""An empty $title for each test of the contract suite."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.loader_cases import Broken, LoaderCase
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Reauthorize
from headrace.loaders.contract import Access, TargetTable

_LOCAL = OutboundPolicy(frozenset({"127.0.0.1"}))
_PASSWORD = "password-$name-canary"


def _access(**changed: Any) -> Access:
    params = {"host": "127.0.0.1", "port": 1, "user": "headrace", "password": _PASSWORD}
    return Access(params=params | changed, policy=_LOCAL)


def _rows(table: TargetTable) -> Sequence[Mapping[str, Any]]:
    return []  # read the table back with a client of the destination's own


def _leftovers(tables: Sequence[TargetTable]) -> Sequence[str]:
    return []  # name whatever belongs to none of the tables


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[LoaderCase]:
    """An empty destination on this machine, and the ways in which it can be out of reach."""
    yield LoaderCase(
        access=_access(),
        rows=_rows,
        leftovers=_leftovers,
        broken=[Broken("wrong password", _access(password="wrong"), Reauthorize, ("user",))],
        secrets=(_PASSWORD,),
    )
''',
}


def main(name: str, root: Path = ROOT) -> None:
    """Write the folder of the destination and its case for the suite."""
    written = make(name, FILES, root)
    suite = "tests/contract/test_loaders.py tests/contract/test_loader_values.py"
    tell(written, root, f".venv/bin/pytest {suite} -k {name}")


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
