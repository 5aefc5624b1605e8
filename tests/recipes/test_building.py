"""Recipes in a workspace: what they build, when, and what stops them."""

from typing import Any

import pytest
from sqlalchemy import text

from fakes.callers import AgencyFake, WorkspaceFake, take_jobs
from fakes.kitchens import Kitchen
from fakes.pipelines import ROWS, PipelineFake, new_pipeline
from headrace.db.engine import transaction
from headrace.rest.resources import Resources
from headrace.runs import scheduling
from headrace.runs import tasks as run_tasks
from headrace.settings import Settings
from recipes.test_recipes import BIG, GROUPED, TABLE

CLICKS = {"function": "sum", "column": "clicks"}
WHOLE: dict[str, Any] = {"kind": "sql", "name": "whole", "sql": f"SELECT * FROM {TABLE}"}


def change_file(pipeline: PipelineFake, rows: str) -> None:
    """Write the file anew and queue its extraction."""
    pipeline.file.write_text(rows)
    pipeline.workspace.post(f"/api/v3/extracts/{pipeline.extract_id}/run", status=200)


def test_a_recipe_builds_an_ordinary_table(kitchen: Kitchen) -> None:
    recipe = kitchen.cook(GROUPED, BIG)
    assert kitchen.rows(recipe, "account_id", "account_name", "campaign", "spend") == [
        ("all", "All accounts", "b", "2.25")
    ]
    state = kitchen.state(recipe)
    listed = kitchen.workspace.get("/api/v3/data-tables?datasource_name=recipe")["results"]
    assert listed == [
        {"id": state["data_table_id"], "title": "Cooked", "datasource_name": "recipe"}
    ]
    detail = kitchen.workspace.get(f"/api/v3/data-tables/{state['data_table_id']}")
    assert detail["sql_name"] == "recipe_cooked"
    assert detail["freshness"] is not None
    fields = [(one["name"], one["field_type"], one["is_system"]) for one in detail["fields"]]
    assert fields == [
        ("account_id", "string", True), ("account_name", "string", True),
        ("__insert_date", "datetime", True), ("campaign", "string", False),
        ("spend", "number", False),
    ]  # fmt: skip
    (run,) = kitchen.runs(recipe)
    assert (run["status"], run["trigger"], run["rows_written"]) == ("succeeded", "activation", 1)
    found = kitchen.workspace.get(f"/api/v3/runs/{run['id']}")
    assert found["kind"] == "recipe_build"


def test_accounts_that_survive_keep_their_rows_apart(
    kitchen: Kitchen, pipeline: PipelineFake
) -> None:
    recipe = kitchen.cook(GROUPED | {"keys": ["account_id", "account_name", "day"]})
    account = pipeline.file.name
    rows = kitchen.rows(recipe, "account_id", "account_name", "day")
    assert [row[2] for row in rows] == ["2026-01-01", "2026-01-02"]
    assert {row[0] for row in rows} != {"all"}
    assert account in rows[0][1]
    table = kitchen.state(recipe)["data_table_id"]
    coverage = kitchen.workspace.get(f"/api/v3/data-tables/{table}/coverage")
    assert [one["account_id"] for one in coverage] == [rows[0][0]]
    (known,) = coverage[0]["ranges"]
    assert (known["date_from"], known["date_to"], known["state"]) == (None, None, "final")


def test_a_date_column_gives_the_table_days(kitchen: Kitchen, pipeline: PipelineFake) -> None:
    recipe = kitchen.cook(WHOLE, date_column="day")
    table = kitchen.state(recipe)["data_table_id"]
    assert kitchen.workspace.get(f"/api/v3/data-tables/{table}")["data_class"] == "daily"

    def ranges() -> Any:
        (account,) = kitchen.workspace.get(f"/api/v3/data-tables/{table}/coverage")
        return [(one["date_from"], one["date_to"], one["state"]) for one in account["ranges"]]

    assert ranges() == [("2026-01-01", "2026-01-02", "final")]
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,c,9,1\n")
    kitchen.workspace.run_everything()
    assert ranges() == [("2026-01-02", "2026-01-02", "final")]
    assert kitchen.rows(recipe, "campaign") == [("c",)]
    change_file(pipeline, "day,campaign,spend,clicks\n,c,9,1\n")
    kitchen.workspace.run_everything()
    assert "'day'" in kitchen.state(recipe)["error_text"]


