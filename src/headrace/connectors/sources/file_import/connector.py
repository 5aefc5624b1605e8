"""The connector: one file an account, read whole or by the days of its date column."""

from collections.abc import Iterator
from pathlib import PurePosixPath

import pyarrow as pa

from headrace.connectors.contract import Access, Account, Field, ReadRequest
from headrace.connectors.sources.file_import.columns import in_pieces, of_days
from headrace.connectors.sources.file_import.preparation import prepared
from headrace.connectors.sources.file_import.rows import typed_rows
from headrace.connectors.sources.file_import.settings import FileSettings
from headrace.connectors.sources.file_import.sources import source_of
from headrace.connectors.sources.file_import.spec import SPEC


class FileImport:
    """Reads CSV, TSV, JSON lines and Parquet from https, S3 or a folder the operator opened."""

    spec = SPEC

    def check(self, access: Access) -> None:
        """Prove that the address names at least one file and that it may be read."""
        source_of(access, FileSettings.parse(access.settings)).check()

    def accounts(self, access: Access) -> Iterator[Account]:
        """Yield one account for each file the address matches."""
        yield from source_of(access, FileSettings.parse(access.settings)).accounts()

    def dynamic_field(self, report: str, name: str) -> Field | None:  # noqa: ARG002 (contract)
        """Files declare no fields: their batches say what the columns are."""
        return None

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        """Yield a file's rows; of a dated one, those of the window.

        A row without a day, where the settings name a date column, is a bad value and left out.
        """
        settings = FileSettings.parse(access.settings)
        source = source_of(access, settings)
        name = PurePosixPath(request.account.remote_id).name
        with (
            source.open(request.account.remote_id) as local,
            prepared(local, name, settings) as file,
        ):
            for batch in typed_rows(file, settings, request.bad_values, request.journal):
                kept = _kept(batch, settings.date_column, request)
                if kept.num_rows:
                    yield from in_pieces(kept)


def _kept(batch: pa.RecordBatch, date_column: str | None, request: ReadRequest) -> pa.RecordBatch:
    if date_column is None:
        return batch
    if request.window is None:
        return batch.filter(batch[date_column].is_valid())
    return of_days(batch, date_column, request.window)
