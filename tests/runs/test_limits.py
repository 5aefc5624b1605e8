"""Limits that reach beyond a connection: authorizations, applications, places; and who goes first."""

from collections import Counter

import pytest
from sqlalchemy import text

from fakes.work import WorkFake
from headrace.db.engine import transaction
from headrace.runs import admission, scheduling
from headrace.runs.limits import Limits, limits_of
from headrace.runs.models import Run
from headrace.settings import Settings

FACEBOOK = "app:facebook:one"
WIDE = Limits(per_workspace=8, other=2, by_name={"connection": 2, "credential": 4, "app": 10})

_LIVE = text("SELECT count(*) FROM run WHERE status = 'admitted'")
_QUEUE = text(
    "SELECT (args ->> 'run_id')::bigint FROM procrastinate_jobs ORDER BY priority DESC, id"
)
_FORGET_JOBS = text("DELETE FROM procrastinate_jobs")
_LET_WAIT = text("UPDATE run SET status = 'waiting'")
_MAKE_SILENT = text(
    "UPDATE worker_process SET seen_at = now() - make_interval(secs => :seconds) WHERE id = :id"
)


def _admit(work: WorkFake, limits: Limits, at_most: int = 200) -> list[Run]:
    with transaction(work.resources.sessions) as session:
        assert admission.take_admission_turn(session)
        chosen = [row.id for row in admission.admit_due(session, at_most, limits)]
    return [work.run(run_id) for run_id in chosen]


def test_an_authorization_has_so_many_at_once_through_all_its_connections(  # F17
    work: WorkFake,
) -> None:
    scope = work.new_workspace()
    for number in range(8):
        keys = {"limit_key": f"connection:{number}", "credential_key": "credential:x:1"}
        work.queue(scope, number, **keys)
    other = work.queue(scope, "other", limit_key="connection:9", credential_key="credential:x:2")
    begun = _admit(work, WIDE)
    assert Counter(run.credential_key for run in begun) == {
        "credential:x:1": 4,
        "credential:x:2": 1,
    }
    assert other in {run.id for run in begun}
    assert _admit(work, WIDE) == []


def test_an_application_is_shared_by_workspaces_in_turn(work: WorkFake) -> None:  # F17
    scopes = [work.new_workspace() for _ in range(4)]
    with work.step() as session:
        for number in range(20):  # they came before those of the others
            work.queue_in(session, scopes[0], f"a{number}", system_key=FACEBOOK)
        for scope in scopes[1:]:
            for number in range(3):
                subject = f"{scope.workspace_id}:{number}"
                work.queue_in(session, scope, subject, system_key=FACEBOOK)
    begun = _admit(work, WIDE)
    assert sorted(Counter(run.workspace_id for run in begun).values()) == [2, 2, 3, 3]
    assert _admit(work, WIDE) == []
    work.queue(scopes[0], "elsewhere", system_key="app:facebook:two")
    assert [run.system_key for run in _admit(work, WIDE)] == ["app:facebook:two"]


def test_what_the_connection_holds_back_takes_no_place_at_the_application(work: WorkFake) -> None:
    scope, other = work.new_workspace(), work.new_workspace()
    for number in range(12):
        work.queue(scope, number, limit_key="connection:1", system_key=FACEBOOK)
    behind = work.queue(other, "behind", limit_key="connection:2", system_key=FACEBOOK)
    begun = _admit(work, Limits(per_workspace=8, other=2, by_name={"app": 3}))
    assert len(begun) == 3
    assert behind in {run.id for run in begun}


def test_a_full_application_leaves_the_rest_of_a_workspace_its_places(work: WorkFake) -> None:
    """Held back by an application in one turn, they make room for others in the next."""
    scope = work.new_workspace()
    for number in range(12):
        work.queue(scope, number, system_key=FACEBOOK)
    free = work.queue(scope, "free")
    limits = Limits(per_workspace=8, other=2, by_name={"app": 3})
    assert len(_admit(work, limits)) == 3
    assert [run.id for run in _admit(work, limits)] == [free]


