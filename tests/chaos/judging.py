"""What must hold when all is quiet: each check gives what differs, in words."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chaos.customers import Customer
from chaos.house import House
from chaos.reading import (
    KEY,
    comparable,
    newest,
    rows_at_network,
    rows_in_duckdb,
    rows_in_postgres,
)
from chaos.settling import asked
from headrace.client import models
from headrace.db.engine import make_engine, session_maker
from headrace.db.roles import SYSTEM
from headrace.sandbox.network import find_account
from headrace.table_store import Lake, sweep

_DAY = timedelta(days=1)
_SHOWN = 3
_ENDS = {("extract", "succeeded"): "extraction_completed",
         ("extract", "failed"): "extraction_failed",
         ("load", "succeeded"): "load_completed",
         ("load", "failed"): "load_failed"}  # fmt: skip

Finding = str
Rows = list[dict[str, Any]]


def judge(house: House, living: list[Customer]) -> list[Finding]:
    """Check everything; gives what differs, nothing if all holds."""
    findings: list[Finding] = []
    for customer in living:
        tables = _tables(customer)
        findings += _tables_equal_network(house, customer, tables)
        findings += _destinations_equal_tables(house, customer, tables)
        findings += _recipe_adds_up(customer, tables)
    checks: tuple[Callable[[House], Iterator[Finding]], ...] = (
        _nothing_is_without_an_owner,
        _days_are_known_once,
        _loads_know_what_they_delivered,
        _ends_have_their_events,
        _events_have_arrived,
        _files_are_those_of_segments,
    )
    return findings + [finding for check in checks for finding in check(house)]


def _tables(customer: Customer) -> dict[int, Rows]:
    """The rows of every data table that extracts fill, by its id."""
    ids = {each.data_table.id for each in customer.extracts()}
    return {table_id: _rows_of(customer, table_id) for table_id in ids}


def _rows_of(customer: Customer, table_id: int) -> Rows:
    found: Rows = []
    page = 1
    while more := customer.door.api.get_rows(table_id, limit=1_000, page=page).rows:
        found += more
        page += 1
    return found


def _tables_equal_network(
    house: House, customer: Customer, tables: dict[int, Rows]
) -> Iterator[Finding]:
    for table_id, rows in tables.items():
        yield from _doubled(f"data table {table_id}", rows)
    for extract in customer.extracts():
        yield from _account_equals_network(house, customer, extract, tables[extract.data_table.id])


def _account_equals_network(
    house: House, customer: Customer, extract: models.Extract, table: Rows
) -> Iterator[Finding]:
    what = f"extract {extract.id} ({extract.account_id})"
    known = {
        each.account_id: each for each in customer.door.api.get_coverage(extract.data_table.id)
    }
    days = _covered(known[extract.account_id]) if extract.account_id in known else []
    yesterday = datetime.now(_zone(extract.account_id)).date() - _DAY
    wanted = extract.sync_historical_data
    assert wanted is not None
    missing = [
        str(wanted + n * _DAY)
        for n in range((yesterday - wanted).days + 1)
        if wanted + n * _DAY not in days
    ]
    if missing:
        yield f"{what}: days never read: {missing}"
    if not days:
        return
    fields = [
        item.name for item in customer.door.api.get_extract(extract.id).fields if item.selected
    ]
    there = rows_at_network(
        house.network.base_url, extract.account_id, (min(days), max(days)), fields
    )
    there = [row for row in there if date.fromisoformat(row["date"]) in days]
    here = [row for row in table if row["account_id"] == extract.account_id]
    yield from _differences(
        f"{what}, data table {extract.data_table.id}",
        comparable(here, fields), "the network", comparable(there, fields),
    )  # fmt: skip


def _covered(account: models.AccountCoverage) -> set[date]:
    return {
        each.date_from + n * _DAY
        for each in account.ranges
        if each.date_from and each.date_to
        for n in range((each.date_to - each.date_from).days + 1)
    }


def _zone(account_id: str) -> ZoneInfo:
    """Whose midnight ends an account's day, as the network has it: the API does not tell."""
    account = find_account(account_id)
    assert account is not None, account_id
    return ZoneInfo(account.timezone)


