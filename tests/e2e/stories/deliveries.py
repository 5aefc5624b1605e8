"""Destinations, data tables and loads, judged by what stands in the files that they write."""

import shutil
from datetime import date
from itertools import count
from pathlib import Path

import duckdb
import pytest

from e2e.comparing import days_ago, sums_in_duckdb, sums_in_table
from e2e.stories.extracts import titled
from e2e.stories.stage import Stage
from fakes.server import eventually
from headrace.client import ApiError, NotFound, every, models

_DUCKDB = "duckdb"
_TABLE = "ads"


def _filled(file: Path, table: str) -> set[str]:
    """The columns of a table that hold a value in any row."""
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute(f'SELECT count(COLUMNS(*)) FROM "{table}"')
        names = [column[0] for column in found.description or []]
        counts = found.fetchone() or ()
    return {name for name, count in zip(names, counts, strict=True) if count}


def _tables(file: Path) -> set[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return {row[0] for row in connection.execute("SHOW TABLES").fetchall()}


def destinations_are_connected(stage: Stage) -> None:
    """A destination is checked when it is connected, when asked, and with new parameters."""
    customer, api = stage.customer, stage.customer.api
    offered = {item.name: item for item in every(api.list_destinations)}
    assert "path" in {item.name for item in offered[_DUCKDB].info.connection_params}
    shelf = stage.server.files / "shelf"
    made = customer.connect_destination(_DUCKDB, path="shelf/first.duckdb")
    assert [item.id for item in api.list_destination_connections(_DUCKDB).results] == [made.id]

    def state() -> models.DestinationConnectionDetail:
        return api.get_destination_connection(_DUCKDB, made.id)

    assert state().connection_params["path"] == "shelf/first.duckdb"
    shutil.rmtree(shelf, ignore_errors=True)
    shelf.write_text("in the way")
    api.recheck_destination_connection(_DUCKDB, made.id)
    told = eventually(lambda: state().error_text, "the check finds that it does not work")
    assert state().status == "error", told
    anew = models.DestinationReauthorizeIn(connection_params={"path": "second.duckdb"})
    api.reauthorize_destination_connection(_DUCKDB, made.id, anew)
    customer.wait_destination(made)
    assert (state().error_text, state().connection_params["path"]) == (None, "second.duckdb")
    shelf.unlink()


def loads_deliver(stage: Stage) -> None:
    """A load brings the table, or days of it, to where its destination was changed to."""
    customer, api = stage.customer, stage.customer.api
    (destination,) = api.list_destination_connections(_DUCKDB).results
    extract = titled(stage, "Ads")
    load = customer.load(extract, destination, _TABLE)
    assert api.get_load(load.id).status == "init"
    done = customer.run_load(load)
    file = stage.server.files / "second.duckdb"
    held = sums_in_table(customer, extract)
    assert sums_in_duckdb(file, _TABLE) == held
    assert done.uploaded_rows_count == held[0]

    first, last = days_ago(3), days_ago(2)
    wanted = [row for row in customer.rows(extract) if first <= row["date"] <= last]
    some = customer.run_load(
        load, date_from=date.fromisoformat(first), date_to=date.fromisoformat(last)
    )
    assert some.uploaded_rows_count == len(wanted) > 0
    assert sums_in_duckdb(file, _TABLE) == held

    for wanted_load in (
        {"data_table_id": extract.data_table.id},
        {"destination_connection_id": destination.id},
        {"destination_name": _DUCKDB},
    ):
        assert [item.id for item in every(api.list_loads, **wanted_load)] == [load.id]
    assert api.list_loads(destination_name="s3").count == 0
    assert stage.other.api.list_loads().count == 0


def loads_run_by_themselves(stage: Stage) -> None:
    """After extractions once told so, not while paused, and not once deleted."""
    customer, api = stage.customer, stage.customer.api
    extract = titled(stage, "Ads")
    (load,) = api.list_loads(data_table_id=extract.data_table.id).results
    file = stage.server.files / "second.duckdb"

    days = count(8)

    def runs_after_an_extraction() -> int:
        """Let one more day of history be read; what follows that was begun when it ended."""
        since = date.fromisoformat(days_ago(next(days)))
        api.update_extract(extract.id, models.ExtractPatch(sync_historical_data=since))
        customer.wait_extract_run(extract)
        return len(customer.load_runs(load))

    before = len(customer.load_runs(load))
    assert runs_after_an_extraction() == before
    changed = api.update_load(load.id, models.LoadPut(run_policy="after_extraction"))
    assert changed.run_policy == "after_extraction"
    assert runs_after_an_extraction() == before + 1
    _wait_for_the_same(stage, file, extract)

    assert api.pause_load(load.id).status == "paused"
    assert runs_after_an_extraction() == before + 1
    assert sums_in_duckdb(file, _TABLE) != sums_in_table(customer, extract)
    assert api.unpause_load(load.id).status != "paused"
    assert runs_after_an_extraction() >= before + 2
    _wait_for_the_same(stage, file, extract)


def _wait_for_the_same(stage: Stage, file: Path, extract: models.Extract) -> None:
    held = sums_in_table(stage.customer, extract)
    (load,) = stage.customer.api.list_loads(data_table_id=extract.data_table.id).results
    newest = stage.customer.load_runs(load)[0].id
    eventually(lambda: stage.customer.api.get_run(newest).status == "succeeded", "the load has run")
    assert sums_in_duckdb(file, _TABLE) == held


def fields_are_chosen(stage: Stage) -> None:
    """What is deselected in a data table is not delivered; dimensions have to be."""
    customer, api = stage.customer, stage.customer.api
    (summary,) = api.list_data_tables(search="ads").results
    table = api.get_data_table(summary.id)
    assert table.title == "Ads"
    assert table.freshness is not None
    system = {item.name for item in table.fields if item.is_system}
    assert system == {"account_id", "account_name", "__insert_date"}

    names = [item.name for item in table.fields if item.is_selected and not item.is_system]
    assert "link_clicks" in _filled(stage.server.files / "second.duckdb", _TABLE)
    fewer = [name for name in names if name != "link_clicks"]
    api.update_data_table(table.id, models.DataTableIn(selected_fields=fewer))
    read = api.get_data_table(table.id)
    assert {item.name for item in read.fields if not item.is_selected} >= {"link_clicks"}
    lacking = models.DataTableIn(selected_fields=[n for n in names if n != "campaign_name"])
    with pytest.raises(ApiError, match="400"):
        api.update_data_table(table.id, lacking)

    (load,) = api.list_loads(data_table_id=table.id).results
    customer.run_load(load, full=True)
    filled = _filled(stage.server.files / "second.duckdb", _TABLE)
    assert system | {"campaign_name", "spend"} <= filled
    # The column is the customer's own by now; it is not taken away, but gets nothing.
    assert "link_clicks" not in filled


def new_tables_are_loaded(stage: Stage) -> None:
    """Once a destination takes new data tables, each gets a load; a deleted load leaves its rows."""
    customer, api = stage.customer, stage.customer.api
    (destination,) = api.list_destination_connections(_DUCKDB).results

    def taking(is_wanted: bool) -> None:
        api.update_destination_connection(
            _DUCKDB,
            destination.id,
            models.DestinationConnectionPatch(title="Shelf", create_load_for_new_tables=is_wanted),
        )
        read = api.get_destination_connection(_DUCKDB, destination.id)
        assert (read.title, read.create_load_for_new_tables) == ("Shelf", is_wanted)

    taking(True)
    extract = customer.extract(stage.accounts["demo-1004"], days_ago(1), "Fresh")
    taking(False)
    customer.wait_extract(extract)
    (load,) = api.list_loads(data_table_id=extract.data_table.id).results
    customer.wait_load(load)
    file = stage.server.files / "second.duckdb"
    assert sums_in_duckdb(file, load.destination_table) == sums_in_table(customer, extract)
    late = customer.extract(stage.accounts["demo-1005"], days_ago(1), "Late")
    assert api.list_loads(data_table_id=late.data_table.id).count == 0

    api.delete_load(load.id)
    with pytest.raises(NotFound):
        api.get_load(load.id)
    assert api.list_loads(data_table_id=extract.data_table.id).count == 0
    assert load.destination_table in _tables(file)
    customer.wait_extract(late)
