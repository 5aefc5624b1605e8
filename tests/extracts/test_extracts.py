"""Extracts through the API: creating, changing, running, and what bad input gets."""

from typing import Any

import pytest

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import (
    ROWS,
    PipelineFake,
    accounts_of,
    connect_file,
    new_pipeline,
    whole_file_template,
)
from headrace.settings import Settings

EXTRACTS = "/api/v3.1/extracts/"


def create(workspace: WorkspaceFake, account: int, title: str = "T", **settings: Any) -> Any:
    body = {
        "data_table_title": title,
        "template_id": whole_file_template(workspace),
        "accounts": [account],
        "template_settings": settings,
    }
    return workspace.call("POST", EXTRACTS, json=body)


def rows_of(workspace: WorkspaceFake, data_table_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.get(f"/api/v3/data-tables/{data_table_id}/rows")["rows"]
    return found


def test_a_pipeline_leaves_rows_and_history(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    extract = workspace.get(f"/api/v3/extracts/{pipeline.extract_id}/")
    assert extract["status"] == "synced"
    assert extract["account_embedded_id"] == pipeline.account_id
    rows = rows_of(workspace, pipeline.data_table_id)
    assert [(row["campaign"], row["spend"]) for row in rows] == [("a", "1.5"), ("b", "2.25")]
    run = workspace.get(f"/api/v3/extracts/{pipeline.extract_id}/runs")["results"][0]
    assert (run["status"], run["rows_written"], run["windows_done"]) == ("succeeded", 2, 1)
    detail = workspace.get(f"/api/v3/runs/{run['id']}")
    assert [window["is_done"] for window in detail["windows"]] == [True]
    load = workspace.get(f"/api/v3/loads/{pipeline.load_id}")
    assert load["uploaded_rows_count"] == 2


def test_the_alias_creates_too(pipeline: PipelineFake) -> None:
    body = {
        "data_table_title": "Alias",
        "template_id": pipeline.template_id,
        "accounts": [pipeline.account_id],
    }
    made = pipeline.workspace.post("/api/v3/extracts", body)
    assert [item["data_table"]["title"] for item in made] == ["Alias"]


def test_a_run_after_a_change_of_the_file_widens_columns(pipeline: PipelineFake) -> None:  # F10
    pipeline.file.write_text("day,campaign,clicks,region\n2026-01-01,a,3.5,north\n")
    workspace = pipeline.workspace
    answer = workspace.call("POST", f"/api/v3/extracts/{pipeline.extract_id}/run")
    assert answer.status_code == 200
    assert answer.json()["status"] == "syncing"
    workspace.run_everything()
    rows = rows_of(workspace, pipeline.data_table_id)
    assert [(row["clicks"], row["region"], row["spend"]) for row in rows] == [
        ("3.5", "north", None)
    ]
    load = workspace.get(f"/api/v3/loads/{pipeline.load_id}")
    assert (load["status"], load["uploaded_rows_count"]) == ("synced", 1)


def test_an_empty_answer_is_doubted_before_it_erases(pipeline: PipelineFake) -> None:  # F12
    pipeline.file.write_text("day,campaign,spend,clicks\n")
    workspace = pipeline.workspace
    workspace.post(f"/api/v3/extracts/{pipeline.extract_id}/run", status=200)
    workspace.run_everything()
    run = workspace.get(f"/api/v3/extracts/{pipeline.extract_id}/runs")["results"][0]
    assert (run["status"], run["error_class"], run["attempt"]) == ("waiting", "TryLater", 1)
    assert len(rows_of(workspace, pipeline.data_table_id)) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("%PDF-1.7 not a table", ["PDF"]),
        ("a,b\n1,2\n3\n", ["line 3"]),
    ],
)
def test_a_file_that_is_not_what_it_says_fails_in_words(
    pipeline: PipelineFake, content: str, words: list[str]
) -> None:
    pipeline.file.write_text(content)
    workspace = pipeline.workspace
    workspace.post(f"/api/v3/extracts/{pipeline.extract_id}/run", status=200)
    workspace.run_everything()
    extract = workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")
    assert extract["status"] == "error"
    for word in words:
        assert word in extract["error_text"]
    assert len(rows_of(workspace, pipeline.data_table_id)) == 2


