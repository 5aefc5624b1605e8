"""The pages of a report: rows by day and entity, written as JSON, found again by a cursor."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from headrace.kit.days import DayRange
from headrace.sandbox.custom_reports import MOST_PARTS, custom_rows
from headrace.sandbox.fields import (
    AD_FIELDS,
    CAMPAIGN_FIELDS,
    METRIC_FIELDS,
    ad_values,
    campaign_values,
    drifted,
    members,
    metric_values,
    spoiled,
)
from headrace.sandbox.figures import (
    NOTHING,
    PATTERN,
    Figures,
    age_of,
    figures_of_ads,
    has_figures,
    offset_of,
    patterns,
    weight_of,
)
from headrace.sandbox.network import Misbehaviour, NetworkAccount

_DRIFTS_FROM_DAY = 15
_DRIFTED_FIELD = "quality_score"


@dataclass(frozen=True)
class ReportQuery:
    """What is asked for: `level` is one of `FIELDS`; `as_of` is the day it is asked on.

    conversion_percent: how many of the conversions count, by attribution and choice of actions.
    """

    account: NetworkAccount
    level: str
    window: DayRange
    fields: tuple[str, ...]
    as_of: date
    conversion_percent: int = 100

    @property
    def entities(self) -> int:
        """How many rows a day has at most: campaigns, ads, or parts that ads are broken down in."""
        if self.level == "custom":
            return self.account.ads * MOST_PARTS
        return self.account.campaigns if self.level == "campaign" else self.account.ads

    @property
    def most_rows(self) -> int:
        """No report of this query has more rows."""
        return self.entities * self.window.day_count


@dataclass(frozen=True)
class Page:
    """Some rows as the inside of a JSON array, and where the next page begins, if there is one."""

    rows_json: str
    next_position: int | None


@lru_cache(maxsize=32)
def page(query: ReportQuery, position: int, limit: int) -> Page:
    """Return up to `limit` rows from a position (day x entities + entity) on."""
    rows: list[str] = []
    days = query.window.day_count
    while position < days * query.entities and len(rows) < limit:
        day_index, entity = divmod(position, query.entities)
        day = date.fromordinal(query.window.first.toordinal() + day_index)
        reached = query.entities
        if has_figures(query.account, day, query.as_of):
            reached = _collect(query, day, entity, limit, rows)
        position = day_index * query.entities + reached
    more = position < days * query.entities and has_rows(query)
    return Page(",".join(rows), position if more else None)


def has_rows(query: ReportQuery) -> bool:
    """Whether any day of the window can have rows."""
    return any(has_figures(query.account, day, query.as_of) for day in query.window.days())


def _collect(query: ReportQuery, day: date, entity: int, limit: int, rows: list[str]) -> int:
    """Add a day's rows from an entity on until there are `limit`; return the first not looked at."""
    for row in _ROWS_OF_DAY[query.level](query, day, entity):
        entity += 1
        if row:
            rows.append(row)
            if len(rows) == limit:
                return entity
    return query.entities


def _campaign_rows(query: ReportQuery, day: date, first: int) -> Iterator[str]:
    account = query.account
    for campaign in range(first, account.campaigns):
        ads = account.ads_per_campaign
        figures = figures_of_ads(
            account, day, campaign * ads, ads, query.as_of, query.conversion_percent
        )
        if figures.rows == 0:
            yield ""
            continue
        metrics = _metrics(query, day, figures, is_first=campaign == 0)
        yield _row(query, day, _campaign(account, campaign, query.fields), metrics)


