"""What requests of the API ask of dashboards, read from their addresses."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request

from headrace.dashboards.filters import MOST_CHOSEN, Comparison, Filters, Period
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import Order
from headrace.dashboards.service import Desk
from headrace.rest.resources import Resources

Choice = TypeVar("Choice", bound=StrEnum)
Pairs = Iterable[tuple[str, str]]


def filters(
    period: Annotated[
        Period,
        Query(
            description="A range of days; all but `this_month` and `custom` end with whole days."
        ),
    ] = Period.LAST_30_DAYS,
    date_from: Annotated[date | None, Query(description="First day of a custom period.")] = None,
    date_to: Annotated[date | None, Query(description="Last day of a custom period.")] = None,
    compare: Annotated[
        Comparison, Query(description="What the days are compared with.")
    ] = Comparison.PREVIOUS_PERIOD,
    channel: Annotated[
        list[str] | None,
        Query(max_length=MOST_CHOSEN, description="Data sources; none for all."),
    ] = None,
    account: Annotated[
        list[str] | None,
        Query(
            max_length=MOST_CHOSEN,
            description="Accounts, by their ids at the platforms; none for all.",
        ),
    ] = None,
    currency: Annotated[
        str | None, Query(max_length=3, description="Empty for the one most is spent in.")
    ] = None,
) -> Filters:
    """Read the filters of a dashboard; those that it has no use for change nothing."""
    return Filters(
        period,
        date_from,
        date_to,
        compare,
        tuple(channel or ()),
        tuple(account or ()),
        currency or None,
    )


def order(
    sort: Annotated[Metric, Query(description="What campaigns are sorted by.")] = Metric.SPEND,
    descending: Annotated[bool, Query(description="The largest first.")] = True,
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Page number, from 1.")] = 1,
    page_size: Annotated[int, Query(ge=1, le=1000, description="Campaigns a page.")] = 50,
) -> Order:
    """Read how campaigns are put in order."""
    return Order(sort, descending, page, page_size)


def read_filters(query: Pairs) -> Filters:
    """Read the filters from an address's parameters; what is empty or unknown is as if left out."""
    pairs = list(query)
    one = dict(pairs)
    return Filters(
        chosen(Period, one.get("period"), Period.LAST_30_DAYS),
        _day(one.get("date_from")),
        _day(one.get("date_to")),
        chosen(Comparison, one.get("compare"), Comparison.PREVIOUS_PERIOD),
        _listed(pairs, "channel"),
        _listed(pairs, "account"),
        one.get("currency", "")[:3] or None,
    )


def read_order(query: Pairs) -> Order:
    """Read how campaigns are put in order, as `read_filters` does."""
    one = dict(query)
    page = one.get("page", "")
    return Order(
        chosen(Metric, one.get("sort"), Metric.SPEND),
        one.get("descending") != "false",
        int(page) if page.isascii() and page.isdigit() and 0 < int(page) <= 10**6 else 1,
    )


def chosen(kind: type[Choice], value: str | None, default: Choice) -> Choice:
    """Return the choice that a text names, or the default."""
    return kind(value) if value in set(kind) else default


def _listed(pairs: Pairs, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for key, value in pairs if key == name and value))[
        :MOST_CHOSEN
    ]


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value or "")
    except ValueError:
        return None


def desk(request: Request) -> Desk:
    """Return what figures are made with in this process."""
    resources: Resources = request.app.state.resources
    return Desk(resources.lake, request.app.state.figures_kept)


AskedFilters = Annotated[Filters, Depends(filters)]
AskedOrder = Annotated[Order, Depends(order)]
AppDesk = Annotated[Desk, Depends(desk)]
