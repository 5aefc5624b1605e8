"""The rules of dashboards: what a workspace's figures are, whoever asks and however they are shown."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from headrace.dashboards import queries
from headrace.dashboards.adding_up import Added, added_up
from headrace.dashboards.feeding import FedAccount, Feed, Share, shared_out
from headrace.dashboards.filters import Filters, compared_days, days_asked
from headrace.dashboards.keeping import FiguresKept, version_of
from headrace.dashboards.performance import (
    Order,
    Performance,
    by_day,
    in_currency,
    ordered_campaigns,
    page_of,
    totals_of,
    with_comparison,
)
from headrace.dashboards.reading import Sources, sources_of
from headrace.kit.days import DayRange
from headrace.table_store import Lake
from headrace.tenancy.scope import WorkspaceScope

_SECONDS = 15.0


@dataclass(frozen=True)
class Desk:
    """What figures are made with: the lake, and what was added up lately."""

    lake: Lake
    kept: FiguresKept


@dataclass(frozen=True)
class Shown:
    """Performance, and what there is to choose from. lacking: figures by the table without them."""

    figures: Performance
    channels: dict[str, str]
    accounts: list[FedAccount]
    lacking: dict[str, list[str]]


def performance(
    session: Session, scope: WorkspaceScope, desk: Desk, filters: Filters, order: Order
) -> Shown:
    """Return the performance dashboard of a workspace.

    Raises:
        BadFilter: if the days asked for are none.
        TooMuchToAdd: if there are too many rows to add up at once.
    """
    sources = sources_of(session, scope)
    days = days_asked(filters, sources.today)
    compared = compared_days(days, filters.compare)
    added, shares = _added(scope, desk, sources, filters, days)
    currency = filters.currency or next(iter(added.currencies), None)
    of_days = by_day(added, currency, days, shares)
    channel_sums, campaigns = ordered_campaigns(in_currency(added, currency), order)
    found = Performance(
        days=days,
        compared=None,
        currency=currency,
        currencies=added.currencies,
        totals=totals_of(of_days),
        compared_totals=None,
        by_day=of_days,
        compared_by_day=(),
        channel_sums=channel_sums,
        campaigns=page_of(campaigns, order, sources.accounts),
        campaign_count=campaigns.num_rows,
    )
    if compared is not None:
        before, of_them = _added(scope, desk, sources, filters, compared)
        found = with_comparison(found, compared, by_day(before, currency, compared, of_them))
    return Shown(
        found, dict(sources.channels), list(sources.accounts.values()), _lacking(sources, shares)
    )


def end_links(session: Session, scope: WorkspaceScope) -> None:
    """End all links to pictures of the workspace's dashboards."""
    queries.end_links(session, scope)


def _added(
    scope: WorkspaceScope, desk: Desk, sources: Sources, filters: Filters, days: DayRange
) -> tuple[Added, list[Share]]:
    """Add up what is asked for, or find it added up."""
    shares = shared_out(_chosen(sources, filters), sources.segments, days)
    accounts = sources.accounts
    read = [(one.table_id, one.columns, _pieces(one)) for one in shares]
    key = version_of(days, read, sorted((key, one.currency) for key, one in accounts.items()))
    make = partial(added_up, desk.lake, shares, accounts, days, _SECONDS)
    found: Added = desk.kept.found(
        scope.workspace_id, key, make, lambda added: int(added.campaigns.nbytes)
    )
    return found, shares


def _pieces(share: Share) -> list[tuple[int, DayRange | None]]:
    return [(one.id, one.days) for one in share.segments]


def _chosen(sources: Sources, filters: Filters) -> list[Feed]:
    return [
        feed
        for feed in sources.feeds
        if (not filters.channels or feed.account.channel in filters.channels)
        and (not filters.accounts or feed.account.remote_id in filters.accounts)
    ]


def _lacking(sources: Sources, shares: list[Share]) -> dict[str, list[str]]:
    read = {one.table_id for one in shares}
    return {
        sources.titles[feed.table_id]: list(feed.lacking)
        for feed in sources.feeds
        if feed.lacking and feed.table_id in read
    }
