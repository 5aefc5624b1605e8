"""Extracts, loads and webhooks against a small model, in sequences that nobody thought of (F48).

The machine acts as customer, time, source, and workers, who may die before or after any commit and
whose jobs may be carried out again later. After each step the data table holds exactly the rows of
the windows that are done, statuses are legal, and every end has its event. Now and then everything
comes to rest: then the table is what the source holds, the destination is what the table is, and
every event has arrived under one key.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fakes.plain_network import Day
from headrace.kit.outcomes import Refused, TryLater
from model.world import EVENTS, EXTRACTS, FIELDS, LOADS, Shown, Stage, World

LOOKBACK_DAYS = 3  # of the report
EXAMPLES, STEPS = 16, 30
_DAY = timedelta(days=1)
_ENDS = {
    ("extract", "succeeded"): "extraction_completed",
    ("extract", "failed"): "extraction_failed",
    ("load", "succeeded"): "load_completed",
    ("load", "failed"): "load_failed",
}

NUMBERS = st.integers(0, 5)
SLEEPS = st.one_of(st.none(), st.none(), st.integers(0, 4))
DEATHS = st.one_of(st.none(), st.integers(0, 8))


class Lifecycle(RuleBasedStateMachine):
    """One workspace, one account, one data table; extracts of it come and go."""

    stage: Stage

    @initialize(mode=st.sampled_from(["replace", "upsert", "append"]))
    def begin(self, mode: str) -> None:
        self.world = World.begin(self.stage)
        self.extract_id: int | None = None
        self.table_id = 0
        self.since = self.world.today()
        self.fields = list(FIELDS)
        self.is_paused = False
        self.loads: dict[int, tuple[str, str]] = {}
        self.shown: dict[date, Shown] = {}
        self.windows_seen: set[int] = set()
        self.asleep_with: dict[date, Day] | None = None
        self.asleep_fields: list[str] | None = None
        self.counts = dict.fromkeys(EVENTS, 0)
        self.create(history=4)
        self.create_load(mode)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.end()

    # The customer: extracts.

    def has_extract(self) -> bool:
        return self.extract_id is not None

    @precondition(lambda self: not self.has_extract())
    @rule(history=st.integers(1, 8))
    def create(self, history: int) -> None:
        self.since = self.world.today() - history * _DAY
        body = {
            "data_table_title": "T",
            "template_id": self.world.template_id,
            "accounts": [self.world.account_id],
            "template_settings": {"sync_historical_data": str(self.since), "fields": self.fields},
        }
        (made,) = self.world.workspace.post(f"{EXTRACTS}", body)
        self.extract_id, self.table_id = made["id"], made["data_table"]["id"]
        self.is_paused = False
        self.counts["extraction_created"] += 1

    @precondition(has_extract)
    @rule(days=st.one_of(st.none(), st.tuples(st.integers(1, 9), st.integers(0, 4))))
    def run(self, days: tuple[int, int] | None) -> None:
        body = None
        if days is not None:
            last = self.world.today() - days[0] * _DAY
            body = {"date_from": str(last - days[1] * _DAY), "date_to": str(last)}
        status = self.world.call("POST", f"{EXTRACTS}/{self.extract_id}/run", body)
        assert status in ((400,) if self.is_paused else (200, 409))

    @precondition(has_extract)
    @rule(verb=st.sampled_from(["pause", "unpause"]))
    def pause(self, verb: str) -> None:
        assert self.world.call("POST", f"{EXTRACTS}/{self.extract_id}/{verb}") == 200
        if self.is_paused != (verb == "pause"):
            self.counts["extraction_paused" if verb == "pause" else "extraction_unpaused"] += 1
        self.is_paused = verb == "pause"

    @precondition(has_extract)
    @rule(further=st.integers(1, 6))
    def want_more_history(self, further: int) -> None:
        self.since -= further * _DAY
        self._patch({"sync_historical_data": str(self.since)})

    @precondition(has_extract)
    @rule(with_clicks=st.booleans())
    def choose_fields(self, with_clicks: bool) -> None:
        self.fields = [*FIELDS, "clicks"] if with_clicks else list(FIELDS)
        self._patch({"fields": self.fields})

    def _patch(self, body: dict[str, Any]) -> None:
        assert self.world.call("PATCH", f"{EXTRACTS}/{self.extract_id}", body) == 200

    @precondition(has_extract)
    @rule()
    def delete(self) -> None:
        assert self.world.call("DELETE", f"{EXTRACTS}/{self.extract_id}") == 204
        assert self.world.call("GET", f"{EXTRACTS}/{self.extract_id}") == 404
        self.extract_id = None

    @rule(number=NUMBERS, verb=st.sampled_from(["cancel", "retry"]))
    def control(self, number: int, verb: str) -> None:
        runs = self.world.ask(
            "SELECT id, status FROM run WHERE workspace_id = :w AND kind IN ('extract', 'load') "
            "ORDER BY id DESC LIMIT 6"
        )
        if not runs:
            return
        run = runs[number % len(runs)]
        status = self.world.call("POST", f"/api/v3/runs/{run.id}/{verb}")
        is_over = run.status in ("succeeded", "failed", "cancelled")
        if verb == "cancel":
            assert status == (409 if is_over else 200)
        elif run.status not in ("failed", "cancelled"):
            assert status == 409

    # The customer: loads.

    @precondition(lambda self: len(self.loads) < 3)
    @rule(mode=st.sampled_from(["replace", "upsert", "append"]))
    def create_load(self, mode: str) -> None:
        name = f"t{self.counts['load_created']}"
        body = {
            "data_table_id": self.table_id,
            "destination_connection_id": self.world.destination_id,
            "destination_table": name,
            "load_mode": mode,
        }
        load_id = self.world.workspace.post(LOADS, body)["id"]
        self.loads[load_id] = (name, mode)
        self.counts["load_created"] += 1

    @precondition(lambda self: self.loads)
    @rule(number=NUMBERS, verb=st.sampled_from(["run", "run", "pause", "unpause", "delete"]))
    def use_load(self, number: int, verb: str) -> None:
        load_id = sorted(self.loads)[number % len(self.loads)]
        if verb == "delete":
            assert self.world.call("DELETE", f"{LOADS}/{load_id}") == 204
            del self.loads[load_id]
            return
        assert self.world.call("PUT", f"{LOADS}/{load_id}/{verb}") in (200, 400, 409)

    # The source, the destination, time.

    @rule(age=st.integers(1, LOOKBACK_DAYS), number=NUMBERS, is_removed=st.booleans())
    def source_restates(self, age: int, number: int, is_removed: bool) -> None:
        day, network = self.world.today() - age * _DAY, self.stage.network
        if is_removed:
            network.remove(day, "other")
        else:
            network.put(day, "other", number)

    @rule(limited=st.booleans(), refusing=st.booleans())
    def source_is_in_a_mood(self, limited: bool, refusing: bool) -> None:
        self.stage.network.is_limited, self.stage.network.is_refusing = limited, refusing

    @rule(problem=st.sampled_from([None, None, TryLater("away"), Refused("no")]))
    def destination_has(self, problem: TryLater | Refused | None) -> None:
        self.stage.memory.problem = problem

    @rule()
    def a_day_passes(self) -> None:
        self.world.let_a_day_pass()

    @rule()
    def waits_end(self) -> None:
        self.world.make_due()

    # Workers.

    @rule()
    def admit(self) -> None:
        self.world.admit()

    @precondition(lambda self: self.world.jobs)
    @rule(number=NUMBERS, dies_after=DEATHS, is_stored=st.booleans())
    def work(self, number: int, dies_after: int | None, is_stored: bool) -> None:
        self.world.work(number, dies_after, is_stored=is_stored)
        self._take_note()

    @precondition(lambda self: self.world.jobs and self.world.sleeper is None)
    @rule(number=NUMBERS, after=SLEEPS)
    def worker_falls_asleep(self, number: int, after: int | None) -> None:
        if self.world.fall_asleep(number, after):
            # What it has read it stores later; with the fields it knew when it began.
            self.asleep_with = self._source() if after is None else None
            self.asleep_fields = None if after == 0 else list(self.fields)
        self._take_note()

    @precondition(lambda self: self.world.sleeper is not None)
    @rule()
    def worker_wakes(self) -> None:
        self.world.wake()
        self._take_note(self.asleep_with, self.asleep_fields)

    @rule()
    def leases_end(self) -> None:
        self.world.let_leases_end()

    @rule(failures=st.integers(0, 2))
    def dispatch(self, failures: int) -> None:
        self.world.dispatch(failures)

    def _source(self) -> dict[date, Day]:
        """The source's rows of the days that anything may be about, as they are now."""
        today = self.world.today()
        return {d: self.stage.network.rows(d) for d in (today - n * _DAY for n in range(-1, 90))}

    def _take_note(
        self, in_hand: dict[date, Day] | None = None, fields: list[str] | None = None
    ) -> None:
        """Let the model read what was read in this step, as the source is now.

        in_hand: what a worker that slept had read before, of the first window it stores.
        fields: those it knew.
        """
        done = self.world.ask(
            "SELECT w.id, w.date_from, w.date_to FROM run_window w JOIN run r ON r.id = w.run_id "
            "WHERE r.workspace_id = :w AND r.kind = 'extract' AND w.is_done ORDER BY w.finished_at"
        )
        for window in [each for each in done if each.id not in self.windows_seen]:
            self.windows_seen.add(window.id)
            source, in_hand = in_hand or self._source(), None
            day = window.date_from
            while day <= window.date_to:
                self.shown[day] = {
                    campaign: (
                        Decimal(spend),
                        clicks if "clicks" in (fields or self.fields) else None,
                    )
                    for campaign, (spend, clicks) in source[day].items()
                }
                day += _DAY

    # What always holds.

    @invariant()
    def table_is_what_was_read(self) -> None:
        assert self.world.rows(self.table_id) == self.shown

    @invariant()
    def lanes_and_statuses_are_legal(self) -> None:
        crowded = self.world.ask(
            "SELECT lane FROM run WHERE workspace_id = :w GROUP BY lane HAVING "
            "count(*) FILTER (WHERE status IN ('admitted', 'running')) > 1 OR "
            "count(*) FILTER (WHERE status = 'waiting' AND fence = 0) > 1"
        )
        assert crowded == []
        if self.extract_id is not None:
            found = self.world.workspace.get(f"{EXTRACTS}/{self.extract_id}")
            assert found["status"] == self._wanted_status()

    def _wanted_status(self) -> str:
        runs = self.world.ask(
            "SELECT status FROM run WHERE workspace_id = :w AND kind = 'extract' "
            "AND subject_id = :id ORDER BY finished_at NULLS LAST",
            id=str(self.extract_id),
        )
        statuses = [run.status for run in runs if run.status != "cancelled"]
        if self.is_paused:
            return "paused"
        if not statuses:
            return "init"
        return {"succeeded": "synced", "failed": "error"}.get(statuses[-1], "syncing")

    @invariant()
    def each_change_was_told_once(self) -> None:
        told = self.world.told()
        for name in ("extraction_created", "extraction_paused", "extraction_unpaused",
                     "load_created"):  # fmt: skip
            assert told[name, ""] == self.counts[name], name
        for run in self.world.ask("SELECT id, kind, status FROM run WHERE workspace_id = :w"):
            for end, name in _ENDS.items():
                assert told[name, str(run.id)] == ((run.kind, run.status) == end), name

    # What holds at rest.

    @rule()
    def comes_to_rest(self) -> None:
        self.stage.network.is_limited = self.stage.network.is_refusing = False
        self.stage.memory.problem = None
        for load_id in self.loads:
            assert self.world.call("PUT", f"{LOADS}/{load_id}/unpause") == 200
        if self.extract_id is not None:
            self.pause("unpause")
            self._rest()
            self.run(None)
        self._rest()
        for load_id in self.loads:
            assert self.world.call("PUT", f"{LOADS}/{load_id}/run") == 200
        self._rest()
        self._table_is_the_source()
        self._destinations_are_the_table()
        self._events_have_arrived()

    def _rest(self) -> None:
        if self.world.sleeper is not None:
            self.worker_wakes()
        self.world.come_to_rest()
        self._take_note()

    def _table_is_the_source(self) -> None:
        if self.extract_id is None:
            return
        day = self.since
        while day < self.world.today():
            spends = {name: spend for name, (spend, _) in self.shown[day].items()}
            assert spends == {n: s for n, (s, _) in self.stage.network.rows(day).items()}, day
            day += _DAY

    def _destinations_are_the_table(self) -> None:
        for name, mode in self.loads.values():
            rows = self.stage.memory.tables.get(name, [])
            if mode == "append":
                last: dict[date, Any] = {}
                for row in rows:
                    last[row["date"]] = max(
                        last.get(row["date"], row["__insert_date"]), row["__insert_date"]
                    )
                rows = [row for row in rows if row["__insert_date"] == last[row["date"]]]
            found = sorted((row["date"], row["campaign_id"], row["spend"]) for row in rows)
            assert found == sorted(
                (day, campaign, spend)
                for day, shown in self.shown.items()
                for campaign, (spend, _) in shown.items()
            ), name

    def _events_have_arrived(self) -> None:
        for _ in range(4):
            self.world.make_due()
            self.world.dispatch()
        arrived = self.world.arrived()
        happened = self.world.ask(
            "SELECT uid FROM event WHERE workspace_id = :w AND type = ANY(:types)",
            types=list(EVENTS),
        )
        assert arrived.keys() == {event.uid for event in happened}
        assert all(len(keys) == 1 for keys in arrived.values())
        assert len(set().union(*arrived.values())) == len(arrived)


def test_sequences_agree_with_the_model(stage: Stage) -> None:  # F48
    machine = type("Lifecycle", (Lifecycle,), {"stage": stage})
    run_state_machine_as_test(
        machine,
        settings=budget(
            max_examples=EXAMPLES,
            phases=(Phase.generate,),  # to shorten a sequence takes minutes; it is told as it was
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