def test_extractions_are_followed_and_loads_follow(
    kitchen: Kitchen, pipeline: PipelineFake
) -> None:
    recipe = kitchen.cook(GROUPED)
    table = kitchen.state(recipe)["data_table_id"]
    load = kitchen.workspace.post(
        "/api/v3/loads",
        {"data_table_id": table, "destination_connection_id": pipeline.destination_id},
    )
    change_file(pipeline, ROWS + "2026-01-03,c,5,1\n2026-01-03,a,1,1\n")
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "campaign", "spend") == [("a", "2.5"), ("b", "2.25"), ("c", "5")]
    newest = kitchen.runs(recipe)[0]
    assert (newest["trigger"], newest["rows_deleted"]) == ("after_extraction", 2)
    found = kitchen.workspace.get(f"/api/v3/loads/{load['id']}")
    assert (found["status"], found["uploaded_rows_count"]) == ("synced", 3)


def test_recipes_read_what_recipes_build_and_never_themselves(
    kitchen: Kitchen, pipeline: PipelineFake
) -> None:
    first = kitchen.cook(GROUPED)
    second = kitchen.cook(
        {"kind": "union", "name": "u", "inputs": ["recipe_cooked"]}, title="Second"
    )
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,z,9,1\n")
    kitchen.workspace.run_everything()
    assert kitchen.rows(second, "campaign") == [("z",)]
    # The first must not read the second, which is built from it.
    step = first["steps"][0]["id"]
    path = f"/recipes/{first['id']}/steps/{step}"
    kitchen.send("PATCH", path, {"input": "recipe_second"})
    assert "'Cooked'" in kitchen.activate(first, 409)["details"]
    assert kitchen.send("GET", f"/recipes/{first['id']}")["state"] == "staging"
    kitchen.send("PATCH", path, {"input": "recipe_cooked"})
    assert "builds" in kitchen.activate(first, 409)["details"]


def test_builds_that_wait_are_one(kitchen: Kitchen, pipeline: PipelineFake) -> None:
    recipe = kitchen.cook(GROUPED)
    path = f"/workspaces/{kitchen.workspace.id}/recipes/{recipe['id']}/build"
    kitchen.send("POST", path)
    assert "already running" in kitchen.send("POST", path, status=409)["details"]
    change_file(pipeline, ROWS)
    kitchen.workspace.run_everything()
    runs = kitchen.runs(recipe)
    assert [run["status"] for run in runs] == ["succeeded"] * len(runs)
    assert len(runs) in (2, 3)  # the extraction ended before the build asked for began, or after


def test_columns_are_not_taken_from_a_table(kitchen: Kitchen) -> None:
    step = GROUPED | {"aggregates": [*GROUPED["aggregates"], CLICKS]}
    recipe = kitchen.cook(step)
    path = f"/recipes/{recipe['id']}/steps/{recipe['steps'][0]['id']}"
    kitchen.send("PATCH", path, {"aggregates": [CLICKS | {"name": "spend", "function": "count"}]})
    refused = kitchen.activate(recipe, 409)
    assert "removed columns: clicks" in refused["details"]
    count = {"function": "min", "column": "campaign", "name": "spend"}
    kitchen.send("PATCH", path, {"aggregates": [count, CLICKS]})
    refused = kitchen.activate(recipe, 409)
    assert "changed types: spend (number to string)" in refused["details"]
    # What was activated before is built all the same.
    found = kitchen.send("GET", f"/recipes/{recipe['id']}")
    assert (found["state"], found["is_active"]) == ("staging", True)
    kitchen.send("POST", f"/workspaces/{kitchen.workspace.id}/recipes/{recipe['id']}/build")
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "spend", "clicks") == [("1.5", 3), ("2.25", 4)]
    # New columns are welcome.
    more = {"function": "count", "name": "days"}
    kitchen.send("PATCH", path, {"aggregates": [*GROUPED["aggregates"], CLICKS, more]})
    kitchen.activate(recipe)
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "spend", "clicks", "days") == [("1.5", 3, 1), ("2.25", 4, 1)]


def test_deactivated_recipes_rest(kitchen: Kitchen, pipeline: PipelineFake) -> None:
    recipe = kitchen.cook(GROUPED)
    for _ in range(2):
        found = kitchen.send("POST", f"/recipes/{recipe['id']}/deactivate")
        assert (found["is_active"], found["state"]) == (False, "staging")
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,z,9,1\n")
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "campaign") == [("a",), ("b",)]
    path = f"/workspaces/{kitchen.workspace.id}/recipes/{recipe['id']}/build"
    assert "not active" in kitchen.send("POST", path, status=409)["details"]
    kitchen.activate(recipe)
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "campaign") == [("z",)]


