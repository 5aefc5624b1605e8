"""Which data tables a dashboard's figures come from, so that no account's day counts twice.

Several tables may hold the same days of the same account: an extract of one's own beside that of an
automated recipe, or one that a filter narrows. Each day of each account is read from one table
alone: the first, in the order of `Feed.rank`, that knows the day.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from headrace.connectors.paid_media import PaidMediaMapping
from headrace.kit.columns import Column
from headrace.kit.days import DayRange, merged
from headrace.table_store import Segment, SegmentState, TableColumn

FIGURES = ("spend", "impressions", "clicks", "conversions", "revenue")


@dataclass(frozen=True)
class FedAccount:
    """An account as a dashboard names it. currency: the platform's word; None where it has none."""

    channel: str
    remote_id: str
    title: str
    currency: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True)
class Feed:
    """An extract's account in a data table whose report is one of paid media.

    has_own_meaning: other settings than those on which the common meaning of figures rests.
    is_narrowed: a filter leaves out rows.
    """

    table_id: int
    account: FedAccount
    mapping: PaidMediaMapping
    fields: Mapping[str, Column]
    has_own_meaning: bool
    is_narrowed: bool
    is_paused: bool

    @property
    def lacking(self) -> tuple[str, ...]:
        """The figures that the table does not hold."""
        return tuple(name for name in FIGURES if self.mapping.fields[name] not in self.fields)

    @property
    def rank(self) -> tuple[int, bool, bool, bool, int]:
        """What puts feeds of one account in order: the first is the best.

        All figures before some, the common meaning before another, all rows before some, what goes
        on before what is paused, the older table before the newer one.
        """
        return (
            len(self.lacking),
            self.has_own_meaning,
            self.is_narrowed,
            self.is_paused,
            self.table_id,
        )


@dataclass(frozen=True)
class Share:
    """What is read of one data table: some days of some accounts, as segments."""

    table_id: int
    channel: str
    mapping: PaidMediaMapping
    fields: Mapping[str, Column]
    date_field: str
    segments: Sequence[Segment]

    @property
    def columns(self) -> list[TableColumn]:
        """The columns to read, under the common names; what the table lacks is left out."""
        currency = self.mapping.currency_field
        named = dict(self.mapping.fields)
        wanted = named | ({"currency": currency} if currency else {})
        return [
            TableColumn(field, name, self.fields[field].type)
            for name, field in wanted.items()
            if field in self.fields
        ]


Key = tuple[str, str]
"""Channel and account."""


def shared_out(
    feeds: Iterable[Feed], segments: Mapping[int, Sequence[Segment]], days: DayRange
) -> list[Share]:
    """Say what to read of each table so that every account's day comes from one.

    segments: live ones by table. Days outside of `days` are left out.
    """
    chosen: dict[int, list[Segment]] = defaultdict(list)
    of_account: dict[int, dict[str, list[Segment]]] = {
        table_id: _by_account(found) for table_id, found in segments.items()
    }
    some: dict[int, Feed] = {}
    for candidates in _by_key(feeds).values():
        taken: list[DayRange] = []
        for feed in sorted(candidates, key=lambda one: one.rank):
            known = of_account.get(feed.table_id, {}).get(feed.account.remote_id, ())
            fresh = [piece for one in known for piece in _untaken(one, taken, days)]
            chosen[feed.table_id] += fresh
            some[feed.table_id] = feed
            taken = merged([*taken, *(one.days for one in fresh if one.days)])
    return [
        Share(
            table_id,
            feed.account.channel,
            feed.mapping,
            feed.fields,
            feed.mapping.fields["date"],
            chosen[table_id],
        )
        for table_id, feed in sorted(some.items())
        if any(one.path for one in chosen[table_id])
    ]


def provisional_days(shares: Iterable[Share], days: DayRange) -> list[DayRange]:
    """Return the days that the platform may still change, for some account that is read."""
    found = (
        one.days.intersection(days)
        for share in shares
        for one in share.segments
        if one.state == SegmentState.PROVISIONAL and one.days
    )
    return merged(part for part in found if part is not None)


def readable(mapping: PaidMediaMapping, fields: Mapping[str, Column]) -> bool:
    """Whether a table holds enough to be shown: days, campaigns and at least one figure."""
    needed = (mapping.fields["date"], mapping.fields["campaign_id"])
    figures = (mapping.fields[name] for name in FIGURES)
    return all(one in fields for one in needed) and any(one in fields for one in figures)


def _by_key(feeds: Iterable[Feed]) -> dict[Key, list[Feed]]:
    result: dict[Key, list[Feed]] = defaultdict(list)
    for feed in feeds:
        result[feed.account.channel, feed.account.remote_id].append(feed)
    return result


def _by_account(segments: Iterable[Segment]) -> dict[str, list[Segment]]:
    result: dict[str, list[Segment]] = defaultdict(list)
    for one in segments:
        result[one.account_id].append(one)
    return result


def _untaken(segment: Segment, taken: Iterable[DayRange], days: DayRange) -> list[Segment]:
    """Cut the days that are taken, or not asked for, out of a segment."""
    asked = segment.days and segment.days.intersection(days)
    left = [asked] if asked else []
    for other in taken:
        left = [piece for one in left for piece in one.minus(other)]
    return [replace(segment, days=piece) for piece in left]
