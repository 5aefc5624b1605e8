"""Two customers side by side: what one has, counts and does leaves the other's as it is."""

from pathlib import Path

from sqlalchemy import update

from fakes.callers import WorkspaceFake, carry_out_all
from fakes.pipelines import PipelineFake, accounts_of, connect_file, whole_file_template
from headrace.access.authentication import server_scope
from headrace.db.engine import transaction
from headrace.runs import service as runs
from headrace.runs.models import Run
from headrace.runs.service import NewRun
from headrace.settings import Settings


def test_a_run_cannot_reach_into_another_workspace(  # S12
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:
    resources = pipeline.workspace.resources
    before = pipeline.workspace.get(f"/api/v3/extracts/{pipeline.extract_id}")
    rows = pipeline.workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}/rows")
    pipeline.file.write_text("day,campaign,spend,clicks\n2026-01-01,stolen,9,9\n")
    with transaction(resources.sessions) as session:
        scope = server_scope(session, other_workspace.id)
        subject = str(pipeline.extract_id)
        forged = NewRun(kind="extract", subject_id=subject, limit_key="x", trigger="forged")
        run_id = runs.start(session, scope, forged)
    for _ in range(resources.settings.run_attempts + 1):
        carry_out_all(resources)
        with transaction(resources.sessions) as session:
            unfinished = update(Run).where(Run.id == run_id, Run.finished_at.is_(None))
            session.execute(unfinished.values(due_at=Run.created_at))
    with transaction(resources.sessions) as session:
        forged_run = session.get_one(Run, run_id)
        assert forged_run.status != "succeeded"
        assert forged_run.workspace_id == other_workspace.id
    assert pipeline.workspace.get(f"/api/v3/extracts/{pipeline.extract_id}") == before
    table = f"/api/v3/data-tables/{pipeline.data_table_id}/rows"
    assert pipeline.workspace.get(table) == rows


def test_counters_count_ones_own(  # S15
    pipeline: PipelineFake, other_pipeline: PipelineFake
) -> None:
    for mine in (pipeline, other_pipeline):
        listed = mine.workspace.get("/api/v3/datasources/file_import/connections")
        assert listed["count"] == 1
        assert listed["results"][0]["accounts_number"] == 1
        assert listed["results"][0]["enabled_for_extraction_accounts_number"] == 1
        endpoints = mine.workspace.get("/api/v3/webhook_endpoints/")
        assert [item["subscriptions_count"] for item in endpoints] == [1]
        for path in ("extracts", "loads", "data-tables"):
            assert mine.workspace.get(f"/api/v3/{path}")["count"] == 1


def test_two_customers_of_one_account_stay_apart(  # S17
    pipeline: PipelineFake, other_workspace: WorkspaceFake, settings: Settings
) -> None:
    shared: Path = pipeline.file
    connection = connect_file(other_workspace, shared)
    account = accounts_of(other_workspace, connection["id"])[0]
    body = {"template_id": whole_file_template(other_workspace), "accounts": [account["id"]]}
    extract = other_workspace.post("/api/v3.1/extracts/", body | {"data_table_title": "Orders"})[0]
    other_workspace.run_everything()
    theirs = f"/api/v3/data-tables/{extract['data_table']['id']}"
    mine = f"/api/v3/data-tables/{pipeline.data_table_id}"
    kept = pipeline.workspace.get(f"{mine}/rows")
    assert other_workspace.get(f"{theirs}/rows")["count"] == kept["count"] == 2
    shared.write_text("day,campaign,spend,clicks\n2026-01-03,c,1,1\n")
    answer = other_workspace.call("POST", f"/api/v3/extracts/{extract['id']}/run")
    assert answer.status_code == 200
    other_workspace.run_everything()
    changed = other_workspace.get(f"{theirs}/rows")["rows"]
    assert "2026-01-03" in str(changed)
    assert pipeline.workspace.get(f"{mine}/rows") == kept
    assert other_workspace.call("GET", f"{mine}/rows").status_code == 404
