"""Runs over HTTP: lists by what people look for, one in detail, control by those who may."""

from typing import Any

import pytest

from fakes.callers import AgencyFake, WorkspaceFake, take_jobs
from fakes.pipelines import PipelineFake, new_pipeline
from headrace.db.engine import transaction
from headrace.settings import Settings

RUNS = "/api/v3/runs"


@pytest.fixture
def pipeline(workspace: WorkspaceFake, settings: Settings) -> PipelineFake:
    """An extract and a load that have run once each, and an extract that failed since."""
    made = new_pipeline(workspace, settings.file_import_roots[0])
    made.file.write_text("")
    workspace.call("POST", f"/api/v3/extracts/{made.extract_id}/run")
    workspace.run_everything()
    return made


def _ids(found: dict[str, Any]) -> list[int]:
    return [run["id"] for run in found["results"]]


def test_runs_are_listed_by_what_people_look_for(pipeline: PipelineFake) -> None:  # F18
    get = pipeline.workspace.get
    everything = get(RUNS)["results"]
    assert [run["id"] for run in everything] == sorted(_ids(get(RUNS)), reverse=True)
    for name, of in (
        ({"kind": "load"}, lambda run: run["kind"] == "load"),
        ({"status": "failed"}, lambda run: run["status"] == "failed"),
        ({"status": "failed,succeeded", "kind": "extract"}, lambda run: run["kind"] == "extract"),
        ({"trigger": "manual"}, lambda run: run["trigger"] == "manual"),
        ({"error_class": "Refused"}, lambda run: run["error_class"] == "Refused"),
        (
            {"kind": "load", "subject_id": str(pipeline.load_id)},
            lambda run: run["subject_id"] == str(pipeline.load_id) and run["kind"] == "load",
        ),
        ({"created_since": everything[0]["created_at"]}, lambda run: run is everything[0]),
        ({"created_until": everything[0]["created_at"]}, lambda run: run is not everything[0]),
        ({"finished_until": "2020-01-01T00:00:00Z"}, lambda _: False),
        ({"finished_since": "2020-01-01T00:00:00Z"}, lambda run: run["finished_at"] is not None),
    ):
        found = get(RUNS, **name)
        wanted = [run["id"] for run in everything if of(run)]
        assert (_ids(found), found["count"]) == (wanted, len(wanted)), name
    assert get(RUNS, page_size=1)["next"] is not None


@pytest.mark.parametrize("query", [{"status": "done"}, {"created_since": "yesterday"}])
def test_a_filter_that_means_nothing_is_refused(
    query: dict[str, str], workspace: WorkspaceFake
) -> None:
    answer = workspace.call("GET", RUNS, params=query)
    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["details"]


def test_a_failed_run_says_why_and_what_to_do_and_is_replayed(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    (failed,) = workspace.get(RUNS, status="failed", kind="extract")["results"]
    detail = workspace.get(f"{RUNS}/{failed['id']}")
    assert detail["error_text"]
    assert detail["next_step"] == "Put right what the message says, then replay the run."
    assert [one["outcome"] for one in detail["attempts"]] == ["failed"]
    pipeline.file.write_text("day,campaign,spend,clicks\n2026-01-03,c,1.00,1\n")
    again = workspace.post(f"{RUNS}/replay", {"kind": "extract"}, status=200)
    assert [one["replays_run_id"] for one in again["started"]] == [failed["id"]]
    workspace.run_everything()
    done = workspace.get(f"{RUNS}/{again['started'][0]['run_id']}")
    assert (done["status"], done["trigger"], done["windows"][0]["state"]) == (
        "succeeded",
        "replay",
        "done",
    )
    assert done["seconds_reading"] > 0


def test_a_paused_extract_cannot_be_replayed_and_says_so(pipeline: PipelineFake) -> None:
    workspace = pipeline.workspace
    workspace.call("POST", f"/api/v3/extracts/{pipeline.extract_id}/pause")
    answer = workspace.post(f"{RUNS}/replay", {"kind": "extract"}, status=200)
    assert answer["started"] == []
    assert "paused" in answer["left_out"][0]["details"]


def test_each_kind_asks_for_its_own_permission(
    pipeline: PipelineFake, agency: AgencyFake
) -> None:  # S18
    workspace = pipeline.workspace
    role = {"title": "Extracts only", "permissions": {"extract": ["view", "run"]}}
    assert agency.call("POST", "/api/v3/roles", json=role).status_code == 201
    member = agency.member(workspace, role["title"])
    workspace.call("PUT", f"/api/v3/loads/{pipeline.load_id}/run", json={})
    with transaction(workspace.resources.sessions) as session:
        take_jobs(session)
    (waiting,) = workspace.get(RUNS, status="waiting", kind="load")["results"]
    answer = member.call("POST", f"{RUNS}/{waiting['id']}/cancel")
    assert (answer.status_code, "load.run" in answer.text) == (403, True)
    (failed,) = workspace.get(RUNS, status="failed")["results"]
    assert member.call("POST", f"{RUNS}/{failed['id']}/retry").status_code == 200
    assert workspace.post(f"{RUNS}/{waiting['id']}/cancel", status=200)["status"] == "cancelled"
