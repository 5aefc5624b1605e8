"""How the tests of this connector ask it for rows."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from fakes.graph_api import TOKEN, GraphApi, Row
from fakes.journal import RecordingJournal
from headrace.connectors.contract import Access, Account, BadValues, ReadRequest
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.kit.columns import arrow_schema, columns_of
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy

ACCOUNT = Account("111", "Shop", "EUR", "Europe/Berlin")
POLICY = OutboundPolicy(frozenset({"127.0.0.1"}))
FIRST_DAY = date(2026, 10, 1)


def access_to(
    api: GraphApi | str,
    settings: Mapping[str, Any] | None = None,
    credentials: Mapping[str, Any] | None = None,
) -> Access:
    """Access with a valid token, unless other credentials are given."""
    return Access(
        credentials={"access_token": TOKEN} if credentials is None else credentials,
        settings=settings or {},
        base_url=api if isinstance(api, str) else api.base_url,
        http=OutboundHttp(POLICY, read_seconds=5),
        policy=POLICY,
    )


def days(count: int, first: date = FIRST_DAY) -> DayRange:
    return DayRange(first, first + timedelta(days=count - 1))


def request_for(
    report: str,
    fields: Sequence[str],
    window: DayRange,
    journal: RecordingJournal | None = None,
    settings: Mapping[str, Any] | None = None,
    bad_values: BadValues = BadValues.FAIL,
) -> ReadRequest:
    return ReadRequest(
        account=ACCOUNT,
        report=report,
        fields=fields,
        window=window,
        journal=journal or RecordingJournal(),
        settings=settings or {},
        bad_values=bad_values,
    )


def read_table(api: GraphApi, request: ReadRequest, access: Access | None = None) -> pa.Table:
    """All rows of a read as one table, in the order they came."""
    batches = list(CONNECTOR.read(access or access_to(api), request))
    if batches:
        assert columns_of(batches[0].schema)
        return pa.Table.from_batches(batches)
    return pa.Table.from_batches([], arrow_schema([]))


def read_rows(api: GraphApi, request: ReadRequest, access: Access | None = None) -> list[Row]:
    rows: list[Row] = read_table(api, request, access).to_pylist()
    return rows


def campaign_row(number: int, day: date = FIRST_DAY, **more: Any) -> Row:
    """A row as Meta sends it: every number is text."""
    return {
        "date_start": day.isoformat(),
        "date_stop": day.isoformat(),
        "campaign_id": str(120_000_000_000_000_000 + number),
        "campaign_name": f"Campaign {number}",
        "impressions": str(1000 + number),
        "spend": f"{number}.10",
        **more,
    }


def campaign_days(campaigns: int, day_count: int, first: date = FIRST_DAY) -> list[Row]:
    """One row for each campaign and day."""
    return [
        campaign_row(number, first + timedelta(days=offset))
        for offset in range(day_count)
        for number in range(campaigns)
    ]
