"""Which waiting runs begin: limits, order, fairness, one at a time in a lane."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select, text

from fakes.work import WorkFake
from headrace.runs import scheduling, service
from headrace.runs.models import Run, RunStatus

PER_WORKSPACE, PER_KEY = 8, 2  # the settings' defaults


def _admitted(work: WorkFake, *run_ids: int) -> list[bool]:
    return [work.run(run_id).status == RunStatus.ADMITTED for run_id in run_ids]


def test_a_run_waits_is_admitted_and_carried_out_once(work: WorkFake) -> None:
    scope = work.new_workspace()
    run_id = work.queue(scope, 1, params={"a": 1}, priority=3)
    (job,) = work.admit()
    assert job == {"run_id": run_id, "fence": 1}
    assert work.admit() == []
    work.carry_out(job)
    work.carry_out(job)  # jobs come at least once
    run = work.run(run_id)
    assert work.carried_out == ["1"]
    assert (run.status, run.fence, run.attempt, run.params) == ("succeeded", 1, 0, {"a": 1})
    assert run.created_at <= run.admitted_at <= run.started_at <= run.finished_at


def test_a_workspace_has_so_many_at_once(work: WorkFake) -> None:  # F17
    scope = work.new_workspace()
    runs = [work.queue(scope, subject) for subject in range(PER_WORKSPACE + 3)]
    jobs = work.admit()
    assert len(jobs) == PER_WORKSPACE
    assert _admitted(work, *runs) == [True] * PER_WORKSPACE + [False] * 3
    assert work.admit() == []
    work.carry_out(jobs[0])
    assert [job["run_id"] for job in work.admit()] == [runs[PER_WORKSPACE]]


def test_a_limit_key_has_so_many_at_once(work: WorkFake) -> None:
    scope = work.new_workspace()
    runs = [work.queue(scope, subject, limit_key="connection:7") for subject in range(4)]
    other = work.queue(scope, "else", limit_key="connection:8")
    jobs = work.admit()
    assert {job["run_id"] for job in jobs} == {*runs[:PER_KEY], other}
    work.carry_out(jobs[0])
    assert len(work.admit()) == 1


def test_a_lane_has_one_at_a_time_and_one_that_waits(work: WorkFake) -> None:
    scope = work.new_workspace()
    first = work.queue(scope, 1)
    assert work.queue(scope, 1) == first  # nothing has begun: the same run answers both
    (job,) = work.admit()
    second = work.queue(scope, 1)
    assert second != first
    assert work.queue(scope, 1) == second
    assert work.admit() == []
    work.carry_out(job)
    assert [job["run_id"] for job in work.admit()] == [second]


def test_requests_at_the_same_moment_join_one_run(work: WorkFake) -> None:  # F14
    scope = work.new_workspace()
    with ThreadPoolExecutor(6) as threads:
        ids = set(threads.map(lambda _: work.queue(scope, 1), range(24)))
    assert len(ids) == 1


def test_a_busy_workspace_does_not_starve_a_quiet_one(work: WorkFake) -> None:  # F17
    noisy, quiet = work.new_workspace(), work.new_workspace()
    with work.step() as session:
        for subject in range(400):
            work.queue_in(session, noisy, f"n{subject}", limit_key=f"n{subject}")
    late = [work.queue(quiet, f"q{subject}") for subject in range(3)]
    admitted = {job["run_id"] for job in work.admit()}
    assert admitted.issuperset(late)
    assert len(admitted) == PER_WORKSPACE + 3


def test_priority_goes_before_age_within_a_workspace(work: WorkFake) -> None:
    scope = work.new_workspace()
    old = [work.queue(scope, subject) for subject in range(PER_WORKSPACE)]
    urgent = work.queue(scope, "urgent", priority=5)
    work.admit()
    assert _admitted(work, urgent, *old) == [True] * PER_WORKSPACE + [False]


def test_runs_that_are_not_due_wait(work: WorkFake) -> None:
    run_id = work.queue(work.new_workspace(), 1)
    with work.step() as session:
        session.execute(text("UPDATE run SET due_at = now() + interval '1 hour'"))
    assert work.admit() == []
    with work.step() as session:
        assert not service.is_busy(session, work.kind, 1)
    work.make_due()
    with work.step() as session:
        assert service.is_busy(session, work.kind, 1)
    assert [job["run_id"] for job in work.admit()] == [run_id]


def test_schedulers_that_admit_at_once_keep_the_limits(work: WorkFake) -> None:  # F15
    scopes = [work.new_workspace() for _ in range(3)]
    with work.step() as session:
        for subject in range(60):
            scope = scopes[subject % 3]
            work.queue_in(session, scope, subject, limit_key=f"{scope.workspace_id}:{subject % 5}")

    def turn(_: int) -> None:
        with work.step() as session:
            scheduling.admit(session, work.resources)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(turn, range(12)))
    with work.step() as session:
        live = select(func.count()).where(Run.status == RunStatus.ADMITTED)
        by_workspace = session.scalars(live.group_by(Run.workspace_id)).all()
        by_key = session.scalars(live.group_by(Run.limit_key)).all()
        jobs = session.scalars(text("SELECT count(*) FROM procrastinate_jobs")).one()
    assert list(by_workspace) == [PER_WORKSPACE] * 3
    assert max(by_key) <= PER_KEY
    assert jobs == sum(by_workspace)


def test_nothing_is_queued_by_a_transaction_that_fails(work: WorkFake) -> None:
    with work.resources.sessions() as session:
        work.queue_in(session, work.new_workspace(), 1)
        session.flush()
        session.rollback()
    assert work.admit() == []