def _doubled(what: str, rows: Rows) -> Iterator[Finding]:
    keys = Counter((row["account_id"], *(str(row[name]) for name in KEY)) for row in rows)
    twice = [key for key, count in keys.items() if count > 1]
    if twice:
        yield f"{what}: {len(twice)} keys twice, such as {twice[:_SHOWN]}"


def _differences(what: str, here: list[Any], other: str, there: list[Any]) -> Iterator[Finding]:
    mine, theirs = Counter(here), Counter(there)
    for told, rows in (
        (f"in {what}, not in {other}", mine - theirs),
        (f"in {other}, not in {what}", theirs - mine),
    ):
        if rows:
            shown = [dict(row) for row in list(rows)[:_SHOWN]]
            yield f"{rows.total()} rows {told} (of {len(here)} and {len(there)}), such as {shown}"


def _destinations_equal_tables(
    house: House, customer: Customer, tables: dict[int, Rows]
) -> Iterator[Finding]:
    for load in customer.loads():
        rows = tables[load.data_table.id]
        file = customer.files.get(load.destination_connection.id)
        if file is None:
            found = rows_in_postgres(house.databases.warehouse_url, load.destination_table)
        else:
            found = rows_in_duckdb(str(house.files / file), load.destination_table)
        what = f"load {load.id} ({load.destination_table})"
        if load.load_mode == "append":
            kept = found
            found = newest(found)
            stamps = Counter(
                (r["account_id"], r["__insert_date"], str(r["date"]), r["ad_id"]) for r in kept
            )
            twice = sum(count > 1 for count in stamps.values())
            if twice:
                yield f"{what}: {twice} rows appended twice"
            live = {(row["account_id"], str(row["date"])) for row in rows}
            found = [row for row in found if (row["account_id"], str(row["date"])) in live]
        fields = set(rows[0]) - {"__insert_date"} if rows else set()
        yield from _doubled(what, found)
        yield from _differences(
            what, comparable(found, fields), "its data table", comparable(rows, fields)
        )


def _recipe_adds_up(customer: Customer, tables: dict[int, Rows]) -> Iterator[Finding]:
    state = customer.door.headrace.agency.get_workspace_recipe(customer.door.id, customer.recipe_id)
    if state.error_text or state.data_table_id is None:
        yield f"recipe {customer.recipe_id}: {state.error_text or 'was never built'}"
        return
    first = min(tables)
    costs: defaultdict[tuple[str, str], Any] = defaultdict(int)
    for row in tables[first]:
        costs[row["account_id"], row["campaign_id"]] += dict(comparable([row], ["spend"])[0])[
            "spend"
        ]
    wanted = [
        {"account_id": account, "campaign_id": campaign, "cost": cost}
        for (account, campaign), cost in costs.items()
    ]
    fields = ["account_id", "campaign_id", "cost"]
    built = _rows_of(customer, state.data_table_id)
    yield from _differences(
        f"recipe {customer.recipe_id}", comparable(built, fields),
        "what its table adds up to", comparable(wanted, fields),
    )  # fmt: skip


def _nothing_is_without_an_owner(house: House) -> Iterator[Finding]:
    legal = "('waiting', 'admitted', 'running', 'succeeded', 'failed', 'cancelled')"
    for name, condition in (
        ("runs of no legal status", f"status NOT IN {legal}"),
        ("runs under way without end", "status IN ('admitted', 'running')"),
        ("ended runs without an end", "status IN ('succeeded', 'failed') AND finished_at IS NULL"),
    ):
        found = asked(house, f"SELECT id, kind, subject_id, status FROM run WHERE {condition}")
        if found:
            yield f"{name}: {found}"
    jobs = asked(house, "SELECT id, task_name, status, args FROM procrastinate_jobs")
    if jobs:
        yield f"jobs that nobody carries out: {jobs}"


