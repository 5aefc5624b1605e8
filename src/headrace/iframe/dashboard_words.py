"""How the pages of dashboards write figures: titles, amounts, changes, and what charts say."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import zip_longest

from headrace.dashboards.adding_up import NO_CURRENCY
from headrace.dashboards.catalogue import Chart
from headrace.dashboards.charts import Bar, Pair, Point
from headrace.dashboards.filters import Comparison, Period
from headrace.dashboards.metrics import MONEY, Metric, Sums
from headrace.dashboards.performance import Day, DayState, Performance, change
from headrace.dashboards.pipeline_health import DayMoved
from headrace.kit.days import DayRange, merged
from headrace.pages.languages import N_, NOTHING, Language

METRICS: dict[Metric, str] = {
    Metric.SPEND: N_("Spend"),
    Metric.IMPRESSIONS: N_("Impressions"),
    Metric.CLICKS: N_("Clicks"),
    Metric.CTR: N_("Click rate (CTR)"),
    Metric.CPC: N_("Cost per click (CPC)"),
    Metric.CONVERSIONS: N_("Conversions"),
    Metric.CPA: N_("Cost per conversion (CPA)"),
    Metric.REVENUE: N_("Revenue"),
    Metric.ROAS: N_("Return on ad spend (ROAS)"),
}
SHORT = METRICS | {
    Metric.CTR: N_("CTR"),
    Metric.CPC: N_("CPC"),
    Metric.CPA: N_("CPA"),
    Metric.ROAS: N_("ROAS"),
}
"""Titles for where there is little room."""

PERIODS: dict[Period, str] = {
    Period.LAST_7_DAYS: N_("Last 7 days"),
    Period.LAST_14_DAYS: N_("Last 14 days"),
    Period.LAST_30_DAYS: N_("Last 30 days"),
    Period.LAST_90_DAYS: N_("Last 90 days"),
    Period.THIS_MONTH: N_("This month"),
    Period.LAST_MONTH: N_("Last month"),
    Period.CUSTOM: N_("Days of your choice"),
}
COMPARISONS: dict[Comparison, str] = {
    Comparison.PREVIOUS_PERIOD: N_("With the days before"),
    Comparison.PREVIOUS_YEAR: N_("With the same days a year ago"),
    Comparison.NONE: N_("With nothing"),
}
DAY_STATES: dict[str, str] = {
    "final": N_("Complete"),
    "provisional": N_("May still change"),
    "missing": N_("Never read"),
    "failed": N_("Failed"),
    "none": N_("Not wanted"),
}
CHARTS: dict[Chart, str] = {
    Chart.BY_DAY: N_("%(metric)s by day"),
    Chart.BY_CHANNEL: N_("%(metric)s by channel"),
    Chart.DAYS: N_("Days"),
    Chart.MOVED: N_("Rows moved by day"),
}
NUMBER_FORMATS: dict[Metric, str] = {Metric.CTR: ".1~%", Metric.ROAS: ".2~f"}
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Tile:
    """A figure of the strip. trend: `up`, `down`, `same`, or nothing to compare with."""

    metric: Metric
    title: str
    value: str
    before: str | None
    change: str | None
    trend: str | None


def written(language: Language, metric: Metric, value: Decimal | None, currency: str | None) -> str:
    """Write a figure in its unit; None is an en dash."""
    if value is None:
        return NOTHING
    if metric in MONEY and currency and currency != NO_CURRENCY:
        return language.money(value, currency)
    if metric is Metric.CTR:
        return language.percent(value, 2)
    if metric in MONEY or metric is Metric.ROAS:
        return language.number(value.quantize(_CENT))
    return language.number(value)


def chart_title(language: Language, chart: Chart, metric: Metric) -> str:
    """Return what stands above a chart; of which metric it is, where it is of one."""
    return language.gettext(CHARTS[chart], metric=language.gettext(METRICS[metric]))


def tiles(language: Language, found: Performance) -> list[Tile]:
    """Return the strip of figures."""
    return [_tile(language, found, metric) for metric in Metric]


def _tile(language: Language, found: Performance, metric: Metric) -> Tile:
    now = found.totals.value(metric)
    before = found.compared_totals.value(metric) if found.compared_totals else None
    grown = change(now, before)
    return Tile(
        metric,
        METRICS[metric],
        written(language, metric, now, found.currency),
        None if before is None else written(language, metric, before, found.currency),
        None if grown is None else language.percent(abs(grown)),
        None if grown is None else _direction(grown),
    )


def _direction(grown: Decimal) -> str:
    if grown == 0:
        return "same"
    return "up" if grown > 0 else "down"


def cells(language: Language, sums: Sums, currency: str | None) -> list[str]:
    """Return all figures of a row of a table."""
    return [written(language, metric, sums.value(metric), currency) for metric in Metric]


def points(language: Language, found: Performance, metric: Metric) -> list[Point]:
    """Return the days of the trend; days are compared in their order."""
    pairs = zip_longest(found.by_day, found.compared_by_day[: len(found.by_day)])
    return [_point(language, found, metric, day, before) for day, before in pairs]


def _point(
    language: Language, found: Performance, metric: Metric, day: Day, before: Day | None
) -> Point:
    value = day.sums.value(metric) if day.sums else None
    then = before.sums.value(metric) if before and before.sums else None
    said = f"{language.day(day.date)}: {written(language, metric, value, found.currency)}"
    if before is not None:
        amount = written(language, metric, then, found.currency)
        said += f" ({language.day(before.date)}: {amount})"
    if day.state is not DayState.FINAL:
        said += f". {language.gettext(DAY_STATES[day.state])}"
    return Point(day.date, value, then, day.state is DayState.PROVISIONAL, said)


def channel_bars(
    language: Language, found: Performance, metric: Metric, channels: dict[str, str]
) -> list[Bar]:
    """Return a bar a channel."""
    result = []
    for name, sums in found.channel_sums.items():
        title, value = channels.get(name, name), sums.value(metric)
        said = f"{title}: {written(language, metric, value, found.currency)}"
        result.append(Bar(title, value, said))
    return result


def trend_in_words(language: Language, found: Performance, metric: Metric) -> str:
    """Say what the trend shows: the total, and the highest and lowest day."""
    known = [
        (value, one.date)
        for one in found.by_day
        if one.sums is not None and (value := one.sums.value(metric)) is not None
    ]
    if not known:
        return language.gettext("No day has a figure.")
    (high, high_day), (low, low_day) = max(known), min(known)
    return language.gettext(
        "%(metric)s over %(days)s: %(total)s. Highest on %(high_day)s with %(high)s, lowest on "
        "%(low_day)s with %(low)s.",
        metric=language.gettext(METRICS[metric]),
        days=written_range(language, found.days),
        total=written(language, metric, found.totals.value(metric), found.currency),
        high_day=language.day(high_day),
        high=written(language, metric, high, found.currency),
        low_day=language.day(low_day),
        low=written(language, metric, low, found.currency),
    )


def trend_rows(language: Language, found: Performance, metric: Metric) -> list[list[str]]:
    """Return the trend as rows of a table."""
    pairs = zip_longest(found.by_day, found.compared_by_day[: len(found.by_day)])
    rows = []
    for day, before in pairs:
        row = [language.day(day.date), _of_day(language, found, metric, day)]
        if found.compared is not None:
            row.append(_of_day(language, found, metric, before) if before else NOTHING)
        rows.append([*row, language.gettext(DAY_STATES[day.state])])
    return rows


def bar_rows(
    language: Language, found: Performance, metric: Metric, channels: dict[str, str]
) -> list[list[str]]:
    """Return the bars of channels as rows of a table."""
    return [
        [channels.get(name, name), written(language, metric, sums.value(metric), found.currency)]
        for name, sums in found.channel_sums.items()
    ]


def _of_day(language: Language, found: Performance, metric: Metric, day: Day) -> str:
    value = day.sums.value(metric) if day.sums else None
    return written(language, metric, value, found.currency)


def moved_pairs(language: Language, moved: list[DayMoved]) -> list[Pair]:
    """Return the rows that were moved, by day."""
    return [
        Pair(
            one.date,
            one.rows_extracted,
            one.rows_loaded,
            language.gettext(
                "%(day)s: %(extracted)s rows extracted, %(loaded)s rows delivered",
                day=language.day(one.date),
                extracted=language.number(one.rows_extracted),
                loaded=language.number(one.rows_loaded),
            ),
        )
        for one in moved
    ]


def moved_rows(language: Language, moved: list[DayMoved]) -> list[list[str]]:
    """Return the rows that were moved as rows of a table, the newest day first."""
    return [
        [
            language.day(one.date),
            language.number(one.rows_extracted),
            language.number(one.rows_loaded),
            language.number(one.failed_runs),
        ]
        for one in reversed(moved)
    ]


def day_ranges(days: list[date]) -> list[DayRange]:
    """Join days that touch."""
    return merged(DayRange(day, day) for day in days)


def written_range(language: Language, days: DayRange) -> str:
    """Write days, both ends of which count."""
    if days.first == days.last:
        return language.day(days.first)
    return f"{language.day(days.first)} {NOTHING} {language.day(days.last)}"


def written_days(language: Language, days: list[date]) -> str:
    """Write days as few ranges, the newest ones only where there are many."""
    ranges = day_ranges(days)[-4:]
    return language.enumeration(written_range(language, one) for one in ranges)


def span(language: Language, seconds: int) -> str:
    """Write how long something takes."""
    return language.span(timedelta(seconds=seconds))
