"""What the contract suite needs of each connector: a vendor to read from and what it should give.

A connector `x` offers `tests/connectors/x/contract_case.py` with

    @contextmanager
    def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[ConnectorCase]

called once a test, with an empty folder of its own. It starts the connector's fake vendor (or makes
its files, its database) and stops it afterwards. `request` gives access to the shared fixtures.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest

from fakes.journal import RecordingJournal
from headrace.connectors.contract import Access, Account, BadValues, Connector, ReadRequest
from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outcomes import OutsideError, SlowDown

_MOST_ATTEMPTS = 20


@dataclass(frozen=True)
class Reading:
    """One read, and the rows it must give.

    account_id: the `remote_id` of one of the accounts that `connector.accounts` yields.
    rows: what must come, in any order, with the Python values of the columns' types
        (`str int Decimal float bool date datetime`, times aware in UTC). Short is good: a few rows
        that together hold every type, nulls, and text beyond ASCII.
    settings: the extract's custom settings, complete.
    columns: what the batches must be made of, where the report declares no fields (files, SQL);
        `fields` is empty then.
    access: another connection than the case's, where the read needs one.
    """

    account_id: str
    report: str
    fields: tuple[str, ...] = ()
    window: DayRange | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    access: Access | None = None


@dataclass(frozen=True)
class BadNumber:
    """A read that meets values which are not what their column says.

    `reading.rows` are those of `BadValues.NULL_AND_COUNT`: nulls stand for the bad values.
    columns: the column of each bad value, in the order they are met.
    says: words of which each must be in the message under `BadValues.FAIL` (the row, the value).
    """

    reading: Reading
    columns: tuple[str, ...]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Failing:
    """A read that must fail, and how.

    says: words of which each must be in the message, in any case.
    """

    title: str
    reading: Reading
    outcome: type[OutsideError]
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConnectorCase:
    """A running vendor, and a connection to it.

    readings: at least one, and at least one for each kind of report the connector reads in a way
        of its own (sync and async, daily and without days).
    refused: the same connection with credentials that are no longer good; None only for a source
        whose spec knows no credentials.
    empty: a read of a window (or an account) without any rows; None where there is no such thing.
    bad_number: None only where the source's own types exclude it (SQL).
    failing: the other ways in which the vendor misbehaves: refused accounts, cut-off pages,
        repeating cursors, limits, reports that fail.
    paid_media: a read of the fields that the spec's mapping to common columns names; None where it
        has no mapping.
    secrets: texts that must be in no message, bookmark, account or log.
    wait: called for every pause and every `SlowDown`, with the seconds: lets the vendor's time pass.
    """

    access: Access
    readings: Sequence[Reading]
    refused: Access | None = None
    empty: Reading | None = None
    bad_number: BadNumber | None = None
    failing: Sequence[Failing] = ()
    paid_media: Reading | None = None
    secrets: tuple[str, ...] = ()
    wait: Callable[[float], None] = lambda seconds: None


OpenCase = Callable[[pytest.FixtureRequest, Path], AbstractContextManager[ConnectorCase]]


def open_case_of(connector_name: str) -> OpenCase:
    """Find the case of a connector by its name."""
    module = importlib.import_module(f"connectors.{connector_name}.contract_case")
    return cast(OpenCase, module.open_case)


def account_of(connector: Connector, access: Access, remote_id: str) -> Account:
    """Find an account among those the connector yields."""
    found = [item for item in connector.accounts(access) if item.remote_id == remote_id]
    assert found, f"accounts() does not yield {remote_id!r}"
    return found[0]


def read(
    connector: Connector,
    case: ConnectorCase,
    reading: Reading,
    bad_values: BadValues = BadValues.FAIL,
    journal: RecordingJournal | None = None,
) -> list[pa.RecordBatch]:
    """Carry out a read as a worker does: after a `SlowDown` from the start, with the bookmark.

    A `SlowDown` that does not end after 20 attempts is raised.
    """
    journal = journal or RecordingJournal()
    journal.on_pause = case.wait
    access = reading.access or case.access
    request = ReadRequest(
        account=account_of(connector, access, reading.account_id),
        report=reading.report,
        fields=reading.fields,
        window=reading.window,
        journal=journal,
        settings=reading.settings,
        bad_values=bad_values,
    )
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        journal.bad_values.clear()
        try:
            return list(connector.read(access, request))
        except SlowDown as slow:
            if attempt == _MOST_ATTEMPTS:
                raise
            case.wait(slow.after_seconds)
    raise AssertionError("unreachable")


def in_order(reading: Reading, fields: Sequence[str]) -> Reading:
    """Return the same read with its fields in another order."""
    return replace(reading, fields=tuple(fields))


def sorted_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put rows in an order of their own, so that two sets of them can be compared."""
    return sorted((dict(row) for row in rows), key=_sort_key)


def _sort_key(row: Mapping[str, Any]) -> list[str]:
    return [f"{name}={_plain(row[name])!r}" for name in sorted(row)]


def _plain(value: object) -> object:
    """Write equal values alike: 1.50 and 1.5, and one moment in two zone objects."""
    if isinstance(value, Decimal):
        return value.normalize()
    return value.isoformat() if isinstance(value, datetime) else value
