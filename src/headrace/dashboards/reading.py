"""What feeds the figures of a workspace at one moment: accounts, tables, and their live segments."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from headrace.connectors.paid_media import PaidMediaMapping
from headrace.connectors.registry import connectors
from headrace.dashboards import queries
from headrace.dashboards.feeding import FedAccount, Feed, readable
from headrace.kit import clock
from headrace.kit.columns import Column, ColumnType
from headrace.table_store import Segment, live_segments
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Sources:
    """Feeds of a workspace, and the live segments of their tables.

    titles: of data tables, by id. channels: titles of data sources, by name.
    """

    feeds: Sequence[Feed]
    segments: Mapping[int, Sequence[Segment]]
    titles: Mapping[int, str]
    channels: Mapping[str, str]

    @property
    def accounts(self) -> dict[tuple[str, str], FedAccount]:
        """The accounts by channel and id, by title."""
        found = {(one.account.channel, one.account.remote_id): one.account for one in self.feeds}
        return dict(sorted(found.items(), key=lambda item: (item[0][0], item[1].title.lower())))

    @property
    def today(self) -> date:
        """The day it is where it is latest among the accounts."""
        zones = {one.account.timezone for one in self.feeds} or {"UTC"}
        return max(clock.today(zone) for zone in zones)


def sources_of(session: Session, scope: WorkspaceScope) -> Sources:
    """Return every table of paid media in the workspace, with its accounts and segments."""
    mapped = _mapped()
    rows = queries.accounts_extracted(session, scope, mapped.keys())
    fields = _fields(session, scope, {row.data_table_id for row in rows})
    feeds = [feed for row in rows if (feed := _feed(row, mapped, fields)) is not None]
    return Sources(
        feeds,
        {table_id: live_segments(session, table_id) for table_id in {f.table_id for f in feeds}},
        {row.data_table_id: row.table_title for row in rows},
        {
            name: connectors()[name].spec.title
            for name in sorted({f.account.channel for f in feeds})
        },
    )


def _mapped() -> dict[str, tuple[str, PaidMediaMapping]]:
    """Return the report that is paid media, and its mapping, by data source."""
    found = {}
    for name, connector in connectors().items():
        mapping = connector.spec.paid_media
        if mapping is None:
            continue
        template = next(one for one in connector.spec.templates if one.code == mapping.template)
        found[name] = (template.report, mapping)
    return found


def _fields(
    session: Session, scope: WorkspaceScope, table_ids: set[int]
) -> dict[int, dict[str, Column]]:
    found: dict[int, dict[str, Column]] = defaultdict(dict)
    for row in queries.table_fields(session, scope, table_ids):
        found[row.data_table_id][row.name] = Column(row.name, ColumnType(row.type))
    return found


def _feed(
    row: Any,
    mapped: Mapping[str, tuple[str, PaidMediaMapping]],
    fields: Mapping[int, dict[str, Column]],
) -> Feed | None:
    report, mapping = mapped[row.datasource_name]
    held = fields.get(row.data_table_id, {})
    if row.report != report or row.date_field is None or not readable(mapping, held):
        return None
    return Feed(
        table_id=row.data_table_id,
        account=FedAccount(
            row.datasource_name, row.remote_id, row.account_title, row.currency, row.timezone
        ),
        mapping=mapping,
        fields=held,
        has_own_meaning=any(
            row.settings.get(name) != value for name, value in mapping.settings.items()
        ),
        is_narrowed=bool(row.custom_filters),
        is_paused=row.is_paused,
    )
