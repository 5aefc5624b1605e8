"""Day ranges, by cases and by properties."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.days import DayRange, merged

_START = date(2024, 2, 1)  # of a leap year


def days(first: int, last: int) -> DayRange:
    """Days counted from the start."""
    return DayRange(_START + timedelta(first), _START + timedelta(last))


ranges = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: days(*sorted(ends)))


def test_a_range_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match=r"2024-02-02.*2024-02-03"):
        days(2, 1)


def test_days_cross_a_leap_day() -> None:
    assert date(2024, 2, 29) in list(days(0, 29).days())
    assert days(0, 29).day_count == 30
    assert str(days(0, 0)) == "2024-02-01..2024-02-01"


@given(ranges, ranges)
def test_intersection_and_difference_are_those_of_sets(one: DayRange, other: DayRange) -> None:
    ours, theirs = set(one.days()), set(other.days())
    shared = one.intersection(other)
    assert set(shared.days() if shared else ()) == ours & theirs
    assert one.overlaps(other) == bool(ours & theirs)
    rest = one.minus(other)
    assert [day for part in rest for day in part.days()] == sorted(ours - theirs)


@given(ranges, st.integers(1, 40))
def test_chunks_cover_a_range_once_newest_first(whole: DayRange, chunk_days: int) -> None:
    chunks = whole.chunks_newest_first(chunk_days)
    assert all(chunk.day_count <= chunk_days for chunk in chunks)
    assert chunks == sorted(chunks, reverse=True)
    assert [day for chunk in reversed(chunks) for day in chunk.days()] == list(whole.days())
    # Only the oldest may be short, so that the newest days are read in full chunks.
    assert all(chunk.day_count == chunk_days for chunk in chunks[:-1])


@given(st.lists(ranges))
def test_merging_keeps_the_days_and_joins_neighbours(given_ranges: list[DayRange]) -> None:
    joined = merged(given_ranges)
    assert {day for item in joined for day in item.days()} == {
        day for item in given_ranges for day in item.days()
    }
    for before, after in pairwise(joined):
        assert after.first - before.last > timedelta(days=1)
