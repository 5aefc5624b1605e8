"""Rows as the network, the data tables and the destinations have them, in one comparable form."""

import time
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb
import httpx
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

KEY = ("date", "ad_id")
_PAGE = 1_000
_ORDERS = 4
_NETWORKS_OWN = {"account_id", "account_name", "__insert_date"}
Row = tuple[tuple[str, Any], ...]


def comparable(rows: Iterable[dict[str, Any]], fields: Iterable[str]) -> list[Row]:
    """Give rows' fields a form in which equal values of different stores are equal, sorted."""
    names = sorted(fields)
    return sorted((tuple((name, _plain(row.get(name))) for name in names) for row in rows), key=str)


def _plain(value: Any) -> Any:
    if value is None:
        return None
    try:
        return Decimal(str(value)).normalize()
    except InvalidOperation:
        return str(value)


def rows_at_network(
    base_url: str, account_id: str, days: tuple[date, date], fields: Iterable[str]
) -> list[dict[str, Any]]:
    """Read an account's ads by day over HTTP, as anybody could."""
    asked = {
        "level": "ad",
        "date_from": str(days[0]),
        "date_to": str(days[1]),
        "fields": ",".join(set(fields) - _NETWORKS_OWN),
    }
    with httpx.Client(base_url=base_url, timeout=60) as client:
        token = client.post("/oauth/token", data={"grant_type": "demo"}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        path = f"/v1/accounts/{account_id}/report"
        if _asked(client, path, asked).status_code == httpx.codes.BAD_REQUEST:
            path, asked = _ordered(client, account_id, asked), {}
        return list(_pages(client, path, asked))


def _pages(client: httpx.Client, path: str, asked: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: str | None = ""
    while cursor is not None:
        page = _asked(client, path, asked | {"cursor": cursor}).raise_for_status().json()
        yield from page["data"]
        cursor = page["next_cursor"]


def _asked(client: httpx.Client, path: str, asked: dict[str, str]) -> httpx.Response:
    """Ask, and again where the network wants to be asked later."""
    while True:
        answer = client.get(path, params=asked | {"limit": str(_PAGE)})
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return answer
        time.sleep(0.5)


def _ordered(client: httpx.Client, account_id: str, asked: dict[str, str]) -> str:
    """Order a report and wait for it; some fail at first."""
    for _ in range(_ORDERS):
        report = client.post(f"/v1/accounts/{account_id}/reports", data=asked).json()["id"]
        while (status := client.get(f"/v1/reports/{report}").json()["status"]) != "failed":
            if status == "done":
                return f"/v1/reports/{report}/rows"
            time.sleep(0.2)
    raise AssertionError(f"the network does not make the report of {account_id}")


def rows_in_postgres(url: str, table: str) -> list[dict[str, Any]]:
    """Every row of a table; none where there is no table."""
    with psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row) as connection:
        found = connection.execute("SELECT to_regclass(%s) AS name", (f'"{table}"',)).fetchone()
        if not found or found["name"] is None:
            return []
        return connection.execute(
            sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
        ).fetchall()


def rows_in_duckdb(file: str, table: str) -> list[dict[str, Any]]:
    """Every row of a table of a DuckDB file; none where there is no table."""
    with duckdb.connect(file, read_only=True) as connection:
        tables = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
        if table not in tables:
            return []
        # By way of Arrow: DuckDB's own rows want another package for moments of a zone.
        found = connection.sql(f'SELECT * FROM "{table}"').to_arrow_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


def newest(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of rows that were appended again and again, those of each account and day's last time."""
    listed = list(rows)
    last: dict[tuple[Any, Any], Any] = {}
    for row in listed:
        day = (row["account_id"], str(row["date"]))
        last[day] = max(last.get(day, row["__insert_date"]), row["__insert_date"])
    return [
        row for row in listed if row["__insert_date"] == last[row["account_id"], str(row["date"])]
    ]
