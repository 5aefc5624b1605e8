"""Processes that forget everything they hold in memory: limits and locks are the database's."""

from fakes.work import WorkFake
from headrace.db.engine import transaction
from headrace.rest.resources import Resources, open_resources
from headrace.runs import scheduling
from headrace.settings import Settings


def test_a_process_that_forgot_everything_keeps_limits_and_lanes(
    work: WorkFake, committed: Resources, settings: Settings
) -> None:  # F41
    scope = work.new_workspace()
    allowed = settings.runs_per_connection
    runs = [work.queue(scope, n, limit_key="connection:1") for n in range(allowed + 3)]
    jobs = work.admit()
    assert len(jobs) == allowed
    work.carry_out(jobs[0])  # its place is free again, the others' are not
    again = work.queue(scope, runs.index(jobs[1]["run_id"]), limit_key="connection:2")

    url = committed.engine.url.render_as_string(hide_password=False)
    fresh = open_resources(settings, url, threads=2)
    with transaction(fresh.sessions) as session:
        assert scheduling.admit(session, fresh) == 1
    with transaction(fresh.sessions) as session:
        assert scheduling.admit(session, fresh) == 0
    fresh.engine.dispose()
    assert work.run(again).status == "waiting"  # its lane is taken, whatever its limit
    running = [run for run in runs if work.run(run).status == "admitted"]
    assert len(running) == allowed
