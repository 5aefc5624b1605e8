"""What requests of the API ask of dashboards, read from their addresses."""

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request

from headrace.dashboards.filters import MOST_CHOSEN, Comparison, Filters, Period
from headrace.dashboards.metrics import Metric
from headrace.dashboards.performance import Order
from headrace.dashboards.service import Desk
from headrace.rest.resources import Resources

Texts = Annotated[list[str], Query(max_length=MOST_CHOSEN)]


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


def desk(request: Request) -> Desk:
    """Return what figures are made with in this process."""
    resources: Resources = request.app.state.resources
    return Desk(resources.lake, request.app.state.figures_kept)


AskedFilters = Annotated[Filters, Depends(filters)]
AskedOrder = Annotated[Order, Depends(order)]
AppDesk = Annotated[Desk, Depends(desk)]