@pytest.mark.parametrize(
    ("policy", "status", "spend", "rejected"),
    [("fail", "error", None, 0), ("null_and_count", "synced", [None, "2.25"], 1)],
)
def test_a_bad_number_follows_the_policy(
    workspace: WorkspaceFake,
    settings: Settings,
    policy: str,
    status: str,
    spend: list[Any] | None,
    rejected: int,
) -> None:
    file = settings.file_import_roots[0] / "bad.csv"
    file.write_text(ROWS.replace("1.50", "1.x"))
    connection = connect_file(workspace, file, types={"spend": "decimal"})
    account = accounts_of(workspace, connection["id"])[0]["id"]
    made = create(workspace, account, bad_values=policy).json()[0]
    workspace.run_everything()
    extract = workspace.get(f"/api/v3/extracts/{made['id']}")
    assert extract["status"] == status, extract
    rows = rows_of(workspace, made["data_table"]["id"])
    if spend is None:
        assert "spend" in extract["error_text"]
        assert rows == []
    else:
        assert [row["spend"] for row in rows] == spend
        run = workspace.get(f"/api/v3/extracts/{made['id']}/runs")["results"][0]
        assert run["rows_rejected"] == rejected


def test_a_date_column_makes_a_file_windowed(workspace: WorkspaceFake, settings: Settings) -> None:
    file = settings.file_import_roots[0] / "dated.csv"
    file.write_text(ROWS)
    connection = connect_file(workspace, file, date_column="day")
    account = accounts_of(workspace, connection["id"])[0]["id"]
    made = create(workspace, account).json()[0]
    workspace.run_everything()
    assert len(rows_of(workspace, made["data_table"]["id"])) == 2
    # A dated run replaces exactly those days.
    file.write_text(ROWS.replace("1.50", "9").replace("2.25", "8"))
    dates = {"date_from": "2026-01-02", "date_to": "2026-01-02"}
    workspace.post(f"/api/v3/extracts/{made['id']}/run", dates, status=200)
    workspace.run_everything()
    rows = rows_of(workspace, made["data_table"]["id"])
    assert [row["spend"] for row in rows] == ["1.5", "8"]


def test_a_file_of_some_days_replaces_those_and_keeps_the_rest(
    workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "rolling.csv"
    file.write_text(ROWS)
    connection = connect_file(workspace, file, date_column="day")
    account = accounts_of(workspace, connection["id"])[0]["id"]
    made = create(workspace, account).json()[0]
    workspace.run_everything()
    # The next export holds the second day, restated, and a new one.
    file.write_text("day,campaign,spend,clicks\n2026-01-02,b,8,4\n2026-01-03,c,7,1\n")
    workspace.post(f"/api/v3/extracts/{made['id']}/run", status=200)
    workspace.run_everything()
    rows = rows_of(workspace, made["data_table"]["id"])
    assert [(row["day"], row["spend"]) for row in rows] == [
        ("2026-01-01", "1.5"),
        ("2026-01-02", "8"),
        ("2026-01-03", "7"),
    ]


def test_create_refuses_in_words(pipeline: PipelineFake) -> None:
    workspace, account = pipeline.workspace, pipeline.account_id
    two = [{"interval": "day"}, {"interval": "hour"}]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"sync_historical_data": "2026-01-01"}, "no days"),
        ({"additional_params": {"nonsense": 1}}, "nonsense"),
        ({"scheduling": two}, "at most 1"),
        ({"scheduling": {"interval": "week", "days": 7}}, "0 to 6"),
        ({"scheduling": {"timezone": "Mars/Olympus"}}, "IANA"),
        ({"scheduling": {"hours": 24}}, "hours"),
    ]
    for given, words in cases:
        answer = create(workspace, account, "Other", **given)
        assert answer.status_code == 400, given
        assert words in answer.json()["details"], answer.json()
    unknown = create(workspace, 2**53)
    assert unknown.status_code == 400
    assert "accounts" in unknown.json()["errors"]
    body = {"data_table_title": "x", "template_id": 2**53, "accounts": [account]}
    assert workspace.call("POST", EXTRACTS, json=body).status_code == 404
    facebook = workspace.get("/api/v3/datasources/facebook/extract-templates")["results"][0]["id"]
    other = workspace.call("POST", EXTRACTS, json=body | {"template_id": facebook})
    assert other.status_code == 400
    assert "facebook" in other.json()["details"]
    assert workspace.get("/api/v3/data-tables")["count"] == 1


def test_disabled_accounts_are_not_extracted(pipeline: PipelineFake) -> None:
    path = f"/api/v3/connections/{pipeline.connection_id}/accounts/{pipeline.account_id}"
    workspace = pipeline.workspace
    workspace.call("PATCH", path, json={"enabled_for_embedded_extraction": False})
    answer = create(workspace, pipeline.account_id, "Other")
    assert answer.status_code == 400
    assert "not enabled" in answer.json()["details"]


