"""When schedules fire: clock changes, month ends, leap days, recurrence (F13)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.kit.schedule import Interval, Schedule, next_fire

# Zones whose clocks do something unusual: half-hour and two-hour shifts, shifts at midnight,
# quarter-hour offsets, a day that never was, a summer time that pauses for Ramadan.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(hours: int, minutes: int, timezone: str) -> Schedule:
    """A schedule for every day."""
    return Schedule(Interval.DAY, hours=hours, minutes=minutes, timezone=timezone)


@pytest.mark.parametrize(
    ("schedule", "after", "fires"),
    [
        pytest.param(
            daily(2, 30, "Europe/Berlin"), "2026-03-29T00:59", "2026-03-29T01:00", id="gap: its end"
        ),
        pytest.param(
            daily(2, 30, "Europe/Berlin"), "2026-03-29T01:00", "2026-03-30T00:30", id="after gap"
        ),
        pytest.param(
            daily(2, 30, "Europe/Berlin"), "2026-10-24T23:00", "2026-10-25T00:30", id="fold: first"
        ),
        pytest.param(
            daily(2, 30, "Europe/Berlin"), "2026-10-25T00:30", "2026-10-26T01:30", id="fold: once"
        ),
        pytest.param(
            daily(2, 15, "Australia/Lord_Howe"),
            "2026-10-03T14:00",
            "2026-10-03T15:30",
            id="half-hour gap",
        ),
        pytest.param(
            daily(1, 30, "Antarctica/Troll"),
            "2026-03-29T00:30",
            "2026-03-29T01:00",
            id="two-hour gap",
        ),
        pytest.param(
            daily(0, 0, "America/Havana"), "2026-03-08T00:00", "2026-03-08T05:00", id="midnight gap"
        ),
        pytest.param(
            daily(9, 0, "Pacific/Apia"), "2011-12-29T20:00", "2011-12-30T10:00", id="missing day"
        ),
        pytest.param(
            daily(9, 0, "Pacific/Apia"), "2011-12-30T10:00", "2011-12-30T19:00", id="day after it"
        ),
        pytest.param(
            daily(0, 0, "Asia/Kathmandu"), "2026-01-01T00:00", "2026-01-01T18:15", id="+05:45"
        ),
        pytest.param(
            Schedule(Interval.MONTH, days=30), "2026-01-31T00:00", "2026-02-28T00:00", id="month 31"
        ),
        pytest.param(
            Schedule(Interval.MONTH, days=30), "2028-02-01T00:00", "2028-02-29T00:00", id="leap"
        ),
        pytest.param(
            Schedule(Interval.MONTH, days=28), "2027-02-01T00:00", "2027-02-28T00:00", id="month 29"
        ),
        pytest.param(
            Schedule(Interval.MONTH, recurrence=12, anchor=date(2024, 2, 29), days=28),
            "2024-03-01T00:00",
            "2025-02-28T00:00",
            id="yearly on a leap day",
        ),
        pytest.param(
            Schedule(Interval.WEEK, days=6, recurrence=2, anchor=date(2026, 1, 1)),
            "2026-01-04T00:00",
            "2026-01-18T00:00",
            id="every other Sunday",
        ),
        pytest.param(
            Schedule(Interval.DAY, recurrence=3, anchor=date(2026, 1, 1)),
            "2026-01-01T00:00",
            "2026-01-04T00:00",
            id="every third day",
        ),
        pytest.param(
            Schedule(Interval.HOUR, hours=5, minutes=10, recurrence=4),
            "2026-01-01T21:10",
            "2026-01-02T01:10",
            id="every fourth hour, from 5",
        ),
        pytest.param(
            Schedule(Interval.HOUR, timezone="Europe/Berlin"),
            "2026-03-29T01:00",
            "2026-03-29T02:00",
            id="hourly, the gap counts once",
        ),
    ],
)
def test_when_it_fires(schedule: Schedule, after: str, fires: str) -> None:
    assert next_fire(schedule, at(after)) == at(fires)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("time_of_day", [(0, 0), (1, 30), (2, 30), (23, 59)])
def test_a_daily_schedule_fires_once_for_every_day_of_a_year(  # F13
    zone: str, time_of_day: tuple[int, int]
) -> None:
    schedule = daily(*time_of_day, zone)
    moment = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(minutes=1)
    fired = []
    for _ in range(365):
        moment = next_fire(schedule, moment)
        fired.append(moment.astimezone(ZoneInfo(zone)))
    assert [local.date() for local in fired] == [
        date(2026, 1, 1) + timedelta(offset) for offset in range(365)
    ]
    # At the time asked for, or later the same day where a gap swallowed it.
    late = [local for local in fired if (local.hour, local.minute) != time_of_day]
    assert len(late) <= 1
    assert all((local.hour, local.minute) > time_of_day and local.fold == 0 for local in late)


schedules = st.builds(
    Schedule,
    interval=st.sampled_from(Interval),
    days=st.integers(0, 6),
    hours=st.integers(0, 23),
    minutes=st.integers(0, 59),
    timezone=st.sampled_from(ZONES),
    recurrence=st.integers(1, 23),
    anchor=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
)
# Whole years around leap days.
moments = st.integers(0, 4 * 366 * 24 * 60).map(lambda n: at("2025-01-01") + timedelta(minutes=n))


@given(schedules, moments)
def test_the_next_fire_is_later_and_nothing_lies_between(  # F13
    schedule: Schedule, after: datetime
) -> None:
    fire = next_fire(schedule, after)
    assert fire > after
    assert fire.tzinfo is UTC
    assert fire.second == fire.microsecond == 0
    between = after + (fire - after) / 2
    assert next_fire(schedule, between) == fire
    assert next_fire(schedule, fire - timedelta(microseconds=1)) == fire
