"""What a dashboard is asked for: days, what they are compared with, channels and accounts; pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from headrace.dashboards.errors import BadFilter
from headrace.kit.days import DayRange
from headrace.kit.told import told

MOST_DAYS = 800
"""The longest range: two years and what this year has of a third one's days."""
MOST_CHOSEN = 500
_DAY = timedelta(days=1)


class Period(StrEnum):
    """A range of days by name; all but `this_month` end yesterday, the last day that is whole."""

    LAST_7_DAYS = "last_7_days"
    LAST_14_DAYS = "last_14_days"
    LAST_30_DAYS = "last_30_days"
    LAST_90_DAYS = "last_90_days"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    CUSTOM = "custom"


class Comparison(StrEnum):
    """What days are compared with."""

    PREVIOUS_PERIOD = "previous_period"
    PREVIOUS_YEAR = "previous_year"
    NONE = "none"


_LAST_DAYS = {
    Period.LAST_7_DAYS: 7,
    Period.LAST_14_DAYS: 14,
    Period.LAST_30_DAYS: 30,
    Period.LAST_90_DAYS: 90,
}


@dataclass(frozen=True)
class Filters:
    """What is asked of a dashboard.

    date_from, date_to: of a custom period. channels: names of data sources; none for all.
    accounts: ids that accounts have at their platform; none for all. currency: None for the one
    that most is spent in.
    """

    period: Period = Period.LAST_30_DAYS
    date_from: date | None = None
    date_to: date | None = None
    compare: Comparison = Comparison.PREVIOUS_PERIOD
    channels: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    currency: str | None = None


def days_asked(filters: Filters, today: date) -> DayRange:
    """Return the days that a period means on a day.

    Raises:
        BadFilter: if a custom period has no beginning or end, is upside down or too long.
    """
    if filters.period in _LAST_DAYS:
        return DayRange(today - _LAST_DAYS[filters.period] * _DAY, today - _DAY)
    if filters.period is Period.THIS_MONTH:
        return DayRange(today.replace(day=1), today)
    if filters.period is Period.LAST_MONTH:
        last = today.replace(day=1) - _DAY
        return DayRange(last.replace(day=1), last)
    first, last_day = filters.date_from, filters.date_to
    if first is None or last_day is None:
        raise BadFilter(told("A custom period needs date_from and date_to."))
    if last_day < first:
        raise BadFilter(told("date_to is before date_from; exchange them."))
    if (last_day - first).days >= MOST_DAYS:
        raise BadFilter(
            told(
                "A period has at most {most_days} days; choose a shorter one.", most_days=MOST_DAYS
            )
        )
    if first.year < _FIRST_YEAR:
        raise BadFilter(
            told(
                "There are no figures before {first_year}; choose later days.",
                first_year=_FIRST_YEAR,
            )
        )
    return DayRange(first, last_day)


_FIRST_YEAR = 1990


def compared_days(days: DayRange, compare: Comparison) -> DayRange | None:
    """Return the days that others are compared with; None where they are with none."""
    if compare is Comparison.NONE:
        return None
    if compare is Comparison.PREVIOUS_YEAR:
        return DayRange(_year_before(days.first), _year_before(days.last))
    return DayRange(days.first - days.day_count * _DAY, days.first - _DAY)


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
