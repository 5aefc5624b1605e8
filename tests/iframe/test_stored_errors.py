"""What was stored when something failed, as pages say it in the visitor's language."""

import json
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.kitchens import Kitchen
from fakes.pipelines import PipelineFake, connect_file
from fakes.visitors import Visitor, signed_in
from headrace.db.engine import transaction
from headrace.settings import Settings
from recipes.test_recipes import GROUPED

GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def visitor(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    return signed_in(workspace, agency.username)


def _page(visitor: Visitor, path: str, **headers: str) -> str:
    found = visitor.get(path, **headers)
    assert found.status_code == 200, found.text
    return unescape(found.text)


def _said(visitor: Visitor, german: str, *paths: str) -> None:
    for path in paths:
        assert german in _page(visitor, path, **GERMAN), path


def _last_run(workspace: WorkspaceFake, path: str) -> dict[str, Any]:
    found: dict[str, Any] = workspace.get(path)["results"][0]
    return found


def _fail_extract(pipeline: PipelineFake) -> int:
    """Let the pipeline's extract fail for what is in its file; return the run."""
    pipeline.file.write_text("%PDF-1.7 not a table")
    path = f"/api/v3/extracts/{pipeline.extract_id}"
    pipeline.workspace.post(f"{path}/run", status=200)
    pipeline.workspace.run_everything()
    return int(_last_run(pipeline.workspace, f"{path}/runs")["id"])


def test_a_failed_extract_run(visitor: Visitor, pipeline: PipelineFake) -> None:
    run_id = _fail_extract(pipeline)
    extract, run = f"/extracts/{pipeline.extract_id}", f"/runs/{run_id}"
    english = f"{pipeline.file.name} is a PDF document, not CSV, TSV, JSON lines or Parquet."
    german = f"{pipeline.file.name} ist ein PDF-Dokument, nicht CSV, TSV, JSON Lines oder Parquet."
    connection = f"/connections/{pipeline.connection_id}"
    _said(visitor, german, extract, run, connection, "/extracts", "/dashboards/pipeline_health")
    _said(visitor, german[:60], "/runs")
    assert english in _page(visitor, extract)

    shown = pipeline.workspace.get(f"/api/v3{extract}")
    detail = pipeline.workspace.get(f"/api/v3{run}")
    assert (shown["error_text"], detail["error_text"]) == (english, english)
    assert detail["attempts"][-1]["error_text"] == english
    listed = [pipeline.workspace.get(f"/api/v3/{name}") for name in ("extracts", "runs")]
    assert "error_told" not in json.dumps([shown, detail, listed])


def test_an_older_release_stores_text_alone(visitor: Visitor, pipeline: PipelineFake) -> None:
    _fail_extract(pipeline)
    path = f"/extracts/{pipeline.extract_id}"
    for change in (
        "error_text = 'Full: 100% of {disk}'",  # beside the message of an earlier failure
        "error_told = NULL",
        "error_text = 'The connection was deleted.'",
    ):
        with transaction(pipeline.workspace.resources.sessions) as session:
            session.execute(
                text(f"UPDATE extract SET {change} WHERE id = :id"), {"id": pipeline.extract_id}
            )
        last = "Die Verbindung wurde gelöscht." if "deleted" in change else "Full: 100% of {disk}"
        assert last in _page(visitor, path, **GERMAN), change


def test_a_load_that_fails_at_its_destination(
    visitor: Visitor, pipeline: PipelineFake, settings: Settings
) -> None:
    assert settings.local_files_root is not None
    (file,) = settings.local_files_root.glob("*.duckdb")
    file.write_bytes(b"this is no database" * 100)
    path = f"/api/v3/loads/{pipeline.load_id}"
    pipeline.workspace.call("PUT", f"{path}/run", json={"full": True})
    pipeline.workspace.run_everything()
    run_id = _last_run(pipeline.workspace, f"{path}/runs")["id"]

    told = pipeline.workspace.get(path)["error_text"]
    assert told.startswith(f"File {file.name!r}: it is not a file this DuckDB can open;")
    german = (
        f"Datei „{file.name}“: Dies ist keine Datei, die dieses DuckDB öffnen kann; nennen Sie eine "
        "andere Datei. DuckDB meldet: "
    )
    said = told.partition("DuckDB said: ")[2]
    _said(visitor, german + said, f"/loads/{pipeline.load_id}", f"/runs/{run_id}")
    _said(visitor, german[:100], "/loads")

    visitor.post(f"/destinations/{pipeline.destination_id}/recheck")
    pipeline.workspace.run_everything()
    _said(visitor, german + said, f"/destinations/{pipeline.destination_id}")
    _said(visitor, german[:100], "/destinations")


def test_a_refused_step_of_a_recipe(
    visitor: Visitor, agency: AgencyFake, pipeline: PipelineFake
) -> None:
    kitchen = Kitchen(agency, pipeline.workspace)
    recipe = kitchen.cook(GROUPED)
    pipeline.file.write_text("day,campaign,spend\n2026-01-01,a,many\n2026-01-02,b,few\n")
    pipeline.workspace.post(f"/api/v3/extracts/{pipeline.extract_id}/run", status=200)
    kitchen.workspace.run_everything()

    run = kitchen.runs(recipe)[0]
    english = f"Step {GROUPED['name']!r}: sum does not apply to column 'spend', which is string."
    assert (run["status"], run["error_text"]) == ("failed", english)
    assert kitchen.state(recipe)["error_text"] == english
    german = f"Schritt „{GROUPED['name']}“: sum passt nicht zur Spalte „spend“; sie ist string."
    _said(visitor, german, f"/runs/{run['id']}", "/runs")


def test_a_broken_connection_whose_file_has_markup_for_a_name(
    visitor: Visitor, workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "<b>orders.csv"
    file.write_text("day,spend\n2026-01-01,1.50\n")
    made = connect_file(workspace, file)
    file.unlink()
    broken = workspace.post(f"/api/v3/connections/{made['id']}/check", status=200)
    assert broken["status"] == "error"
    assert broken["error_text"] == "No file matches '<b>orders.csv' in the opened folder."
    assert "error_told" not in broken
    page = visitor.get(f"/connections/{made['id']}", **GERMAN).text
    german = "Keine Datei im geöffneten Ordner passt zu „&lt;b&gt;orders.csv“."
    assert german in page
    assert "<b>orders.csv" not in page
