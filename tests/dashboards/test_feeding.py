"""Each day of each account is read from one table, whatever tables hold it."""

from datetime import date, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.connectors.sources.demo_ads.paid_media import PAID_MEDIA
from headrace.dashboards.feeding import FedAccount, Feed, provisional_days, shared_out
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.table_store import Segment, SegmentState

FIRST = date(2026, 11, 1)
ASKED = DayRange(FIRST, FIRST + timedelta(days=19))
ALL_FIELDS = {name: Column(name, ColumnType.STRING) for name in PAID_MEDIA.fields.values()}


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def feed(table_id: int, account: str = "a", **more: bool) -> Feed:
    """A table's account; what is not said is as good as can be."""
    lacks_revenue = more.pop("lacks_revenue", False)
    fields = {name: one for name, one in ALL_FIELDS.items() if name != "revenue"}
    return Feed(
        table_id,
        FedAccount("demo_ads", account, account),
        PAID_MEDIA,
        fields if lacks_revenue else ALL_FIELDS,
        more.get("has_own_meaning", False),
        more.get("is_narrowed", False),
        more.get("is_paused", False),
    )


def segment(number: int, first: int, last: int, account: str = "a", **more: object) -> Segment:
    days = DayRange(day(first), day(last))
    state = more.get("state", SegmentState.FINAL)
    path = None if state == SegmentState.EMPTY else f"file-{number}"
    return Segment(number, account, days, SegmentState(str(state)), path, 1, 1, days)


def read(shares: list) -> list[tuple[int, str, date]]:  # type: ignore[type-arg]  # any shares
    """Every (table, account, day) that is read."""
    return [
        (share.table_id, one.account_id, each)
        for share in shares
        for one in share.segments
        for each in one.days.days()
    ]


def test_what_is_best_of_two_tables_is_read_and_the_rest_from_the_other() -> None:
    segments = {1: [segment(1, 0, 9)], 2: [segment(2, 5, 14)]}
    for worse in (
        {"lacks_revenue": True},
        {"has_own_meaning": True},
        {"is_narrowed": True},
        {"is_paused": True},
    ):
        shares = shared_out([feed(1, **worse), feed(2)], segments, ASKED)
        of_one = {each for table, _, each in read(shares) if table == 1}
        of_two = {each for table, _, each in read(shares) if table == 2}
        assert of_one == {day(number) for number in range(5)}, worse
        assert of_two == {day(number) for number in range(5, 15)}, worse


def test_a_day_known_to_be_empty_is_not_looked_for_elsewhere() -> None:
    segments = {1: [segment(1, 0, 4, state="empty")], 2: [segment(2, 0, 4)]}
    assert shared_out([feed(1), feed(2)], segments, ASKED) == []


def test_what_may_still_change_is_told_of_what_is_read() -> None:
    segments = {
        1: [segment(1, 0, 4)],
        2: [segment(2, 3, 8, state="provisional")],
    }
    shares = shared_out([feed(1), feed(2)], segments, ASKED)
    assert provisional_days(shares, ASKED) == [DayRange(day(5), day(8))]


spans = st.tuples(st.integers(0, 25), st.integers(0, 6)).map(lambda at: (at[0], at[0] + at[1]))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(1, 3), st.sampled_from("ab")), st.lists(spans, max_size=3)
    ),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_no_day_counts_twice_and_none_is_lost(
    held: dict[tuple[int, str], list[tuple[int, int]]], paused: list[bool]
) -> None:
    segments: dict[int, list[Segment]] = {1: [], 2: [], 3: []}
    for (table, account), ranges in held.items():
        taken = -1
        for first, last in sorted(ranges):
            if first > taken:  # segments of one account never overlap
                number = len(segments[table]) + 1
                segments[table].append(segment(number, first, last, account))
                taken = last
    keys = product((1, 2, 3), "ab")
    feeds = [
        feed(table, account, is_paused=flag)
        for (table, account), flag in zip(keys, paused, strict=True)
    ]
    found = [(account, each) for _, account, each in read(shared_out(feeds, segments, ASKED))]
    wanted = {
        (one.account_id, each)
        for listed in segments.values()
        for one in listed
        if one.days
        for each in one.days.days()
        if ASKED.first <= each <= ASKED.last
    }
    assert len(found) == len(set(found))
    assert set(found) == wanted
