"""The loader for a bucket of AWS S3 or of any service that speaks its protocol."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

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
from headrace.loaders.files.options import options_of
from headrace.loaders.files.patterns import fixed_folder, validate_table_name
from headrace.loaders.targets.s3.bucket import Bucket
from headrace.loaders.targets.s3.requests import S3Requests
from headrace.loaders.targets.s3.settings import PARAMS, S3Settings


class S3Loader:
    """Writes objects under a prefix of a bucket."""

    spec: ClassVar[LoaderSpec] = LoaderSpec(
        name="s3",
        title="Amazon S3",
        category=Category.FILE_STORAGE,
        params=PARAMS,
        write_modes=(WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT),
        supports_partitioning=True,
        max_name_length=100,
    )

    def check(self, access: Access) -> None:
        """Write, read, list and remove a tiny object where the files will go."""
        options = options_of(access)
        _bucket(access).probe(fixed_folder(options.placement.folder))

    def validate_name(self, name: str) -> None:
        """Allow ASCII letters, digits and underscores."""
        validate_table_name(name)

    def write(
        self, access: Access, table: TargetTable, units: Iterable[Unit]
    ) -> Iterator[Delivered]:
        """Carry out the units; an object is replaced at one stroke, so readers see old or new."""
        yield from deliver(_bucket(access), options_of(access), table, units)


def _bucket(access: Access) -> Bucket:
    settings = S3Settings.of(access.params)
    return Bucket(S3Requests(settings, access.policy), dict(settings.headers))