def _ad_rows(query: ReportQuery, day: date, first: int) -> Iterator[str]:
    account = query.account
    metrics = _metric_patterns(
        account, age_of(day, query.as_of), weight_of(day), query.conversion_percent, query.fields,
        _drifts(account, day),
    )  # fmt: skip
    offset = offset_of(account, day)
    describes_ads = any(name in AD_FIELDS for name in query.fields)
    for ad in range(first, account.ads):
        written = metrics[(offset + ad) % PATTERN]
        if written is None:
            yield ""
            continue
        if ad == 0 and account.misbehaviour is Misbehaviour.BAD_NUMBER:
            figures = figures_of_ads(account, day, 0, 1, query.as_of, query.conversion_percent)
            written = _metrics(query, day, figures, is_first=True)
        campaign = _campaign(account, ad // account.ads_per_campaign, query.fields)
        described = members(ad_values(account, ad), query.fields) if describes_ads else ""
        yield _row(query, day, campaign, described, written)


def _custom_rows(query: ReportQuery, day: date, first: int) -> Iterator[str]:
    # There are fewer than the entities promise; the rest of them have no row.
    yield from custom_rows(query.account, day, query.as_of, query.conversion_percent, query.fields)[
        first:
    ]


_ROWS_OF_DAY = {"campaign": _campaign_rows, "ad": _ad_rows, "custom": _custom_rows}


def _row(query: ReportQuery, day: date, *parts: str) -> str:
    dated = f'"date":"{day}"' if "date" in query.fields else ""
    return "{" + ",".join(part for part in (dated, *parts) if part) + "}"


@lru_cache(maxsize=4096)
def _campaign(account: NetworkAccount, campaign: int, fields: tuple[str, ...]) -> str:
    wanted = [name for name in fields if name in CAMPAIGN_FIELDS]
    return members(campaign_values(account, campaign), wanted) if wanted else ""


@lru_cache(maxsize=32)
def _metric_patterns(
    account: NetworkAccount,
    age: int,
    weight: int,
    percent: int,
    fields: tuple[str, ...],
    drifts: bool,
) -> list[str | None]:
    return [
        None if figures is NOTHING else _written(figures.times(weight), fields, drifts)
        for figures in patterns(account, age, percent)
    ]


def _drifts(account: NetworkAccount, day: date) -> bool:
    return account.misbehaviour is Misbehaviour.DRIFTING and day.day >= _DRIFTS_FROM_DAY


def _metrics(query: ReportQuery, day: date, figures: Figures, *, is_first: bool) -> str:
    spoils = is_first and query.account.misbehaviour is Misbehaviour.BAD_NUMBER
    return _written(figures, query.fields, _drifts(query.account, day), spoils)


def _written(figures: Figures, fields: tuple[str, ...], drifts: bool, spoils: bool = False) -> str:
    values = metric_values(figures)
    if spoils:
        values = spoiled(values)
    if drifts:
        values = drifted(values)
    wanted = [name for name in fields if name in METRIC_FIELDS]
    return members(values, [*wanted, _DRIFTED_FIELD]) if wanted else ""


def totals(query: ReportQuery) -> Figures:
    """Add up everything the report of this query holds, by arithmetic instead of reading."""
    account = query.account
    result = NOTHING
    for day in query.window.days():
        result = result.plus(
            figures_of_ads(account, day, 0, account.ads, query.as_of, query.conversion_percent)
        )
    return result


def row_count(query: ReportQuery) -> int:
    """How many rows the query has."""
    days = [day for day in query.window.days() if has_figures(query.account, day, query.as_of)]
    if query.level == "custom":
        percent, fields = query.conversion_percent, query.fields
        return sum(
            len(custom_rows(query.account, day, query.as_of, percent, fields)) for day in days
        )
    if query.level == "ad":
        return totals(query).rows
    return _campaign_row_count(query, days)


def _campaign_row_count(query: ReportQuery, days: list[date]) -> int:
    account, ads = query.account, query.account.ads_per_campaign
    if not account.has_gaps:
        return len(days) * account.campaigns
    return sum(
        figures_of_ads(account, day, campaign * ads, ads, query.as_of).rows > 0
        for day in days
        for campaign in range(account.campaigns)
    )
