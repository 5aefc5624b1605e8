"""Extracts from their first run to their end, judged by the rows in their data tables."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from e2e.stories.stage import Stage
from e2e.stories.templates import HASHED
from fakes.api_callers import half_a_day_away
from headrace.client import ApiError, NotFound, every, models

_DAYS = 3
_DIGEST = re.compile("[0-9a-f]{64}")


def extracts_fill_one_table(stage: Stage) -> None:
    """One call makes an extract for each account; their rows agree with the network."""
    customer, api = stage.customer, stage.customer.api
    chosen = [stage.accounts[name] for name in ("demo-1001", "demo-1002")]
    made = customer.extracts(chosen, days_ago(_DAYS), "Campaigns", HASHED)
    assert [item.account_embedded_id for item in made] == [item.id for item in chosen]
    (table_id,) = {item.data_table.id for item in made}
    for extract in made:
        assert customer.wait_extract(extract).last_sync is not None
    rows = customer.rows_of(table_id)
    assert all(_DIGEST.fullmatch(row["campaign_name"]) for row in rows)
    for account_id, spend in _spends_at_network(stage, table_id).items():
        assert _spend(row for row in rows if row["account_id"] == account_id) == spend > 0

    def listed(**wanted: str) -> list[int]:
        return [item.id for item in every(api.list_extracts, page_size=1, **wanted)]

    ids = [item.id for item in made]
    assert listed() == listed(data_table_id=str(table_id)) == ids
    assert listed(connection_id=str(chosen[0].connection_id)) == ids
    assert listed(datasource_name="facebook") == []
    assert stage.other.api.list_extracts().count == 0
    with pytest.raises(NotFound):
        stage.other.api.get_extract(ids[0])


def _spends_at_network(stage: Stage, table_id: int) -> dict[str, Decimal]:
    """What the network says of the days that a table covers, by account."""
    found = {}
    for account in stage.customer.api.get_coverage(table_id):
        first = min(str(each.date_from) for each in account.ranges)
        last = max(str(each.date_to) for each in account.ranges)
        totals = stage.network.totals(account.account_id, first, last, "campaign")
        found[account.account_id] = Decimal(totals["spend"])
    return found


def _spend(rows: Any) -> Decimal:
    return sum((Decimal(row["spend"]) for row in rows), Decimal(0))


def extracts_are_changed(stage: Stage) -> None:
    """PATCH changes what is given, PUT all: the schedule, the fields, how far back it reads."""
    customer, api = stage.customer, stage.customer.api
    extract = customer.extract(stage.accounts["demo-1001"], days_ago(_DAYS), "Ads")
    customer.wait_extract(extract)
    assert sums_in_table(customer, extract) == sums_at_network(stage.network, customer, extract)
    chosen = {item.name for item in api.get_extract(extract.id).fields if item.selected}

    fewer = ["date", "campaign_id", "ad_id", "spend"]
    api.update_extract(extract.id, models.ExtractPatch(fields=fewer))
    read = api.get_extract(extract.id)
    assert {item.name for item in read.fields if item.selected} == set(fewer)
    assert read.scheduling == extract.scheduling

    weekly = models.SchedulingIn(interval="week", days=2, hours=half_a_day_away().hours)
    since = date.fromisoformat(days_ago(2 * _DAYS))
    whole = models.ExtractPut(scheduling=[weekly], sync_historical_data=since)
    api.replace_extract(extract.id, whole)
    read = api.get_extract(extract.id)
    assert {item.name for item in read.fields if item.selected} == chosen
    assert [(item.interval, item.days) for item in read.scheduling] == [("week", 2)]
    # History begins earlier now, and is read at once.
    customer.wait_extract_run(extract)
    (account,) = api.get_coverage(extract.data_table.id)
    assert min(each.date_from for each in account.ranges if each.date_from) == since
    assert sums_in_table(customer, extract) == sums_at_network(stage.network, customer, extract)


def extracts_run_on_demand(stage: Stage) -> None:
    """A run for chosen days reads these days alone; a paused extract runs no more."""
    customer, api = stage.customer, stage.customer.api
    extract = titled(stage, "Ads")
    first, last = (date.fromisoformat(days_ago(days)) for days in (4, 3))
    asked = api.run_extract(extract.id, models.DateRangeIn(date_from=first, date_to=last))
    assert asked.status == "syncing"
    run = customer.wait_extract_run(extract)
    windows = api.get_run(run.id).windows
    assert min(window.date_from for window in windows if window.date_from) == first
    assert max(window.date_to for window in windows if window.date_to) == last
    days = {str(first), str(last)}
    rows = [row for row in customer.rows(extract) if row["date"] in days]
    assert run.rows_written == len(rows) > 0

    assert api.pause_extract(extract.id).status == "paused"
    runs = len(customer.extract_runs(extract))
    with pytest.raises(ApiError, match="paused"):
        api.run_extract(extract.id)
    assert len(customer.extract_runs(extract)) == runs
    assert api.unpause_extract(extract.id).status == "synced"
    customer.run_extract(extract)
    assert len(customer.extract_runs(extract)) == runs + 1


def wide_extracts_migrate(stage: Stage) -> None:
    """Other dimensions come into a table of their own; the old extract rests, its rows stay."""
    customer, api = stage.customer, stage.customer.api
    account, template = stage.accounts["demo-1001"], "Any dimensions and metrics"
    fields = ["date", "device", "spend"]
    old = customer.extract(account, days_ago(2), "Devices", template, fields=fields)
    customer.wait_extract(old)
    rows = customer.rows(old)
    migrated = api.migrate_wide_extract(
        models.MigrateWideIn(
            extract_id=old.id, fields=["date", "country", "spend"], data_table_title="Countries"
        )
    )
    assert (migrated.source_extract.id, migrated.source_extract.status) == (old.id, "paused")
    new = next(item for item in every(api.list_extracts) if item.id == migrated.extract.id)
    customer.wait_extract(new)
    by_country = customer.rows(new)
    assert all("country" in row and "device" not in row for row in by_country)
    assert _spend(by_country) == _spend(rows) > 0
    assert customer.rows(old) == rows
    assert api.get_extract(old.id).status == "paused"

    # And its end: deleted, it is not there any more; its table is.
    api.delete_extract(old.id)
    with pytest.raises(NotFound):
        api.get_extract(old.id)
    assert old.id not in {item.id for item in every(api.list_extracts)}
    assert customer.rows(old) == rows


def titled(stage: Stage, title: str) -> models.Extract:
    """The extract that fills the table of a title."""
    listed = every(stage.customer.api.list_extracts)
    return next(item for item in listed if item.data_table.title == title)
