"""Answers without rows, where few attempts are allowed."""

from typing import Any

import pytest
from sqlalchemy import text

from fakes.pipelines import ROWS, PipelineFake
from headrace.db.engine import transaction
from headrace.settings import Settings


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """Settings that allow a run so many attempts."""
    return settings.model_copy(update={"run_attempts": request.param})


def _run_on_nothing(pipeline: PipelineFake) -> dict[str, Any]:
    """Empty the file, run the extract once and return it."""
    workspace = pipeline.workspace
    pipeline.file.write_text(ROWS.splitlines()[0] + "\n")
    path = f"/api/v3/extracts/{pipeline.extract_id}"
    assert workspace.call("POST", f"{path}/run", json={}).status_code == 200
    workspace.run_everything()
    found: dict[str, Any] = workspace.get(f"{path}/")
    return found


@pytest.mark.parametrize("settings", [1], indirect=True)
def test_emptiness_is_believed_where_nobody_asks_twice(pipeline: PipelineFake) -> None:  # F12
    workspace = pipeline.workspace
    assert _run_on_nothing(pipeline)["status"] == "synced"
    assert workspace.get(f"/api/v3/data-tables/{pipeline.data_table_id}/rows")["rows"] == []


@pytest.mark.parametrize("settings", [5], indirect=True)
def test_a_report_that_was_empty_is_not_taken_up_again(pipeline: PipelineFake) -> None:  # F12
    _run_on_nothing(pipeline)
    sessions = pipeline.workspace.resources.sessions
    with transaction(sessions) as session:
        session.execute(
            text("""UPDATE run_window SET bookmark = '{"report": 7}' WHERE NOT is_done""")
        )
        session.execute(text("UPDATE run SET due_at = now() WHERE status = 'waiting'"))
    pipeline.workspace.run_everything()
    with transaction(sessions) as session:
        rows = session.execute(text("SELECT bookmark FROM run_window WHERE NOT is_done")).all()
    assert [row.bookmark for row in rows] == [None]