def test_a_build_that_was_stopped_leaves_nothing(kitchen: Kitchen, resources: Resources) -> None:
    recipe = kitchen.recipe(GROUPED)
    kitchen.enable(recipe)
    kitchen.activate(recipe)
    with transaction(resources.sessions) as session:
        scheduling.admit(session, resources)
        jobs = take_jobs(session)
    kitchen.send("POST", f"/recipes/{recipe['id']}/deactivate")
    for job in jobs:
        run_tasks.carry_out(resources, **job)
    assert kitchen.rows(recipe) == []
    assert [run["status"] for run in kitchen.runs(recipe)] == ["cancelled"]


def test_enabling_twice_is_once_and_an_active_one_builds(kitchen: Kitchen) -> None:
    recipe = kitchen.recipe(GROUPED)
    kitchen.activate(recipe)
    answer = kitchen.enable(recipe)
    assert answer == {
        "workspace_id": kitchen.workspace.id, "recipe_id": recipe["id"], "enabled": True,
    }  # fmt: skip
    assert kitchen.enable(recipe, 200) == answer
    kitchen.workspace.run_everything()
    assert len(kitchen.runs(recipe)) == 1
    assert kitchen.rows(recipe, "campaign") == [("a",), ("b",)]
    where = kitchen.send("GET", f"/recipes/{recipe['id']}")["workspaces"]
    assert [one["workspace_id"] for one in where] == [kitchen.workspace.id]
    inside = f"/workspaces/{kitchen.workspace.id}/recipes/{recipe['id']}"
    kitchen.send("DELETE", inside, status=204)
    kitchen.send("GET", inside, status=404)
    assert kitchen.workspace.get("/api/v3/data-tables")["count"] == 2


UNFIT: list[tuple[dict[str, Any], list[str]]] = [
    (GROUPED | {"input": "no_such_table"}, ["'no_such_table'", "no data table"]),
    (GROUPED | {"keys": ["region"]}, ["'grouped'", "'region'"]),
    (
        GROUPED | {"aggregates": [{"function": "sum", "column": "campaign"}]},
        ["'grouped'", "'campaign'"],
    ),
    (
        {"kind": "sql", "name": "s", "sql": f"SELECT budget FROM {TABLE}"},
        ["'s'", "budget"],
    ),
]


@pytest.mark.parametrize(("step", "words"), UNFIT)
def test_what_a_workspace_lacks_is_named(
    kitchen: Kitchen, step: dict[str, Any], words: list[str]
) -> None:
    recipe = kitchen.recipe(step)
    answer = kitchen.enable(recipe, 400)
    for word in words:
        assert word in answer["details"]
    assert kitchen.send("GET", f"/recipes/{recipe['id']}")["workspaces"] == []
    # Activated first, it is refused at enabling all the same, and leaves no table.
    kitchen.activate(recipe)
    kitchen.enable(recipe, 400)
    assert kitchen.workspace.get("/api/v3/data-tables")["count"] == 1


def test_inputs_are_found_by_report(kitchen: Kitchen, pipeline: PipelineFake) -> None:
    report = kitchen.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}")["report_type"]
    inputs = [{"name": "orders", "datasource_name": "file_import", "report_type": report}]
    recipe = kitchen.cook(GROUPED | {"input": "orders"}, inputs=inputs)
    assert kitchen.rows(recipe, "campaign") == [("a",), ("b",)]
    other = kitchen.recipe(
        GROUPED | {"input": "orders"}, title="Other", inputs=[inputs[0] | {"report_type": "x"}]
    )
    assert "'x'" in kitchen.enable(other, 400)["details"]
    extract = {"template_id": pipeline.template_id, "accounts": [pipeline.account_id]}
    kitchen.workspace.post("/api/v3.1/extracts/", extract | {"data_table_title": "Returns"})
    several = kitchen.recipe(GROUPED | {"input": "orders"}, title="Several", inputs=inputs)
    answer = kitchen.enable(several, 400)
    assert "file_import_returns" in answer["details"]


