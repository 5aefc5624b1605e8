"""Everything that can be done to an extract, done at the same moment: one winner, states legal."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from fakes.callers import take_jobs
from fakes.pipelines import PipelineFake
from headrace.access.authentication import server_scope
from headrace.db.engine import transaction
from headrace.rest.resources import Resources, open_resources
from headrace.runs import scheduling, service
from headrace.runs import tasks as run_tasks
from headrace.runs.service import NewRun
from headrace.settings import Settings

_DAILY = {"scheduling": [{"interval": "day", "hours": 3}]}


@pytest.fixture
def resources(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources on a database of the test's own, for as many threads as there are."""
    opened = open_resources(settings, committed_database, threads=12)
    yield opened
    opened.engine.dispose()


def _tick(resources: Resources) -> None:
    """Fire what is due, admit, and carry out whatever job is there."""
    with transaction(resources.sessions) as session:
        scheduling.fire_schedules(session)
    with transaction(resources.sessions) as session:
        scheduling.admit(session, resources)
        jobs = take_jobs(session)
    for job in jobs:
        run_tasks.carry_out(resources, **job)


@pytest.mark.parametrize("is_deleted", [False, True], ids=["kept", "deleted"])
def test_all_at_once(pipeline: PipelineFake, resources: Resources, is_deleted: bool) -> None:  # F14
    workspace, path = pipeline.workspace, f"/api/v3/extracts/{pipeline.extract_id}"
    rows = f"/api/v3/data-tables/{pipeline.data_table_id}/rows"
    before = workspace.get(rows)["count"]
    with transaction(resources.sessions) as session:
        session.execute(text("UPDATE schedule SET due_at = now() - interval '1 minute'"))
    calls = [("POST", f"{path}/run", {}), ("POST", f"{path}/run", {}),
             ("POST", f"{path}/pause", None), ("POST", f"{path}/unpause", None),
             ("PATCH", path, _DAILY), ("PUT", path, _DAILY),
             ("PUT", f"/api/v3/loads/{pipeline.load_id}/run", {})]  # fmt: skip
    if is_deleted:
        calls.append(("DELETE", path, None))
    start = Barrier(len(calls) + 2)

    def call(method: str, where: str, body: object) -> int:
        start.wait()
        status: int = workspace.call(method, where, json=body).status_code
        return status

    def work() -> None:
        start.wait()
        for _ in range(5):
            _tick(resources)

    with ThreadPoolExecutor(len(calls) + 2) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        answers: list[Callable[[], int]] = [pool.submit(call, *each).result for each in calls]
        statuses = [answer() for answer in answers]
        for worker in workers:
            worker.result()
    assert set(statuses) <= {200, 204, 400, 404, 409}, statuses
    _settle(pipeline, resources)
    found = workspace.call("GET", path)
    assert found.status_code == (404 if is_deleted else 200)
    assert workspace.get(rows)["count"] == before
    assert workspace.get(f"/api/v3/loads/{pipeline.load_id}")["status"] == "synced"
    if not is_deleted:
        assert found.json()["status"] == "synced"
        assert [each["hours"] for each in found.json()["scheduling"]] == [3]


def test_a_run_asked_for_too_late_is_cancelled(  # F14
    pipeline: PipelineFake, resources: Resources
) -> None:
    workspace, path = pipeline.workspace, f"/api/v3/extracts/{pipeline.extract_id}"
    assert workspace.call("DELETE", path).status_code == 204
    with transaction(resources.sessions) as session:
        scope = server_scope(session, workspace.id)
        late = NewRun("extract", str(pipeline.extract_id), "connection:1", "manual")
        run_id = service.start(session, scope, late)
    _tick(resources)
    run = workspace.get(f"/api/v3/runs/{run_id}")
    assert (run["status"], run["error_class"], len(run["attempts"])) == ("cancelled", None, 1)


def _settle(pipeline: PipelineFake, resources: Resources) -> None:
    """Let all end; no lane is ever left taken."""
    pipeline.workspace.call("POST", f"/api/v3/extracts/{pipeline.extract_id}/unpause")
    pipeline.workspace.run_everything()
    with transaction(resources.sessions) as session:
        left = session.execute(text("SELECT lane, status FROM run WHERE finished_at IS NULL")).all()
        ended = session.execute(text("SELECT DISTINCT status FROM run")).scalars().all()
    assert left == []
    assert set(ended) <= {"succeeded", "cancelled"}
