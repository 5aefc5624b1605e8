"""What the contract suite reads with the file connector: every format, from web, S3 and folder."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.file_import.imports import access_to
from connectors.file_import.web_server import Page, WebServer, web_server
from contract.connector_cases import BadNumber, ConnectorCase, Failing, Reading
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater

_SECRET = "sig-4f1c9e"
_COLUMNS = (
    Column("day", ColumnType.DATE),
    Column("campaign_id", ColumnType.STRING),
    Column("name", ColumnType.STRING),
    Column("clicks", ColumnType.INTEGER),
    Column("cost", ColumnType.DECIMAL),
    Column("ratio", ColumnType.FLOAT),
    Column("active", ColumnType.BOOLEAN),
    Column("seen_at", ColumnType.DATETIME),
)
_CSV = """day,campaign_id,name,clicks,cost,ratio,active,seen_at
2026-03-01,007,"Zürich, ""Été""\n東京",12,1.10,1.5e-3,true,2026-03-01T10:00:00+02:00
2026-03-02,008,,,,,,
2026-03-03,009,"",-3,-0.000000001,2.0e+10,false,2026-03-03T00:00:00Z
""".encode()
_JSON = """{"day":"2026-03-01","campaign_id":"007","name":"Zürich, \\"Été\\"\\n東京","clicks":12,\
"cost":1.10,"ratio":1.5e-12,"active":true,"seen_at":"2026-03-01T10:00:00+02:00"}
{"day":"2026-03-02","campaign_id":"008","name":null}
{"day":"2026-03-03","campaign_id":"009","name":"","clicks":-3,"cost":-0.000000001,\
"ratio":2e+10,"active":false,"seen_at":"2026-03-03T00:00:00Z"}
""".encode()


def _rows(small_ratio: float = 0.0015) -> list[dict[str, object]]:
    values = (
        (date(2026, 3, 1), "007", 'Zürich, "Été"\n東京', 12, Decimal("1.1"), small_ratio, True,
         datetime(2026, 3, 1, 8, tzinfo=UTC)),
        (date(2026, 3, 2), "008", None, None, None, None, None, None),
        (date(2026, 3, 3), "009", "", -3, Decimal("-1e-9"), 2e10, False,
         datetime(2026, 3, 3, tzinfo=UTC)),
    )  # fmt: skip
    names = [column.name for column in _COLUMNS]
    return [dict(zip(names, row, strict=True)) for row in values]


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[ConnectorCase]:
    """Files in a folder and on a web server, good ones and bad ones."""
    with web_server() as server:
        yield _case(server, folder)


def _case(server: WebServer, folder: Path) -> ConnectorCase:
    access = access_to(
        server.serve("/exports/day.csv", Page(_CSV)) + f"?signature={_SECRET}",
        date_column="day",
    )
    account = server.url.removeprefix("http://") + "/exports/day.csv"
    whole = Reading(account, "whole_file", rows=_rows(), columns=_COLUMNS)
    windowed = replace(whole, window=DayRange(date(2026, 3, 2), date(2026, 3, 3)), rows=_rows()[1:])
    gone = access_to(server.serve("/old.csv", Page(status=403)) + f"?signature={_SECRET}")
    return ConnectorCase(
        access=access,
        readings=[whole, windowed, *_local_readings(folder)],
        refused=gone,
        empty=replace(whole, window=DayRange(date(2027, 1, 1), date(2027, 1, 31)), rows=()),
        bad_number=_bad_number(folder),
        failing=list(_failing(server)),
        secrets=(_SECRET,),
    )


def _local_readings(folder: Path) -> Iterator[Reading]:
    (folder / "lines.jsonl.gz").write_bytes(gzip.compress(_JSON))
    yield Reading(
        "lines.jsonl.gz",
        "whole_file",
        rows=_rows(small_ratio=1.5e-12),
        columns=_COLUMNS,
        access=access_to((folder / "lines.jsonl.gz").as_uri(), folder),
    )
    types = [column.arrow_type for column in _COLUMNS]
    schema = pa.schema(list(zip([column.name for column in _COLUMNS], types, strict=True)))
    pq.write_table(pa.Table.from_pylist(_rows(), schema), folder / "table.parquet")
    yield Reading(
        "table.parquet",
        "whole_file",
        rows=_rows(),
        columns=_COLUMNS,
        access=access_to((folder / "table.parquet").as_uri(), folder),
    )


def _bad_number(folder: Path) -> BadNumber:
    (folder / "bad.csv").write_text("day,clicks\n2026-03-01,1\n2026-03-01,1O\n2026-03-02,3\n")
    days = (date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2))
    reading = Reading(
        "bad.csv",
        "whole_file",
        rows=[
            {"day": day, "clicks": clicks} for day, clicks in zip(days, (1, None, 3), strict=True)
        ],
        columns=(Column("day", ColumnType.DATE), Column("clicks", ColumnType.INTEGER)),
        access=access_to((folder / "bad.csv").as_uri(), folder, types={"clicks": "integer"}),
    )
    return BadNumber(reading, ("clicks",), ("line 3", "'1O'", "integer"))


def _failing(server: WebServer) -> Iterator[Failing]:
    answers = {
        "missing": (Page(status=404), Refused, ("no such file",)),
        "unauthorised": (Page(status=401), Reauthorize, ("401",)),
        "limited": (Page(status=429, headers={"Retry-After": "7"}), SlowDown, ("fewer",)),
        "broken": (Page(status=503), TryLater, ("503",)),
        "moved": (
            Page(status=302, headers={"Location": f"http://elsewhere.example/?k={_SECRET}"}),
            Refused,
            ("redirect",),
        ),
        "cut.csv": (Page(_CSV, cut_after=40), TryLater, ("broke off",)),
        "page.csv": (Page(b"<!DOCTYPE html><p>Sign in</p>"), Refused, ("web page",)),
        "empty.csv": (Page(b""), Refused, ("empty",)),
    }
    for name, (page, outcome, says) in answers.items():
        url = server.serve(f"/{name}", page)
        yield Failing(
            title=name,
            reading=Reading(
                url.removeprefix("http://"),
                "whole_file",
                access=access_to(f"{url}?signature={_SECRET}"),
            ),
            outcome=outcome,
            says=says,
        )