def test_a_failed_build_keeps_the_rows_and_says_why(
    kitchen: Kitchen, pipeline: PipelineFake
) -> None:
    strict = f"SELECT CAST(campaign AS INTEGER) AS number FROM {TABLE}"
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,x7,9,1\n2026-01-02,8,9,1\n")
    kitchen.workspace.run_everything()
    recipe = kitchen.recipe({"kind": "sql", "name": "s", "sql": strict})
    kitchen.enable(recipe)
    kitchen.activate(recipe)
    kitchen.workspace.run_everything()
    state = kitchen.state(recipe)
    assert "x7" in state["error_text"]
    (run,) = kitchen.runs(recipe)
    assert (run["status"], run["error_class"]) == ("failed", "Refused")
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,7,9,1\n2026-01-02,8,9,1\n")
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "number") == [(7,), (8,)]
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,x7,9,1\n")
    kitchen.workspace.run_everything()
    state = kitchen.state(recipe)
    assert state["error_text"]
    path = f"/api/v3/data-tables/{state['data_table_id']}/rows"
    assert kitchen.workspace.get(path)["count"] == 2


class TestRunaway:
    """A server whose builds have a second."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"recipe_timeout_seconds": 1})

    def test_others_go_on(self, kitchen: Kitchen) -> None:  # S90
        sql = (
            "SELECT a.x AS x FROM generate_series(1, 1000000000) AS a(x), "
            "generate_series(1, 1000000000) AS b(y) WHERE a.x + b.y = 0"
        )
        runaway = kitchen.recipe({"kind": "sql", "name": "s", "sql": sql}, title="Runaway")
        kitchen.enable(runaway)
        kitchen.activate(runaway)
        kitchen.workspace.run_everything()
        assert "longer than 1 seconds" in kitchen.state(runaway)["error_text"]
        assert kitchen.workspace.get("/api/v3/data-tables")["count"] == 2


def test_deleting_a_recipe_leaves_its_table_alone(
    kitchen: Kitchen, pipeline: PipelineFake
) -> None:  # S101
    recipe = kitchen.cook(GROUPED)
    table = kitchen.state(recipe)["data_table_id"]
    kitchen.send("POST", f"/workspaces/{kitchen.workspace.id}/recipes/{recipe['id']}/build")
    kitchen.send("DELETE", f"/recipes/{recipe['id']}", status=204)
    change_file(pipeline, "day,campaign,spend,clicks\n2026-01-02,z,9,1\n")
    kitchen.workspace.run_everything()
    rows = kitchen.workspace.get(f"/api/v3/data-tables/{table}/rows")
    assert rows["count"] == 2
    # Another recipe of the title builds a table of its own.
    again = kitchen.cook(GROUPED)
    assert kitchen.state(again)["data_table_id"] != table
    assert kitchen.rows(again, "campaign") == [("z",)]


def test_two_workspaces_stay_apart(
    kitchen: Kitchen, agency: AgencyFake, settings: Settings
) -> None:  # S17
    second = new_pipeline(agency.new_workspace(), settings.file_import_roots[0])
    second.file.write_text("day,campaign,spend,clicks\n2026-01-02,only here,9,1\n")
    second.workspace.post(f"/api/v3/extracts/{second.extract_id}/run", status=200)
    second.workspace.run_everything()
    other = Kitchen(agency, second.workspace)
    recipe = kitchen.recipe(GROUPED)
    kitchen.enable(recipe)
    other.enable(recipe)
    kitchen.activate(recipe)
    kitchen.workspace.run_everything()
    assert kitchen.rows(recipe, "campaign") == [("a",), ("b",)]
    assert other.rows(recipe, "campaign") == [("only here",)]


def test_events_tell_of_it(kitchen: Kitchen, resources: Resources) -> None:
    recipe = kitchen.cook(GROUPED)
    kitchen.send("POST", f"/recipes/{recipe['id']}/deactivate")
    with transaction(resources.sessions) as session:
        rows = session.execute(
            text("SELECT type AS name FROM event WHERE workspace_id = :id ORDER BY id"),
            {"id": kitchen.workspace.id},
        )
        names = [row.name for row in rows if row.name.startswith(("recipe", "transformation"))]
    assert names == [
        "recipe_activated", "transformation_started", "transformation_completed",
        "recipe_deactivated",
    ]  # fmt: skip


def test_an_outsider_cannot_enable_in_a_workspace(
    kitchen: Kitchen, other_workspace: WorkspaceFake
) -> None:  # S12
    recipe = kitchen.recipe(WHOLE)
    path = f"/workspaces/{other_workspace.id}/recipes"
    kitchen.send("POST", path, {"recipe_id": recipe["id"]}, 404)
    answer = kitchen.send("GET", f"/recipes/{recipe['id']}")
    assert answer["workspaces"] == []
