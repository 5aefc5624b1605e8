"""What workers remove in idle time."""

from sqlalchemy import text

from fakes.work import WorkFake
from headrace import worker


def test_history_is_removed_however_long_it_is(work: WorkFake) -> None:
    run_id = work.queue(work.new_workspace(), 1)
    work.try_until_it_ends(run_id)
    columns = (
        "workspace_id, kind, trigger, lane, limit_key, priority, params, status, due_at, fence"
    )
    zeros = "attempt, rows_read, rows_written, rows_deleted, rows_rejected, bytes_written, retries"
    with work.step() as session:
        session.execute(
            text(
                f"INSERT INTO run ({columns}, {zeros}, subject_id, finished_at) "
                f"SELECT {columns}, {zeros}, number, now() - interval '1 year' "
                "FROM run, generate_series(1, 2500) AS number"
            )
        )
    worker._forget(work.resources)
    with work.step() as session:
        assert session.scalars(text("SELECT id FROM run")).all() == [run_id]
