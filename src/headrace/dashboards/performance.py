"""The figures of the performance dashboard, put together from sums; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.dashboards.adding_up import NO_CURRENCY, Added
from headrace.dashboards.feeding import FIGURES, FedAccount, Share, provisional_days
from headrace.dashboards.metrics import RATIOS, Metric, Sums, total
from headrace.kit.days import DayRange, merged


class DayState(StrEnum):
    """What is known of a day: all of it, what may still change, or nothing."""

    FINAL = "final"
    PROVISIONAL = "provisional"
    MISSING = "missing"


@dataclass(frozen=True)
class Order:
    """How campaigns are put in order, and which part of them is shown; pages count from 1."""

    sort: Metric = Metric.SPEND
    descending: bool = True
    page: int = 1
    page_size: int = 50


@dataclass(frozen=True)
class Day:
    """A day with its sums; those of days never read are None."""

    date: date
    state: DayState
    sums: Sums | None


@dataclass(frozen=True)
class Campaign:
    """A campaign of an account, by the name it had last."""

    channel: str
    account_id: str
    account_title: str
    campaign_id: str | None
    campaign_name: str | None
    sums: Sums


@dataclass(frozen=True)
class Performance:
    """What the dashboard shows, of one currency.

    currencies: all there are figures in, that of most spend first. channel_sums: by name, in the
    order of the campaigns. campaign_count: of all pages.
    """

    days: DayRange
    compared: DayRange | None
    currency: str | None
    currencies: Sequence[str]
    totals: Sums
    compared_totals: Sums | None
    by_day: Sequence[Day]
    compared_by_day: Sequence[Day]
    channel_sums: Mapping[str, Sums]
    campaigns: Sequence[Campaign]
    campaign_count: int


def known_days(shares: Sequence[Share]) -> list[DayRange]:
    """Return the days that some account was read of."""
    return merged(one.days for share in shares for one in share.segments if one.days)


def by_day(
    added: Added, currency: str | None, days: DayRange, shares: Sequence[Share]
) -> list[Day]:
    """Return every day of a range, oldest first; a day that was read and has no rows has zeros."""
    known, provisional = known_days(shares), provisional_days(shares, days)
    result = []
    for day in days.days():
        if not _within(day, known):
            result.append(Day(day, DayState.MISSING, None))
            continue
        state = DayState.PROVISIONAL if _within(day, provisional) else DayState.FINAL
        result.append(Day(day, state, added.by_day.get((currency or NO_CURRENCY, day), Sums())))
    return result


def in_currency(added: Added, currency: str | None) -> Any:
    """Return the campaigns whose figures are of a currency."""
    return added.campaigns.filter(
        pc.equal(added.campaigns.column("currency"), currency or NO_CURRENCY)
    )


def ordered_campaigns(campaigns: Any, order: Order) -> tuple[dict[str, Sums], Any]:
    """Put campaigns in order, channel after channel; gives the sums of channels in their order."""
    sums = {
        name: _summed(campaigns.filter(pc.equal(campaigns.column("channel"), name)))
        for name in pc.unique(campaigns.column("channel")).to_pylist()
    }
    ordered = dict(
        sorted(sums.items(), key=lambda item: (_rank(item[1].value(order.sort), order), item[0]))
    )
    parts = [
        _ordered(campaigns.filter(pc.equal(campaigns.column("channel"), name)), order)
        for name in ordered
    ]
    return ordered, pa.concat_tables(parts) if parts else campaigns


def page_of(
    campaigns: Any, order: Order, accounts: Mapping[tuple[str, str], FedAccount]
) -> list[Campaign]:
    """Return a page of campaigns."""
    begin = (order.page - 1) * order.page_size
    return [
        Campaign(
            channel=row["channel"],
            account_id=row["account_id"],
            account_title=_title(accounts, row["channel"], row["account_id"]),
            campaign_id=row["campaign_id"],
            campaign_name=row["campaign_name"],
            sums=Sums(**{name: row[name] for name in FIGURES}),
        )
        for row in campaigns.slice(begin, order.page_size).to_pylist()
    ]


def totals_of(days: Sequence[Day]) -> Sums:
    """Add up days."""
    return total(one.sums for one in days if one.sums is not None)


def with_comparison(found: Performance, days: DayRange, of_days: Sequence[Day]) -> Performance:
    """Add what days are compared with; without a day that was read there is nothing to compare."""
    known = [one for one in of_days if one.sums is not None]
    sums = totals_of(known) if known else None
    return replace(found, compared=days, compared_totals=sums, compared_by_day=of_days)


def change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return by which part a figure grew; None where there is no telling."""
    if now is None or not before:
        return None
    return (now - before) / before


def _within(day: date, ranges: Sequence[DayRange]) -> bool:
    return any(one.first <= day <= one.last for one in ranges)


def _title(accounts: Mapping[tuple[str, str], FedAccount], channel: str, account_id: str) -> str:
    account = accounts.get((channel, account_id))
    return account.title if account else account_id


def _summed(campaigns: Any) -> Sums:
    return Sums(**{name: pc.sum(campaigns.column(name)).as_py() or Decimal(0) for name in FIGURES})


def _rank(value: Decimal | None, order: Order) -> tuple[bool, Decimal]:
    """What puts values in order; those there are none of come last either way."""
    number = value or Decimal(0)
    return (value is None, -number if order.descending else number)


def _ordered(campaigns: Any, order: Order) -> Any:
    values = _sort_values(campaigns, order.sort)
    keyed = campaigns.append_column("sort_by", values).append_column("is_none", pc.is_null(values))
    direction = "descending" if order.descending else "ascending"
    others = [("campaign_id", "ascending"), ("account_id", "ascending")]
    keys = [("is_none", "ascending"), ("sort_by", direction), *others]
    return campaigns.take(pc.sort_indices(keyed, sort_keys=keys))


def _sort_values(campaigns: Any, metric: Metric) -> Any:
    if metric not in RATIOS:
        return campaigns.column(metric.value)
    above, below = (campaigns.column(name).cast(pa.float64()) for name in RATIOS[metric])
    divisor = pc.if_else(pc.equal(below, 0.0), pa.scalar(None, pa.float64()), below)
    return pc.divide(above, divisor)