def test_pause_stops_and_unpause_resumes(pipeline: PipelineFake) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/extracts/{pipeline.extract_id}"
    for _ in range(2):  # doing it twice changes nothing
        assert workspace.post(f"{path}/pause", status=200)["status"] == "paused"
    refused = workspace.call("POST", f"{path}/run")
    assert refused.status_code == 400
    assert "unpause" in refused.json()["details"]
    assert workspace.post(f"{path}/unpause/", status=200)["status"] == "synced"


def test_a_second_run_is_409_while_one_is_under_way(pipeline: PipelineFake) -> None:
    path = f"/api/v3/extracts/{pipeline.extract_id}/run"
    pipeline.workspace.post(path, status=200)
    assert pipeline.workspace.call("POST", path).status_code == 409


@pytest.mark.parametrize(
    "dates",
    [
        {"date_from": "2026-01-01"},
        {"date_from": "2026-01-02", "date_to": "2026-01-01"},
        {"date_from": "2026-01-01", "date_to": "2026-01-02"},  # the report has no days
        {"date_from": "yesterday", "date_to": "2026-01-02"},
    ],
)
def test_bad_dates_are_refused(pipeline: PipelineFake, dates: dict[str, str]) -> None:  # F28
    answer = pipeline.workspace.call(
        "POST", f"/api/v3/extracts/{pipeline.extract_id}/run", json=dates
    )
    assert answer.status_code == 400
    assert "date" in answer.json()["details"]


def test_put_resets_and_patch_keeps(pipeline: PipelineFake) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/extracts/{pipeline.extract_id}"
    weekly = {"interval": "week", "days": 2, "hours": 5, "timezone": "Europe/Berlin"}
    changed = workspace.call("PATCH", path, json={"scheduling": weekly, "id": 1, "status": "x"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["scheduling"][0]["timezone"] == "Europe/Berlin"
    assert (changed.json()["id"], changed.json()["status"]) == (
        pipeline.extract_id,
        "synced",
    )  # S27
    assert workspace.call("PATCH", path, json={}).json()["scheduling"][0]["interval"] == "week"
    reset = workspace.call("PUT", path, json={})
    assert reset.json()["scheduling"][0]["interval"] == "day"


def test_delete_keeps_the_data_table(pipeline: PipelineFake) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/extracts/{pipeline.extract_id}"
    assert workspace.call("DELETE", path).status_code == 204
    assert workspace.call("DELETE", path).status_code == 404
    assert len(rows_of(workspace, pipeline.data_table_id)) == 2


def test_filters_take_comma_lists(pipeline: PipelineFake, settings: Settings) -> None:
    workspace = pipeline.workspace
    second = new_pipeline(workspace, settings.file_import_roots[0], "Second")
    both = f"{pipeline.connection_id},{second.connection_id}"
    assert workspace.get(f"/api/v3/extracts?connection_id={both}")["count"] == 2
    one = f"connection_id={both}&data_table_id={second.data_table_id}"
    assert workspace.get(f"/api/v3/extracts/?{one}")["count"] == 1
    assert workspace.get("/api/v3/extracts?datasource_name=facebook,reddit")["count"] == 0
    assert workspace.call("GET", "/api/v3/extracts?connection_id=abc").status_code == 400


def test_deleting_a_connection_pauses_its_extracts(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    path = f"/api/v3/datasources/file_import/connections/{pipeline.connection_id}"
    wrong = path.replace("file_import", "facebook")
    assert workspace.call("DELETE", wrong).status_code == 404
    assert workspace.call("DELETE", path).status_code == 204
    assert workspace.call("DELETE", path).status_code == 404
    extract = workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")
    assert extract["status"] == "paused"
    assert len(rows_of(workspace, pipeline.data_table_id)) == 2


def test_numbers_out_of_range_are_no_fault_of_ours(pipeline: PipelineFake) -> None:  # S88
    workspace = pipeline.workspace
    assert workspace.call("GET", f"/api/v3/extracts/{10**30}").status_code in {400, 404}
    assert workspace.call("GET", "/api/v3/extracts/abc").status_code == 404
    for page in ("0", "-1", "abc", "1000000000", "9" * 40, "2"):
        answer = workspace.call("GET", f"/api/v3/extracts?page={page}")
        assert answer.status_code == 404, page
        assert answer.json() == {"details": "Invalid page."}
    assert workspace.get("/api/v3/extracts?page_size=1000")["count"] == 1


def test_a_viewer_sees_and_does_nothing_else(agency: AgencyFake, pipeline: PipelineFake) -> None:
    viewer = agency.member(pipeline.workspace, "viewer")
    path = f"/api/v3/extracts/{pipeline.extract_id}"
    assert viewer.get(path)["id"] == pipeline.extract_id
    for method, rest in (("POST", "/run"), ("POST", "/pause"), ("PATCH", ""), ("DELETE", "")):
        assert viewer.call(method, path + rest, json={}).status_code == 403
