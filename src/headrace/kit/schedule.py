"""When a schedule fires: the one module that owns schedule arithmetic (contract section 5.1).

Wall-clock time in the schedule's zone decides. A wall time that does not exist (clocks go forward)
fires at the first moment after the gap; one that exists twice fires once, at its first occurrence.
"""

import hashlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_EPOCH_MONDAY = date(1970, 1, 5)


class Interval(StrEnum):
    """The unit a schedule repeats in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_SHORTEST = {
    Interval.HOUR: timedelta(hours=1),
    Interval.DAY: timedelta(days=1),
    Interval.WEEK: timedelta(weeks=1),
    Interval.MONTH: timedelta(days=28),
}


@dataclass(frozen=True)
class Schedule:
    """Every `recurrence` intervals, `days` days (0 = the first, Monday) into it, at `hours:minutes`.

    `anchor` is the day counting starts from for recurrences above 1: the day of creation.
    """

    interval: Interval
    days: int = 0
    hours: int = 0
    minutes: int = 0
    timezone: str = "UTC"
    recurrence: int = 1
    anchor: date = _EPOCH_MONDAY


def next_fire(schedule: Schedule, after: datetime) -> datetime:
    """Return the first moment after `after` (aware) at which the schedule fires, in UTC."""
    zone = ZoneInfo(schedule.timezone)
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        for wall in _wall_times(schedule, day):
            moment = _first_moment(wall, zone)
            if moment > after:
                return moment
        day = _next_candidate(schedule, day)


def spread(schedule: Schedule, name: str, most_seconds: float) -> timedelta:
    """Return how long after a due time what is called `name` begins, so that not all begin at once.

    Always the same for a name, and evenly distributed over names; less than `most_seconds`, and less
    than a hundredth of the time between two fires.
    """
    hundredth = _SHORTEST[schedule.interval].total_seconds() * schedule.recurrence / 100
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    share = int.from_bytes(digest, "big") / 2**64
    return timedelta(seconds=share * min(most_seconds, hundredth))


def _wall_times(schedule: Schedule, day: date) -> list[datetime]:
    """The wall-clock times of one local day at which the schedule fires, in order."""
    if schedule.interval is Interval.HOUR:
        hours = range(schedule.hours % schedule.recurrence, 24, schedule.recurrence)
        return [datetime.combine(day, time(hour, schedule.minutes)) for hour in hours]
    if _fires_on(schedule, day):
        return [datetime.combine(day, time(schedule.hours, schedule.minutes))]
    return []


def _fires_on(schedule: Schedule, day: date) -> bool:
    every = schedule.recurrence
    if schedule.interval is Interval.DAY:
        return (day - schedule.anchor).days % every == 0
    if schedule.interval is Interval.WEEK:
        weeks = (day - _monday(schedule.anchor)).days // 7
        return day.weekday() == schedule.days and weeks % every == 0
    wanted = min(schedule.days + 1, monthrange(day.year, day.month)[1])
    months = (day.year - schedule.anchor.year) * 12 + day.month - schedule.anchor.month
    return day.day == wanted and months % every == 0


def _next_candidate(schedule: Schedule, day: date) -> date:
    """The next day worth looking at: months are skipped to their end to keep long waits cheap."""
    if schedule.interval is Interval.MONTH and not _fires_in_month(schedule, day):
        return day.replace(day=monthrange(day.year, day.month)[1]) + timedelta(days=1)
    return day + timedelta(days=1)


def _fires_in_month(schedule: Schedule, day: date) -> bool:
    months = (day.year - schedule.anchor.year) * 12 + day.month - schedule.anchor.month
    return months % schedule.recurrence == 0


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _first_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment of a wall time: its first occurrence, or the end of the gap it falls into."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In a gap, fold=0 reads the wall time with the offset before it, which lands after the gap by
    # as much as the wall time lay inside; the gap's end is that much earlier.
    before = wall.replace(tzinfo=zone, fold=0).utcoffset()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset()
    assert before is not None
    assert after is not None
    return _gap_end(wall, zone, min(before, after), max(before, after))


def _gap_end(wall: datetime, zone: ZoneInfo, low: timedelta, high: timedelta) -> datetime:
    earliest = (wall - high).replace(tzinfo=UTC)
    latest = (wall - low).replace(tzinfo=UTC)
    while latest - earliest > timedelta(minutes=1):
        middle = earliest + (latest - earliest) / 2
        if middle.astimezone(zone).replace(tzinfo=None) > wall:
            latest = middle
        else:
            earliest = middle
    return latest.replace(second=0, microsecond=0)
