"""History never blocks the daily run: what gives way, what goes on, and that nothing is read twice."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from sqlalchemy import text

from extracts.conftest import EXTRACTS, ExtractsFake
from fakes.callers import take_jobs
from headrace.connectors.contract import DataClass, Report
from headrace.db.engine import transaction
from headrace.extracts.windows import horizon, is_history, plan_windows, still_to_read
from headrace.kit.days import DayRange, merged
from headrace.runs import scheduling
from headrace.runs import tasks as run_tasks
from headrace.runs.schemas import LookbackWindow
from headrace.settings import Settings

TODAY = date(2026, 3, 31)
REPORT = Report(
    name="r",
    title="R",
    data_class=DataClass.DAILY,
    fields=(),
    date_field="date",
    lookback_days=7,
    history_days=90,
    chunk_days=10,
)


def back(first: int, last: int) -> DayRange:
    """The days from so many to so many days ago."""
    return DayRange(TODAY - timedelta(first), TODAY - timedelta(last))


@pytest.mark.parametrize(
    ("changed", "days", "expected"),
    [
        ({}, back(7, 1), False),
        ({}, back(17, 8), True),
        ({}, None, False),
        ({"lookback_days": 0}, back(10, 1), False),
        ({"lookback_days": 0}, back(20, 11), True),
        ({"lookback_days": 0, "includes_today": True}, back(1, 1), True),
    ],
)
def test_what_is_history(changed: dict[str, Any], days: DayRange | None, expected: bool) -> None:
    assert is_history(days, horizon(replace(REPORT, **changed), TODAY)) is expected


@pytest.mark.parametrize(
    ("read_since", "wanted_ago", "expected"),
    [
        pytest.param([], 90, [back(20, 11)], id="nothing happened meanwhile"),
        pytest.param([back(30, 1)], 90, [], id="all was read by a later run"),
        pytest.param([back(15, 14)], 90, [back(13, 11), back(20, 16)], id="some, newest first"),
        pytest.param([], 15, [back(15, 11)], id="history begins later now"),
        pytest.param([], 10, [], id="none of it is wanted any more"),
        pytest.param([back(12, 11)], None, [back(20, 13)], id="days asked for by name stay"),
    ],
)
def test_what_is_left_of_a_window(
    read_since: list[DayRange], wanted_ago: int | None, expected: list[DayRange]
) -> None:
    wanted = None if wanted_ago is None else TODAY - timedelta(wanted_ago)
    assert still_to_read(back(20, 11), read_since=read_since, wanted_from=wanted) == expected


@dataclass
class Life:
    """An extract's runs as the product carries them out, without the database: who goes, who waits."""

    report: Report
    wanted_from: date
    today: date = TODAY
    final: set[date] = field(default_factory=set)
    readers: dict[date, int] = field(default_factory=dict)
    plans: dict[int, list[DayRange]] = field(default_factory=dict)
    fresh: bool = False
    waiting: list[int] = field(default_factory=list)
    live: int | None = None
    runs: int = 0
    twice: list[date] = field(default_factory=list)

    def begin(self) -> bool:
        """Admit a run: a fresh one before those that wait with history."""
        if self.live is not None:
            return True
        if self.fresh:
            self.fresh, self.live = False, self.runs
        elif self.waiting:
            self.live = self.waiting.pop(0)
        else:
            return False
        self._plan(self.live)
        return True

    def _plan(self, run: int) -> None:
        if run in self.plans:
            seen = horizon(self.report, self.today)
            later = {day for day, reader in self.readers.items() if reader > run}
            fresh = {day for day in later if seen.is_changing(DayRange(day, day))}
            since = [DayRange(day, day) for day in fresh | self.final]
            self.plans[run] = [
                piece
                for window in self.plans[run]
                for piece in still_to_read(window, read_since=since, wanted_from=self.wanted_from)
            ]
            return
        others = (window for plan in self.plans.values() for window in plan)
        self.plans[run] = plan_windows(
            self.report,
            horizon(self.report, self.today),
            wanted_from=self.wanted_from,
            final=merged(DayRange(day, day) for day in self.final),
            taken=list(others),
            lookback=LookbackWindow(),
            asked=None,
        )

    def step(self) -> None:
        """Read one window of the run under way, then see whether it gives way."""
        if not self.begin():
            return
        run = self.live
        assert run is not None
        if self.plans[run]:
            self._read(run, self.plans[run].pop(0))
        left = self.plans[run]
        if not left:
            del self.plans[run]
            self.live = None
        elif self.fresh and is_history(left[0], horizon(self.report, self.today)):
            self.waiting.append(run)
            self.live = None

    def _read(self, run: int, window: DayRange) -> None:
        seen = horizon(self.report, self.today)
        for day in window.days():
            self.twice += [day] if day in self.final else []
            self.readers[day] = run
            if not seen.is_changing(window):
                self.final.add(day)

    def ask(self) -> None:
        """A schedule is due; a run that waits unbegun is joined."""
        if not self.fresh:
            self.fresh = True
            self.runs += 1

    def kill(self) -> None:
        """The worker dies: the run waits again, in its old place."""
        if self.live is not None:
            self.waiting.insert(0, self.live)
            self.live = None


