"""Carries out reads of the file connector the way a worker does, for the tests beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from fakes.journal import RecordingJournal
from headrace.connectors.contract import Access, BadValues, ReadRequest
from headrace.connectors.sources.file_import import CONNECTOR
from headrace.kit.columns import ColumnType, columns_of
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy

LOOPBACK = OutboundPolicy(frozenset({"127.0.0.1"}))


def access_to(
    url: str,
    *roots: Path,
    credentials: Mapping[str, Any] | None = None,
    policy: OutboundPolicy = LOOPBACK,
    **settings: Any,
) -> Access:
    """A connection to an address."""
    return Access(
        credentials=credentials or {},
        settings={"url": url, **settings},
        base_url="",
        http=OutboundHttp(policy, connect_seconds=5, read_seconds=10),
        policy=policy,
        file_roots=roots,
    )


def access_to_file(folder: Path, name: str, content: bytes, **settings: Any) -> Access:
    """A connection to one file, written into an opened folder."""
    path = folder / name
    path.write_bytes(content)
    return access_to(path.as_uri(), folder, **settings)


def batches_of(
    access: Access,
    *,
    window: DayRange | None = None,
    bad_values: BadValues = BadValues.FAIL,
    journal: RecordingJournal | None = None,
) -> list[pa.RecordBatch]:
    """Read the first account."""
    account = next(iter(CONNECTOR.accounts(access)))
    request = ReadRequest(
        account=account,
        report="whole_file",
        fields=(),
        window=window,
        journal=journal or RecordingJournal(),
        bad_values=bad_values,
    )
    return list(CONNECTOR.read(access, request))


def rows_of(access: Access, **how: Any) -> list[dict[str, Any]]:
    """Read the first account's rows."""
    return [row for batch in batches_of(access, **how) for row in batch.to_pylist()]


def types_of(access: Access, **how: Any) -> dict[str, ColumnType]:
    """Read the first account's column types."""
    return {column.name: column.type for column in columns_of(batches_of(access, **how)[0].schema)}
