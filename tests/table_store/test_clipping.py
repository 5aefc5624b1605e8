"""The pure plans: what a window clips, and what a load must write again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.days import DayRange
from headrace.table_store import Clip, Slice, changed_windows, clip
from table_store.tables import day, days


@pytest.mark.parametrize(
    ("existing", "new", "plan"),
    [
        ([], days(1, 2), Clip((), ())),
        ([(1, days(0, 9))], days(10, 12), Clip((), ())),
        ([(1, days(0, 9))], days(0, 9), Clip((1,), ())),
        ([(1, days(0, 9))], days(3, 5), Clip((1,), ((1, days(0, 2)), (1, days(6, 9))))),
        (
            [(1, days(0, 4)), (2, days(5, 9))],
            days(4, 5),
            Clip((1, 2), ((1, days(0, 3)), (2, days(6, 9)))),
        ),
        ([(1, days(0, 4)), (2, days(5, 9))], days(0, 5), Clip((1, 2), ((2, days(6, 9)),))),
    ],
    ids=["nothing there", "beside", "exact", "middle", "across two", "one whole, one clipped"],
)
def test_clip(existing: list[tuple[int, DayRange]], new: DayRange, plan: Clip) -> None:
    assert clip(existing, new) == plan


@pytest.mark.parametrize(
    ("delivered", "live", "changed"),
    [
        ([], [], {}),
        ([], [Slice("a", days(0, 3), "f")], {"a": [days(0, 3)]}),
        ([Slice("a", days(0, 3), "f")], [], {"a": [days(0, 3)]}),
        ([Slice("a", days(0, 3), "f")], [Slice("a", days(0, 3), "f")], {}),
        ([Slice("a", days(0, 3), "f")], [Slice("a", days(0, 3), None)], {"a": [days(0, 3)]}),
        ([], [Slice("a", days(0, 3), None)], {}),
        (
            [Slice("a", days(0, 9), "f")],
            [Slice("a", days(0, 3), "f"), Slice("a", days(4, 5), "g"), Slice("a", days(6, 9), "f")],
            {"a": [days(4, 5)]},
        ),
        (
            [Slice("a", days(0, 9), "f")],
            [Slice("a", days(0, 6), "f"), Slice("a", days(7, 9), "g"), Slice("a", days(10, 12), "h")],
            {"a": [days(7, 12)]},
        ),
        ([Slice("a", None, "f")], [Slice("a", None, "f")], {}),
        ([Slice("a", None, "f")], [Slice("a", None, "g")], {"a": [None]}),
        ([Slice("a", None, "f")], [Slice("a", days(0, 1), "g")], {"a": [None]}),
        ([Slice("a", None, "f")], [Slice("a", None, None)], {"a": [None]}),
        (
            [Slice("a", days(0, 1), "f"), Slice("b", days(0, 1), "g")],
            [Slice("b", days(0, 1), "h")],
            {"a": [days(0, 1)], "b": [days(0, 1)]},
        ),
    ],
    ids=[
        "nothing", "new", "vanished", "same", "emptied", "read and empty", "clipped", "touching join",
        "whole same", "whole changed", "whole becomes dated", "whole emptied", "by account",
    ],
)  # fmt: skip
def test_changed_windows(
    delivered: list[Slice], live: list[Slice], changed: dict[str, list[DayRange | None]]
) -> None:
    assert changed_windows(delivered, live) == changed


_PROVIDERS = st.lists(st.sampled_from([None, "f", "g", "h"]), min_size=12, max_size=12)
_CUTS = st.sets(st.integers(0, 11))


def _slices(providers: list[str | None], cuts: set[int]) -> list[Slice]:
    """Cut a row of days, each with its file, into slices: where the file changes, and at cuts."""
    starts = [
        number
        for number in range(len(providers))
        if number == 0 or number in cuts or providers[number] != providers[number - 1]
    ]
    return [
        Slice("a", days(first, after - 1), providers[first])
        for first, after in pairwise([*starts, len(providers)])
    ]


@given(before=_PROVIDERS, after=_PROVIDERS, cuts=_CUTS, other_cuts=_CUTS)
def test_changed_windows_are_the_days_of_another_file(
    before: list[str | None], after: list[str | None], cuts: set[int], other_cuts: set[int]
) -> None:
    changed = changed_windows(_slices(before, cuts), _slices(after, other_cuts)).get("a", [])

    expected = {day(number) for number in range(12) if before[number] != after[number]}
    assert [one for window in changed if window for one in window.days()] == sorted(expected)


@given(providers=_PROVIDERS, cuts=_CUTS, first=st.integers(0, 11), length=st.integers(0, 11))
def test_clip_leaves_every_other_day_where_it_was(
    providers: list[str | None], cuts: set[int], first: int, length: int
) -> None:
    existing = [
        (number, one.days) for number, one in enumerate(_slices(providers, cuts)) if one.days
    ]
    new = days(first, first + length)

    plan = clip(existing, new)

    left = [pair for pair in existing if pair[0] not in plan.dead] + list(plan.ends)
    before = {(number, one) for number, window in existing for one in window.days()}
    after = [(number, one) for number, window in left for one in window.days()]
    assert len(after) == len(set(after))
    assert set(after) == {(number, one) for number, one in before if one not in set(new.days())}
