"""A table under any sequence of events equals a dictionary of days (promises 1 and 3)."""

import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.orm import Session, sessionmaker

from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.table_store import Lake, Segment, SegmentState, changed_windows, coverage, sweep
from headrace.table_store.models import StoredFile, StoredSegment
from table_store.tables import SmallTable, batch_of, days

GRACE = timedelta(hours=6)
ACCOUNTS = st.sampled_from("abc")
WINDOWS = st.tuples(st.integers(0, 15), st.integers(0, 9)).map(lambda w: days(w[0], w[0] + w[1]))
COUNTS = st.lists(st.integers(0, 3), min_size=1, max_size=10)
STATES = st.sampled_from([SegmentState.FINAL, SegmentState.PROVISIONAL])

Model = dict[tuple[str, date], Counter[Any]]


class TableMachine(RuleBasedStateMachine):
    """Windows come, some never commit, readers hold old lists, loads deliver, sweeps run."""

    sessions: sessionmaker[Session]

    def __init__(self) -> None:
        super().__init__()
        with self.sessions.begin() as session:
            session.execute(StoredSegment.__table__.delete())
            session.execute(StoredFile.__table__.delete())
        self.folder = tempfile.TemporaryDirectory()
        self.table = SmallTable(Lake.open(self.folder.name), self.sessions)
        self.model: Model = {}
        self.covered: dict[tuple[str, date], SegmentState] = {}
        self.serial = 0
        self.held: tuple[list[Segment], Counter[Any]] = ([], Counter())
        self.delivered: list[Segment] = []
        self.downstream: Model = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    def rows(self, window: DayRange, counts: list[int]) -> list[tuple[date, str, Decimal]]:
        """Make that many rows for each day of a window, told apart from all others."""
        self.serial += 1
        found = []
        for number, each in enumerate(window.days()):
            text = f"write {self.serial}"
            found += [(each, text, Decimal(number))] * counts[number % len(counts)]
        return found

    def expect(self, account: str, window: DayRange, rows: list[Any], state: SegmentState) -> None:
        """Do to the model what a committed window does to the table."""
        for each in window.days():
            self.model.pop((account, each), None)
            self.covered[account, each] = state
        for row in rows:
            self.model.setdefault((account, row[0]), Counter())[(account, *row)] += 1

    @rule(account=ACCOUNTS, window=WINDOWS, counts=COUNTS, state=STATES)
    def replace(
        self, account: str, window: DayRange, counts: list[int], state: SegmentState
    ) -> None:
        rows = self.rows(window, counts)
        self.table.replace(account, window, rows, state)
        self.expect(account, window, rows, state)

    @rule(account=ACCOUNTS, window=WINDOWS)
    def replace_by_nothing(self, account: str, window: DayRange) -> None:
        self.table.replace(account, window, [])
        self.expect(account, window, [], SegmentState.FINAL)

    @rule(windows=st.tuples(WINDOWS, WINDOWS, WINDOWS), counts=COUNTS)
    def replace_all_accounts_at_once(
        self, windows: tuple[DayRange, ...], counts: list[int]
    ) -> None:
        work = [
            (account, window, self.rows(window, counts))
            for account, window in zip("abc", windows, strict=True)
        ]
        with ThreadPoolExecutor(len(work)) as pool:
            list(pool.map(lambda one: self.table.replace(*one), work))
        for account, window, rows in work:
            self.expect(account, window, rows, SegmentState.FINAL)

    @rule(account=ACCOUNTS, window=WINDOWS, counts=COUNTS)
    def die_before_the_commit(self, account: str, window: DayRange, counts: list[int]) -> None:
        staged = self.table.stage(account, [batch_of(self.rows(window, counts))])
        with self.sessions() as session:
            self.table.replace_in(session, account, window, staged)
            session.rollback()

    @rule()
    def hold_a_list(self) -> None:
        self.held = (self.table.live(), sum(self.model.values(), Counter()))

    @rule()
    def sweep(self) -> None:
        """Sweep when all is old; readers from before have then had their time."""
        with clock.shifted(GRACE + timedelta(minutes=1)):
            sweep(self.sessions, self.table.lake, GRACE)
        self.held = ([], Counter())
        live = {str(each.path) for each in self.table.live() if each.path}
        assert {file.path for file in self.table.lake.list_files()} == live

    @rule()
    def deliver_what_changed(self) -> None:
        """Write only the changed windows downstream, as a load does."""
        live = self.table.live()
        changed = changed_windows(
            [each.as_slice for each in self.delivered], [each.as_slice for each in live]
        )
        for account, windows in changed.items():
            mine = [each for each in live if each.account_id == account]
            for window in windows:
                assert window is not None
                for each in window.days():
                    self.downstream.pop((account, each), None)
                for row, count in self.table.read(mine, window).items():
                    self.downstream.setdefault((account, row[1]), Counter())[row] += count
        self.delivered = live
        assert self.downstream == self.model

    @invariant()
    def reads_as_the_model(self) -> None:
        assert self.table.read() == sum(self.model.values(), Counter())

    @invariant()
    def held_lists_read_as_when_taken(self) -> None:
        segments, rows = self.held
        assert self.table.read(segments) == rows

    @rule(window=WINDOWS)
    def read_some_days(self, window: DayRange) -> None:
        inside = set(window.days())
        expected = sum(
            (rows for (_, each), rows in self.model.items() if each in inside), Counter[Any]()
        )
        assert self.table.read(window=window) == expected

    @rule()
    def coverage_is_what_was_read(self) -> None:
        with self.sessions() as session:
            found = {
                (account, each): state
                for account, ranges in coverage(session, self.table.table_id).items()
                for window, state in ranges
                for each in (window.days() if window else ())
            }
        assert found.keys() == self.covered.keys()
        for key, state in found.items():
            provisional = self.covered[key] == SegmentState.PROVISIONAL
            assert provisional == (state == SegmentState.PROVISIONAL)
            if state == SegmentState.EMPTY:
                assert key not in self.model


def test_a_table_equals_its_model(sessions: sessionmaker[Session]) -> None:
    machine: Callable[[], RuleBasedStateMachine] = type(
        "BoundMachine", (TableMachine,), {"sessions": sessions}
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