def _days_are_known_once(house: House) -> Iterator[Finding]:
    found = asked(
        house,
        "SELECT a.table_id, a.account_id, a.first_day, a.last_day, b.first_day, b.last_day "
        "FROM segment a JOIN segment b ON a.table_id = b.table_id AND a.account_id = b.account_id "
        "AND a.id < b.id AND a.first_day <= b.last_day AND b.first_day <= a.last_day "
        "WHERE a.dead_at IS NULL AND b.dead_at IS NULL",
    )
    if found:
        yield f"days that two live segments claim: {found}"


def _loads_know_what_they_delivered(house: House) -> Iterator[Finding]:
    found = asked(
        house,
        "SELECT a.load_id, a.account_id, a.first_day, a.last_day FROM load_slice a "
        "JOIN load_slice b ON a.load_id = b.load_id AND a.account_id = b.account_id AND a.id < b.id "
        "AND a.first_day <= b.last_day AND b.first_day <= a.last_day",
    )
    if found:
        yield f"days that a load delivered twice at once: {found}"


def _ends_have_their_events(house: House) -> Iterator[Finding]:
    told = Counter(
        (kind, json.loads(body)["data"].get("run_id"))
        for kind, body in asked(house, "SELECT type, body FROM event WHERE NOT is_test")
    )
    runs = asked(house, "SELECT id, kind, status FROM run")
    for run_id, kind, status in runs:
        for end, event in _ENDS.items():
            count = told[event, str(run_id)]
            if count != ((kind, status) == end):
                yield f"run {run_id} of a {kind} {status}, and has {count} events {event}"


def _events_have_arrived(house: House) -> Iterator[Finding]:
    """Each event of an endpoint's types came, always with the same key, which no other has."""
    received: defaultdict[str, set[str]] = defaultdict(set)
    for got in house.receiver.deliveries:
        uid = json.loads(got.body)["id"]
        received[uid].add(got.header("X-Improvado-Idempotency-Key"))
    several = {uid: keys for uid, keys in received.items() if len(keys) != 1}
    if several:
        yield f"events with several keys: {several}"
    keys = Counter(key for found in received.values() for key in found)
    if any(count > 1 for count in keys.values()):
        yield f"keys of several events: {[key for key, count in keys.items() if count > 1]}"
    there = {
        uid: (event_id, kind)
        for uid, event_id, kind in asked(
            house,
            "SELECT DISTINCT e.uid, e.id, e.type FROM event e JOIN webhook_subscription s "
            "ON s.workspace_id = e.workspace_id AND s.event_type_name = e.type "
            "JOIN webhook_endpoint w ON w.id = s.endpoint_id AND e.created_at > w.updated_at "
            "WHERE NOT e.is_test",
        )
    }
    lost = {uid: there[uid] for uid in there.keys() - received.keys()}
    if lost:
        yield f"{len(lost)} of {len(there)} events never arrived: {list(lost.items())[:_SHOWN]}"
    known = {uid for (uid,) in asked(house, "SELECT uid FROM event")}
    if received.keys() - known:
        yield f"events that arrived and never happened: {received.keys() - known}"


def _files_are_those_of_segments(house: House) -> Iterator[Finding]:
    """No live file is missing; after a sweep, no file is there that no segment names."""
    lake = Lake.open(str(house.lake))
    engine = make_engine(house.databases.own_url, role=SYSTEM)
    sweep(session_maker(engine), lake, timedelta(0), limit=1_000_000)
    engine.dispose()
    named = {
        path
        for (path,) in asked(
            house,
            "SELECT DISTINCT f.path FROM segment s JOIN lake_file f ON f.id = s.file_id",
        )
    }
    there = {file.path for file in lake.list_files()}
    if named - there:
        yield f"files of segments that are missing: {sorted(named - there)}"
    if there - named:
        yield f"files that nothing names: {sorted(there - named)}"