@settings_of_hypothesis(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(0, 20),
    st.integers(1, 30),
    st.integers(1, 85),
    st.lists(st.sampled_from(["step", "step", "step", "ask", "kill", "day", "deeper"])),
)
def test_whatever_happens_every_wanted_day_is_read_and_no_final_day_again(  # F01, F11
    lookback_days: int, chunk_days: int, history: int, happenings: list[str]
) -> None:
    report = replace(REPORT, lookback_days=lookback_days, chunk_days=chunk_days)
    life = Life(report, TODAY - timedelta(history))
    life.ask()
    for happening in happenings:
        if happening == "step":
            life.step()
        elif happening == "ask":
            life.ask()
        elif happening == "kill":
            life.kill()
        elif happening == "day":
            life.today += timedelta(1)
        else:
            life.wanted_from -= timedelta(3)
            life.ask()
    life.ask()
    while life.begin():
        life.step()
    seen = horizon(report, life.today)
    first = max(seen.first, life.wanted_from)
    wanted = {first + timedelta(n) for n in range((seen.last - first).days + 1)}
    assert wanted <= life.readers.keys()
    settled = {day for day in wanted if not seen.is_changing(DayRange(day, day))}
    assert settled <= life.final
    assert life.twice == []


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings under which history gives way after every window."""
    return settings.model_copy(update={"history_slice_seconds": 0})


def turn(demo: ExtractsFake) -> list[int]:
    """Do one turn of a scheduler, and of a worker with all it admitted; gives the runs."""
    resources = demo.workspace.resources
    with transaction(resources.sessions) as session:
        scheduling.admit(session, resources)
        jobs = take_jobs(session)
    for job in jobs:
        run_tasks.carry_out(resources, **job)
    return [job["run_id"] for job in jobs]


def run_of(demo: ExtractsFake, run_id: int) -> dict[str, Any]:
    found: dict[str, Any] = demo.workspace.get(f"/api/v3/runs/{run_id}")
    return found


@pytest.fixture
def deep(demo: ExtractsFake) -> dict[str, Any]:
    """An extract of four months, whose first run has read the newest days and some history."""
    made = demo.create(sync_historical_data="2026-07-20")
    (run_id,) = turn(demo)
    return made | {"run_id": run_id}


def test_history_lets_others_go_first_and_costs_no_attempt(
    demo: ExtractsFake, deep: dict[str, Any]
) -> None:
    run = run_of(demo, deep["run_id"])
    assert (run["status"], run["attempt"], run["error_class"]) == ("waiting", 0, None)
    assert 0 < run["windows_done"] < run["windows_total"]
    turns = 1
    while run_of(demo, deep["run_id"])["status"] == "waiting":
        assert turn(demo) == [deep["run_id"]]
        turns += 1
    assert turns > 2
    ended = run_of(demo, deep["run_id"])
    assert (ended["status"], ended["retries"]) == ("succeeded", 0)
    assert ended["windows_done"] == ended["windows_total"]


def test_a_daily_run_comes_in_between_and_leaves_the_history_alone(
    demo: ExtractsFake, deep: dict[str, Any]
) -> None:
    path = f"{EXTRACTS}/{deep['id']}"
    demo.workspace.post(f"{path}/run", status=200)  # not refused: only history is under way
    (daily,) = turn(demo)
    assert daily != deep["run_id"]
    ended = run_of(demo, daily)
    assert ended["status"] == "succeeded"
    assert all(window["date_to"] > "2026-10-01" for window in ended["windows"])
    assert run_of(demo, deep["run_id"])["status"] == "waiting"

    demo.workspace.run_everything()
    assert run_of(demo, deep["run_id"])["status"] == "succeeded"
    (covered,) = demo.workspace.get(f"/api/v3/data-tables/{deep['data_table']['id']}/coverage")
    assert covered["ranges"][0]["date_from"] == "2026-07-20"
    days = [(each["date_from"], each["date_to"]) for each in covered["ranges"]]
    for (_, before), (after, _) in itertools.pairwise(days):
        assert date.fromisoformat(after) - date.fromisoformat(before) == timedelta(1)


def test_history_that_a_later_run_read_is_not_read_again(
    demo: ExtractsFake, deep: dict[str, Any]
) -> None:
    path = f"{EXTRACTS}/{deep['id']}"
    demo.workspace.post(
        f"{path}/run", {"date_from": "2026-07-20", "date_to": "2026-07-25"}, status=200
    )
    demo.workspace.run_everything()
    run = run_of(demo, deep["run_id"])
    assert run["status"] == "succeeded"
    assert min(each["date_from"] for each in run["windows"]) == "2026-07-26"


def test_history_that_is_no_longer_wanted_is_left_out(
    demo: ExtractsFake, deep: dict[str, Any]
) -> None:
    path = f"{EXTRACTS}/{deep['id']}"
    body = {"sync_historical_data": "2026-08-15"}
    assert demo.workspace.call("PATCH", path, json=body).status_code == 200
    demo.workspace.run_everything()
    runs = demo.workspace.get(f"{path}/runs")["results"]
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    (covered,) = demo.workspace.get(f"/api/v3/data-tables/{deep['data_table']['id']}/coverage")
    assert covered["ranges"][0]["date_from"] == "2026-08-15"


def test_a_run_whose_worker_died_in_its_history_goes_on_where_it_was(  # F01
    demo: ExtractsFake, deep: dict[str, Any]
) -> None:
    before = run_of(demo, deep["run_id"])
    resources = demo.workspace.resources
    with transaction(resources.sessions) as session:
        scheduling.admit(session, resources)
        take_jobs(session)
        session.execute(
            text("UPDATE run SET status = 'running' WHERE id = :id"), {"id": deep["run_id"]}
        )
    with transaction(resources.sessions) as session:
        session.execute(
            text("UPDATE run SET admitted_at = now() - interval '1 day' WHERE id = :id"),
            {"id": deep["run_id"]},
        )
    assert run_tasks.recover(resources) == 1
    demo.workspace.run_everything()
    after = run_of(demo, deep["run_id"])
    assert after["status"] == "succeeded"
    done = [each for each in before["windows"] if each["is_done"]]
    assert [each for each in after["windows"] if each in done] == done  # not stored anew


def test_moving_history_later_starts_a_run_where_it_is_asked_for(  # contract 4.10
    demo: ExtractsFake,
) -> None:
    made = demo.create(sync_historical_data="2026-11-01")
    demo.workspace.run_everything()
    path = f"{EXTRACTS}/{made['id']}"
    body = {"sync_historical_data": "2026-11-10"}
    assert demo.workspace.call("PATCH", path, json=body).status_code == 200
    newest = demo.workspace.get(f"{path}/runs")["results"][0]
    assert (newest["trigger"], newest["status"]) == ("backfill", "waiting")
    demo.workspace.run_everything()
    assert demo.workspace.call("PATCH", path, json=body).status_code == 200
    assert len(demo.workspace.get(f"{path}/runs")["results"]) == 2  # the same day asks for nothing