def test_a_lane_under_way_takes_no_place_at_its_connection(work: WorkFake) -> None:
    scope = work.new_workspace()
    work.queue(scope, "busy", limit_key="connection:1")
    assert len(_admit(work, WIDE)) == 1
    work.queue(scope, "busy", limit_key="connection:1")
    other = work.queue(scope, "other", limit_key="connection:1")
    assert [run.id for run in _admit(work, WIDE)] == [other]


def test_one_source_may_bear_less_than_others(work: WorkFake) -> None:
    scopes = [work.new_workspace() for _ in range(3)]
    for scope in scopes:
        for number in range(4):
            keys = {"system_key": f"app:{'slow' if number % 2 else 'quick'}:one"}
            work.queue(scope, f"{scope.workspace_id}:{number}", **keys)
    limits = Limits(per_workspace=8, other=2, by_name={"app": 10, "app:slow": 2})
    begun = Counter(run.system_key for run in _admit(work, limits))
    assert begun == {"app:quick:one": 6, "app:slow:one": 2}


@pytest.mark.parametrize("set_to", [50, 1])
def test_operators_set_limits_and_plugins_make_them_tighter(
    settings: Settings, set_to: int
) -> None:
    changed = settings.model_copy(
        update={"runs_per_app": set_to, "runs_per_destination": 1, "runs_per_credential": 3}
    )
    limits = limits_of(changed)
    assert limits.per_workspace == settings.runs_per_workspace
    assert (limits.by_name["app"], limits.by_name["credential"]) == (set_to, 3)
    assert all(limits.by_name[name.split(":")[0]] >= most for name, most in limits.by_name.items())


def test_no_more_is_admitted_than_the_workers_can_begin_soon(work: WorkFake) -> None:  # F17
    with work.step() as session:
        for scope in [work.new_workspace() for _ in range(5)]:
            for number in range(8):
                work.queue_in(session, scope, f"{scope.workspace_id}:{number}")
    presence = scheduling.Presence("here:1", threads=3)
    presence.show(work.resources)
    scheduling.tick(work.resources)
    assert _live(work) == 6  # three at work and one ahead for each
    scheduling.tick(work.resources)
    assert _live(work) == 6
    alone = work.queue(work.new_workspace(), "alone")  # has nothing under way: goes ahead of those
    scheduling.tick(work.resources)
    assert work.run(alone).status == "admitted"
    assert _live(work) == 7
    second = scheduling.Presence("here:2", threads=2)
    second.show(work.resources)
    scheduling.tick(work.resources)
    assert _live(work) == 10
    presence.end(work.resources)
    second.end(work.resources)


def test_a_worker_that_fell_silent_is_not_counted(work: WorkFake) -> None:
    living, dead = (scheduling.Presence(name, threads=2) for name in ("living", "dead"))
    for presence in (living, dead):
        presence.show(work.resources)
    silence = work.resources.settings.worker_timeout_seconds
    with work.step() as session:
        assert scheduling.room(session, silence) == scheduling.Room(8, 12)
        session.execute(_MAKE_SILENT, {"seconds": silence + 1, "id": dead.worker_id})
        assert scheduling.room(session, silence) == scheduling.Room(4, 6)


def test_the_only_run_of_a_workspace_goes_ahead_of_what_was_admitted_before(
    work: WorkFake,
) -> None:  # F17
    noisy, quiet = work.new_workspace(), work.new_workspace()
    with work.step() as session:
        for number in range(30):
            work.queue_in(session, noisy, number)
    work.admit()
    with work.step() as session:
        for number in range(30, 60):
            work.queue_in(session, noisy, number)
    alone = work.queue(quiet, "alone")
    with work.step() as session:
        session.execute(_FORGET_JOBS)
        session.execute(_LET_WAIT)
        scheduling.admit(session, work.resources)
        first = session.scalars(_QUEUE).all()[:2]
    assert alone in first  # the other is the noisy one's first


def test_the_schedulers_look_again_soon_only_where_runs_wait(work: WorkFake) -> None:
    assert scheduling.tick(work.resources) == scheduling.LOOKS_AGAIN_SECONDS
    scope = work.new_workspace()
    for number in range(20):
        work.queue(scope, number)
    assert scheduling.tick(work.resources) < scheduling.LOOKS_AGAIN_SECONDS


def _live(work: WorkFake) -> int:
    with work.step() as session:
        return int(session.scalars(_LIVE).one())
