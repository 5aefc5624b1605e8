"""How many statements a run sends: most of what a short run costs its worker, and the database."""

from typing import Any

import pytest
from sqlalchemy import event

from fakes.callers import WorkspaceFake
from fakes.pipelines import PipelineFake
from headrace.runs import tasks

MOST_STATEMENTS = 30
"""Of a run that reads one window: raise it only for what a run cannot do without."""

# Tests share one transaction, so what bounds a transaction elsewhere is a statement here.
_BOUNDS = ("SAVEPOINT ", "RELEASE ", "SELECT set_config(", "SELECT current_setting(")


def _statements_of_runs(workspace: WorkspaceFake, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Carry out what is due, and return what was sent meanwhile; not what came before it."""
    sent: list[str] = []
    carry_out = tasks.carry_out

    def note(_c: Any, _cursor: Any, text: str, _values: Any, _context: Any, _many: bool) -> None:
        if not text.startswith(_BOUNDS):
            sent.append(text)

    def watched(*given: Any, **named: Any) -> None:
        event.listen(workspace.resources.engine, "before_cursor_execute", note)
        try:
            carry_out(*given, **named)
        finally:
            event.remove(workspace.resources.engine, "before_cursor_execute", note)

    monkeypatch.setattr(tasks, "carry_out", watched)
    workspace.run_everything()
    return sent


def test_a_run_of_one_window_sends_few_statements(
    pipeline: PipelineFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = pipeline.workspace
    workspace.call("PUT", f"/api/v3/loads/{pipeline.load_id}/pause", json={})
    path = f"/api/v3/extracts/{pipeline.extract_id}"
    assert workspace.call("POST", f"{path}/run", json={}).status_code == 200
    sent = _statements_of_runs(workspace, monkeypatch)
    assert workspace.get(path)["status"] == "synced"
    assert any(statement.startswith("UPDATE run SET") for statement in sent)
    assert len(sent) <= MOST_STATEMENTS, "\n".join(sent)


def test_what_an_extract_joins_comes_with_it(
    pipeline: PipelineFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = pipeline.workspace
    workspace.call("POST", f"/api/v3/extracts/{pipeline.extract_id}/run", json={})
    sent = _statements_of_runs(workspace, monkeypatch)
    of_extracts = [one for one in sent if one.startswith("SELECT extract.id, ")]
    assert len(of_extracts) == 2, of_extracts  # as it begins, and as it ends
    assert not [one for one in sent if "\nFROM extract_template \n" in one]
