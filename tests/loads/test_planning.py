"""Which units a load plans, in tables of cases, and that plans always end where they should."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.days import DayRange
from headrace.loaders.contract import WriteMode
from headrace.loads.planning import (
    STALE,
    PlannedUnit,
    Situation,
    UnitKind,
    made_stale,
    plan,
    recorded,
    shown_in,
    since,
)
from headrace.table_store import Segment, SegmentState, Slice, clip

START = date(2026, 1, 1)
APPEND, REPLACE, UPSERT = WriteMode.APPEND, WriteMode.REPLACE, WriteMode.UPSERT


def day(number: int) -> date:
    return START + timedelta(days=number)


def days(first: int, last: int) -> DayRange:
    return DayRange(day(first), day(last))


def inserted(path: str) -> datetime:
    """Every file has an insert date of its own."""
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=sum(path.encode()))


def live(path: str | None, window: DayRange | None, account: str = "a") -> Segment:
    return Segment(
        id=0,
        account_id=account,
        days=window,
        state=SegmentState.FINAL if path else SegmentState.EMPTY,
        path=path,
        file_days=window if path else None,
        inserted_at=inserted(path) if path else None,
    )


def sent(path: str, window: DayRange | None, account: str = "a") -> Slice:
    return Slice(account, window, path)


Told = tuple[UnitKind, str | None, DayRange | None, tuple[str | None, ...]]


def told(units: Sequence[PlannedUnit]) -> list[Told]:
    return [
        (unit.kind, unit.account_id, unit.days, tuple(each.path for each in unit.segments))
        for unit in units
    ]


FULL, WINDOW = UnitKind.FULL, UnitKind.WINDOW
TWO_FILES = [live("f", days(0, 4)), live("g", days(5, 9))]


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (Situation(REPLACE, True, [], [], must_rebuild=True), []),
        (Situation(REPLACE, True, [], [live(None, days(0, 9))], must_rebuild=True), []),
        (
            Situation(REPLACE, True, [], TWO_FILES, must_rebuild=True),
            [(FULL, None, None, ("f", "g"))],
        ),
        (
            Situation(REPLACE, True, [sent("f", days(0, 4))], [], must_rebuild=True),
            [(FULL, None, None, ())],
        ),
        (Situation(UPSERT, True, [], TWO_FILES, must_rebuild=True), [(FULL, None, None, ("f", "g"))]),
        (Situation(REPLACE, True, [sent("f", days(0, 4)), sent("g", days(5, 9))], TWO_FILES), []),
        (
            Situation(REPLACE, True, [sent("f", days(0, 4))], TWO_FILES),
            [(WINDOW, "a", days(5, 9), ("g",))],
        ),
        (
            Situation(REPLACE, True, [sent("e", days(0, 9))], TWO_FILES),
            [(WINDOW, "a", days(0, 9), ("f", "g"))],
        ),
        (
            Situation(REPLACE, True, [sent("f", days(0, 9))], [live(None, days(0, 9))]),
            [(WINDOW, "a", days(0, 9), ())],
        ),
        (
            Situation(
                REPLACE, True, [sent("f", days(0, 4)), sent("x", days(0, 1), "b")], TWO_FILES[:1]
            ),
            [(WINDOW, "b", days(0, 1), ())],
        ),
        (
            Situation(UPSERT, True, [sent("f", days(0, 4))], TWO_FILES),
            [(UnitKind.UPSERT, "a", days(5, 9), ("g",))],
        ),
        (
            Situation(UPSERT, False, [sent("f", days(0, 4))], TWO_FILES),
            [(WINDOW, "a", days(5, 9), ("g",))],
        ),
        (
            Situation(REPLACE, True, [], TWO_FILES, must_rebuild=True, asked=days(4, 6)),
            [(WINDOW, "a", days(4, 6), ("f", "g"))],
        ),
        (
            Situation(REPLACE, True, [sent("f", days(0, 4))], TWO_FILES, asked=days(0, 3)),
            [],
        ),
        (
            Situation(REPLACE, True, [sent(STALE, days(0, 4))], TWO_FILES[:1], asked=days(0, 3)),
            [(WINDOW, "a", days(0, 3), ("f",))],
        ),
        (
            Situation(REPLACE, True, [sent("f", None)], [live("g", None)]),
            [(WINDOW, "a", None, ("g",))],
        ),
        (
            Situation(REPLACE, True, [sent("f", None)], [live("g", None)], asked=days(0, 1)),
            [(WINDOW, "a", None, ("g",))],
        ),
        (
            Situation(APPEND, True, [], TWO_FILES, must_rebuild=True),
            [
                (UnitKind.APPEND, "a", days(0, 4), ("f",)),
                (UnitKind.APPEND, "a", days(5, 9), ("g",)),
            ],
        ),
        (
            Situation(
                APPEND, True, [sent("e", days(0, 9))], [live("e", days(0, 6)), live("g", days(7, 8))]
            ),
            [(UnitKind.APPEND, "a", days(7, 8), ("g",))],
        ),
        (
            Situation(APPEND, True, [sent("f", None)], [live("g", None)]),
            [(UnitKind.APPEND, "a", None, ("g",))],
        ),
    ],
    ids=[
        "never read", "read and empty", "first", "emptied and rebuilt", "first upsert", "unchanged",
        "new days", "touching changes are one window", "emptied", "account vanished", "upsert",
        "upsert without key", "asked before the first", "asked, unchanged", "asked, marked",
        "without days", "without days, asked", "first append", "append after restatement",
        "append without days",
    ],
)  # fmt: skip
def test_plan(situation: Situation, expected: list[Told]) -> None:
    assert told(plan(situation)) == expected


def test_a_segment_is_clipped_to_the_unit() -> None:
    (unit,) = plan(
        Situation(REPLACE, True, [], [live("f", days(0, 9))], must_rebuild=True, asked=days(3, 4))
    )

    (segment,) = unit.segments
    assert segment.shown_days == days(3, 4)


def test_an_append_has_the_insert_date_of_its_file() -> None:
    units = plan(Situation(APPEND, True, [], TWO_FILES))

    assert [unit.inserted_at for unit in units] == [inserted("f"), inserted("g")]


@pytest.mark.parametrize(
    ("first_day", "kept"),
    [
        (None, [days(0, 4), days(5, 9), None]),
        (day(4), [days(4, 4), days(5, 9), None]),
        (day(10), [None]),
    ],
    ids=["no limit", "clipped", "all before"],
)  # fmt: skip
def test_days_before_the_limit_are_left_out(
    first_day: date | None, kept: list[DayRange | None]
) -> None:
    segments = [*TWO_FILES, live("h", None, "b")]
    assert [each.days for each in since(segments, first_day)] == kept


@pytest.mark.parametrize(
    ("window", "gone", "come"),
    [
        (None, (1, 2, 3), {(None, STALE), (days(0, 4), STALE), (days(5, 9), STALE)}),
        (days(0, 4), (3, 1), {(None, STALE), (days(0, 4), STALE)}),
        (
            days(3, 6),
            (3, 1, 2),
            {
                (None, STALE),
                (days(0, 2), "f"),
                (days(3, 4), STALE),
                (days(5, 6), STALE),
                (days(7, 9), "g"),
            },
        ),
    ],
)
def test_days_to_be_written_again_are_marked(
    window: DayRange | None, gone: tuple[int, ...], come: set[tuple[DayRange | None, str]]
) -> None:
    slices = [
        (1, sent("f", days(0, 4))),
        (2, sent("g", days(5, 9))),
        (3, sent("h", None, "b")),
    ]

    change = made_stale(slices, window)

    assert change.gone == gone
    assert {(each.days, each.file_key) for each in change.come} == come
    assert all((each.account_id == "b") == (each.days is None) for each in change.come)


# A model of everything around a plan: a data table whose windows are replaced, a destination that
# carries out units, and the record of what was delivered.

Row = tuple[str, int, str]


@dataclass
class Model:
    mode: WriteMode
    segments: list[Segment] = field(default_factory=list)
    slices: list[tuple[int, Slice]] = field(default_factory=list)
    rows: set[Row] = field(default_factory=set)
    has_shape: bool = False
    files: int = 0
    ever: set[Row] = field(default_factory=set)

    def replace_window(self, account: str, window: DayRange, *, empty: bool) -> None:
        self.files += 1
        own = [
            (number, each.days)
            for number, each in enumerate(self.segments)
            if each.account_id == account and each.days
        ]
        cut = clip(own, window)
        ends = [replace(self.segments[number], days=end) for number, end in cut.ends]
        kept = [each for number, each in enumerate(self.segments) if number not in cut.dead]
        made = live(None if empty else f"file {self.files}", window, account)
        self.segments = [*kept, *ends, made]

    def live_rows(self) -> set[Row]:
        return rows_of(self.segments)

    def plan(self, asked: DayRange | None = None) -> list[PlannedUnit]:
        delivered = [one for _, one in self.slices]
        return plan(Situation(self.mode, True, delivered, self.segments, not self.has_shape, asked))

    def write(self, unit: PlannedUnit) -> None:
        """What a destination does with a unit."""
        rows = rows_of(unit.segments)
        if unit.kind is UnitKind.FULL:
            self.rows = rows
        elif unit.kind is UnitKind.APPEND:
            assert len({path for _, _, path in rows}) == 1
            self.rows |= rows
            self.ever |= rows
        else:
            assert unit.days
            numbers = {(each - START).days for each in unit.days.days()}
            gone = {row for row in self.rows if row[0] == unit.account_id and row[1] in numbers}
            self.rows = (self.rows - gone) | rows

    def record(self, unit: PlannedUnit) -> None:
        change = recorded(self.slices, unit)
        kept = [(number, one) for number, one in self.slices if number not in change.gone]
        free = max((number for number, _ in self.slices), default=0) + 1
        self.slices = [*kept, *enumerate(change.come, free)]
        self.has_shape = self.has_shape or unit.kind is UnitKind.FULL

    def deliver(self, dies_at: int | None = None, asked: DayRange | None = None) -> int:
        """Carry out a plan; die after writing unit `dies_at`, before it is recorded."""
        units = self.plan(asked)
        for number, unit in enumerate(units):
            self.write(unit)
            if number == dies_at:
                return number
            self.record(unit)
        return len(units)


def rows_of(segments: Sequence[Segment]) -> set[Row]:
    return {
        (each.account_id, (one - START).days, each.path)
        for each in segments
        if each.path and each.days
        for one in each.days.days()
    }


_WINDOWS = st.tuples(st.integers(0, 11), st.integers(0, 5)).map(lambda x: days(x[0], x[0] + x[1]))
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("replace"), st.sampled_from("ab"), _WINDOWS, st.booleans()),
        st.tuples(st.just("deliver"), st.none() | st.integers(0, 3), st.none() | _WINDOWS),
        st.tuples(st.just("ask"), _WINDOWS),
    ),
    max_size=12,
)


def carry_out(model: Model, steps: Sequence[tuple[object, ...]]) -> None:
    for step in steps:
        match step:
            case ("replace", str(account), DayRange() as window, bool(empty)):
                model.replace_window(account, window, empty=empty)
            case ("deliver", dies_at, asked):
                assert dies_at is None or isinstance(dies_at, int)
                assert asked is None or isinstance(asked, DayRange)
                model.deliver(dies_at, asked)
            case ("ask", DayRange() as window):
                change = made_stale(model.slices, window)
                kept = [(number, one) for number, one in model.slices if number not in change.gone]
                free = max((number for number, _ in model.slices), default=0) + 1
                model.slices = [*kept, *enumerate(change.come, free)]


@given(mode=st.sampled_from([REPLACE, UPSERT]), steps=_STEPS)
def test_the_destination_ends_as_the_data_table(  # F01 F02 F11 F23
    mode: WriteMode, steps: list[tuple[object, ...]]
) -> None:
    model = Model(mode)
    carry_out(model, steps)

    model.deliver()

    assert model.rows == model.live_rows()
    assert model.plan() == []


@given(steps=_STEPS)
def test_append_holds_every_live_row_once_and_invents_none(steps: list[tuple[object, ...]]) -> None:
    model = Model(APPEND)
    carry_out(model, steps)

    model.deliver()

    assert model.live_rows() <= model.rows
    assert model.rows == model.ever
    assert model.plan() == []


@given(steps=_STEPS, dies_at=st.integers(0, 3))
def test_a_killed_load_repeats_one_unit_at_most(  # F02 F29
    steps: list[tuple[object, ...]], dies_at: int
) -> None:
    model = Model(REPLACE)
    carry_out(model, steps)
    whole = len(model.plan())

    written = model.deliver(dies_at)

    assert len(model.plan()) == whole - written


@given(steps=_STEPS, asked=_WINDOWS)
def test_asked_days_alone_are_touched(steps: list[tuple[object, ...]], asked: DayRange) -> None:
    model = Model(REPLACE)
    carry_out(model, steps)
    before = model.rows

    model.deliver(asked=asked)

    numbers = {(each - START).days for each in asked.days()}
    assert {row for row in model.rows if row[1] not in numbers} == {
        row for row in before if row[1] not in numbers
    }
    assert {row for row in model.rows if row[1] in numbers} == {
        row for row in model.live_rows() if row[1] in numbers
    }


def test_clipping_to_days_drops_what_lies_outside() -> None:
    assert [each.days for each in shown_in(TWO_FILES, days(3, 5))] == [days(3, 4), days(5, 5)]
    assert shown_in(TWO_FILES, days(20, 21)) == []
