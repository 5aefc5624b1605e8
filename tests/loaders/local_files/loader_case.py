"""The contract suite's case for local_files: a folder, read with the readers of other tools."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from contract.loader_cases import Broken, LoaderCase
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Refused
from headrace.loaders.contract import Access, TargetTable
from loaders.files.folder_reader import rows_of, tables_files


@contextmanager
def open_case(_request: pytest.FixtureRequest, folder: Path) -> Iterator[LoaderCase]:
    """Offer an empty folder and the default settings."""
    yield case_of(folder, {"folder": "out/ads", "file_format": "csv"})


def case_of(folder: Path, params: dict[str, Any]) -> LoaderCase:
    """A case over an empty folder, with these connection parameters."""
    root = folder / "root"
    root.mkdir()
    policy = OutboundPolicy()

    def keys() -> list[str]:
        return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]

    def leftovers(tables: Sequence[TargetTable]) -> list[str]:
        found = keys()
        return sorted(set(found) - {key for table in tables for key in tables_files(table, found)})

    def rows(table: TargetTable) -> list[dict[str, Any]]:
        return rows_of(params["file_format"], table, keys(), lambda key: (root / key).read_bytes())

    a_file = folder / "a-file"
    a_file.write_text("not a folder")
    (root / "out").mkdir()
    return LoaderCase(
        access=Access(params, policy, root),
        rows=rows,
        leftovers=leftovers,
        broken=[
            Broken("no folder is open", Access(params, policy, None), Refused, ("LOCAL_FILES",)),
            Broken("a file, no folder", Access(params, policy, a_file), Refused, ("a-file",)),
        ],
    )
