"""Schedules in plain words, and the inputs they are made with."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import Any

from babel.dates import format_time

from headrace.pages.forms import INTEGER, SELECT, Field, Option
from headrace.pages.languages import N_, Language
from headrace.runs.schemas import Scheduling

_HOURS = tuple(Option(str(hour), f"{hour:02}") for hour in range(24))
_INTERVALS = (
    Option("day", N_("Every day")),
    Option("hour", N_("Every hour")),
    Option("week", N_("Every week")),
    Option("month", N_("Every month")),
)
_WEEKDAYS = (
    N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"),
    N_("Sunday"),
)  # fmt: skip
FIELDS = (
    Field("interval", N_("How often"), SELECT, required=True, options=_INTERVALS, initial="day"),
    Field(
        "recurrence",
        N_("Every how many"),
        INTEGER,
        required=True,
        initial=1,
        description=N_("1 for every hour, day, week or month; 2 for every other; and so on."),
    ),
    Field(
        "weekday",
        N_("Day of the week"),
        SELECT,
        options=tuple(Option(str(number), name) for number, name in enumerate(_WEEKDAYS)),
        initial="0",
        description=N_("Only if it runs every week."),
    ),
    Field(
        "monthday",
        N_("Day of the month"),
        INTEGER,
        initial=1,
        description=N_("Only if it runs every month; a month without that day runs on its last."),
    ),
    Field("hours", N_("Hour"), SELECT, required=True, options=_HOURS, initial="6"),
    Field("minutes", N_("Minute"), INTEGER, required=True, initial=0),
    Field(
        "timezone",
        N_("Time zone"),
        required=True,
        initial="UTC",
        description=N_("An IANA name, such as Europe/Berlin."),
    ),
)
"""The inputs of one schedule; their names are `scheduling_of`'s."""


def scheduling_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a schedule (contract 3.8) from what `FIELDS` hold; not validated."""
    interval = values.get("interval") or "day"
    days = 0
    if interval == "week":
        days = _whole(values.get("weekday"), 0)
    elif interval == "month":
        days = _whole(values.get("monthday"), 1) - 1
    return {
        "interval": interval,
        "recurrence": values.get("recurrence") or 1,
        "days": days,
        "hours": _whole(values.get("hours"), 0),
        "minutes": values.get("minutes") or 0,
        "timezone": values.get("timezone") or "UTC",
    }


def with_first(rules: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> list[Any]:
    """Return schedules as the API has them, with what the inputs hold in the place of the first.

    The inputs show one schedule; the others, and the days the first covers, stay as they are.
    """
    first = dict(rules[0]) if rules else {}
    return [first | scheduling_of(values), *rules[1:]]


def values_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `FIELDS` show of a schedule as the API has it."""
    whole = Scheduling.model_validate(rule)
    shown: dict[str, Any] = {
        "interval": whole.interval,
        "recurrence": whole.recurrence,
        "hours": str(whole.hours),
        "minutes": whole.minutes,
        "timezone": whole.timezone,
    }
    if whole.interval == "week":
        shown["weekday"] = str(whole.days)
    if whole.interval == "month":
        shown["monthday"] = whole.days + 1
    return shown


def sentences(language: Language, rules: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say when each of some schedules runs, as the API has them."""
    return [sentence(language, Scheduling.model_validate(rule)) for rule in rules]


def sentence(language: Language, rule: Scheduling) -> str:
    """Say when a schedule runs, such as "Every day at 06:00 (Europe/Berlin)"."""
    at = format_time(time(rule.hours, rule.minutes), "short", locale=language.locale)
    values = {"time": at, "minute": f"{rule.minutes:02}", "zone": rule.timezone}
    if rule.interval == "hour":
        text = language.ngettext(
            "Every hour at minute %(minute)s",
            "Every %(num)s hours at minute %(minute)s",
            rule.recurrence,
            **values,
        )
    elif rule.interval == "day":
        text = language.ngettext(
            "Every day at %(time)s", "Every %(num)s days at %(time)s", rule.recurrence, **values
        )
    elif rule.interval == "week":
        text = language.ngettext(
            "Every week on %(weekday)s at %(time)s",
            "Every %(num)s weeks on %(weekday)s at %(time)s",
            rule.recurrence,
            weekday=language.gettext(_WEEKDAYS[rule.days]),
            **values,
        )
    else:
        text = language.ngettext(
            "Every month on day %(day)s at %(time)s",
            "Every %(num)s months on day %(day)s at %(time)s",
            rule.recurrence,
            day=rule.days + 1,
            **values,
        )
    return f"{text} ({rule.timezone})"


def _whole(value: Any, otherwise: int) -> int:
    text = "" if value is None else str(value)
    return int(text) if text.isascii() and text.isdigit() else otherwise
