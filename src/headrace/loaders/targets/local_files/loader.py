"""The loader for a folder inside the one the operator opened."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import (
    Access,
    Category,
    Delivered,
    LoaderSpec,
    TargetTable,
    Unit,
    WriteMode,
)
from headrace.loaders.files.delivery import deliver
from headrace.loaders.files.options import FILE_PARAMS, options_of
from headrace.loaders.files.patterns import fixed_folder, validate_table_name
from headrace.loaders.targets.local_files.folder import Folder


class LocalFilesLoader:
    """Writes files below `HEADRACE_LOCAL_FILES_ROOT`."""

    spec: ClassVar[LoaderSpec] = LoaderSpec(
        name="local_files",
        title="Local files",
        category=Category.FILE_STORAGE,
        params=FILE_PARAMS,
        write_modes=(WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT),
        supports_partitioning=True,
        max_name_length=100,
    )

    def check(self, access: Access) -> None:
        """Write and remove a tiny file where the files will go, or in the folder above it."""
        options = options_of(access)
        _folder(access).probe(fixed_folder(options.placement.folder))

    def validate_name(self, name: str) -> None:
        """Allow ASCII letters, digits and underscores."""
        validate_table_name(name)

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        """Carry out the units; a file is replaced by a rename, so readers see old or new."""
        yield from deliver(_folder(access), options_of(access), table, units)


def _folder(access: Access) -> Folder:
    if access.files_root is None:
        raise Refused(
            told(
                "This server has no folder open for files: the operator sets "
                "HEADRACE_LOCAL_FILES_ROOT."
            )
        )
    return Folder(access.files_root)
