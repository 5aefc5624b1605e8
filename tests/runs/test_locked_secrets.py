"""Secrets that do not open: nothing is called without them, runs wait, and go on when they do."""

import secrets
from dataclasses import replace

from sqlalchemy import text

from fakes.callers import carry_out_all
from fakes.pipelines import PipelineFake
from headrace.db.engine import transaction
from headrace.kit.sealing import Vault
from headrace.rest.resources import Resources


def _end_waits(resources: Resources) -> None:
    with transaction(resources.sessions) as session:
        session.execute(text("UPDATE run SET due_at = now() WHERE status = 'waiting'"))


def test_runs_wait_for_the_key_and_go_on_with_it(
    pipeline: PipelineFake, resources: Resources
) -> None:  # F42
    workspace = pipeline.workspace
    path = f"/api/v3/loads/{pipeline.load_id}"
    delivered = workspace.get(path)["uploaded_rows_count"]
    locked = replace(resources, vault=Vault(secrets.token_bytes(32)))
    workspace.call("PUT", f"{path}/run", json={"full": True})
    for _ in range(resources.settings.run_attempts + 1):  # waiting spends no attempt
        carry_out_all(locked)
        (run, *_) = workspace.get(f"{path}/runs")["results"]
        assert run["status"] == "waiting"
        assert "cannot be opened" in run["error_text"]
        _end_waits(resources)
    destination = f"/api/v3/destinations/duckdb/connections/{pipeline.destination_id}"
    assert workspace.get(destination)["status"] == "active"  # nobody was asked, nothing is broken
    assert run["rows_written"] == 0
    carry_out_all(resources)
    found = workspace.get(path)
    assert (found["status"], found["uploaded_rows_count"]) == ("synced", delivered)
