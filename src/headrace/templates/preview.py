"""A look at real rows: read through the connector within limits, shown, and stored nowhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy.orm import Session

from headrace.connectors.contract import Account as RemoteAccount
from headrace.connectors.contract import (
    BadValues,
    Field,
    FieldKind,
    ReadRequest,
    Report,
    date_field_of,
)
from headrace.kit import clock
from headrace.kit.columns import api_type, column_type_of
from headrace.kit.days import DayRange
from headrace.kit.names import unique_sql_name
from headrace.kit.outcomes import OutsideError, SlowDown, TryLater
from headrace.kit.told import told, told_by
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.templates import presentation, queries, service
from headrace.templates.choices import (
    chosen_fields,
    chosen_filters,
    chosen_settings,
    described,
)
from headrace.templates.errors import SourceRefused
from headrace.templates.filters import Filter, filtered, parse_filters
from headrace.templates.hashing import hashed
from headrace.templates.schemas import PreviewIn
from headrace.templates.source import (
    PATIENCE_SECONDS,
    Source,
    accounts_named,
    asked,
    connection_of,
    source_of,
)
from headrace.tenancy.scope import WorkspaceScope

MOST_ROWS = 100
MOST_SHOWN_BYTES = 1_000_000
MOST_READ_BYTES = 64_000_000
_DAYS_TRIED = (3, 28)
"""How many trailing days are read: more only where the fewer hold no rows."""
_WHOLE_DAYS = 20_000


@dataclass(frozen=True)
class Look:
    """What to read for a preview, apart from the database."""

    source: Source
    report: Report
    date_field: str | None
    fields: tuple[str, ...]
    settings: Mapping[str, Any]
    filters: tuple[Filter, ...]
    hashed_fields: frozenset[str]
    salt: bytes


@dataclass
class Sample:
    """The rows found, as they will be shown; `schema` is that of the source's last batch."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    days: DayRange | None = None
    schema: pa.Schema | None = None
    is_truncated: bool = False
    read_bytes: int = 0
    shown_bytes: int = 0


@dataclass
class PreviewJournal:
    """Remembers bookmarks for the length of one preview, and waits no longer than it may."""

    deadline: datetime
    kept: Mapping[str, Any] | None = None

    def bookmark(self) -> Mapping[str, Any] | None:
        """Return what was saved before a `SlowDown`."""
        return self.kept

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        """Keep it for another attempt within this preview."""
        self.kept = bookmark

    def count_bad_value(self, column: str, row_number: int, value: str) -> None:
        """Show the cell as empty."""

    def count_retry(self, reason: str) -> None:
        """Count nothing: there is no run."""

    def pause(self, seconds: float) -> None:
        """Wait, if there is time for it.

        Raises:
            TryLater: if there is not.
        """
        if not self.has(seconds):
            raise TryLater(told("The source takes longer than the time of a preview."))
        clock.sleep(seconds)

    def has(self, seconds: float) -> bool:
        """Whether so much time is left."""
        return clock.now() + timedelta(seconds=seconds) < self.deadline


def preview(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    template_id: int,
    body: PreviewIn,
) -> dict[str, Any]:
    """Read some rows as an extract with these choices would store them, as `ExtractTemplatePreviewOut`.

    Raises:
        NotFound: if there is no such template.
        ConnectionUnfit, AccountsUnfit, FieldNotInReport, SettingUnknown, FilterUnfit: as they say.
        TooManyCalls: if too many previews of the workspace are under way.
        SourceRefused: with the source's own words.
    """
    template = service.get(session, scope, template_id)
    connection = connection_of(session, scope, body.connection_id, template.datasource_name)
    accounts = accounts_named(session, scope, connection, body.accounts)
    source = source_of(resources, connection, accounts)
    report = source.connector.spec.report(template.report)
    fields = chosen_fields(source.connector, report, body.fields, body.dynamic_fields)
    declared = described(source.connector, report, fields)
    filters = chosen_filters(report, declared, body.filters())
    look = Look(
        source=source,
        report=report,
        date_field=date_field_of(source.connector, report.name, connection.settings),
        fields=tuple(fields),
        settings=chosen_settings(report, template.settings, body.custom_settings),
        filters=parse_filters(filters, None),
        hashed_fields=frozenset(template.hashed_fields),
        salt=queries.salt_of(session, scope.agency_id),
    )
    try:
        sample = asked(
            session, scope, resources, calls, source, lambda way: sampled(replace(look, source=way))
        )
    except OutsideError as error:
        raise SourceRefused(told_by(error)) from error
    return _shown(look, declared, sample)


def sampled(look: Look) -> Sample:
    """Read rows of one account after another until there are enough.

    Raises:
        OutsideError: as the connector does, if no rows were found before.
    """
    journal = PreviewJournal(clock.now() + timedelta(seconds=PATIENCE_SECONDS))
    sample = Sample()
    for count in _tries(look):
        for account in look.source.accounts:
            sample.days = None if count is None else recent_days(look.report, account, count)
            _collect(look, account, journal, sample)
            if sample.is_truncated:
                return sample
        if sample.rows:
            break
    return sample


def _tries(look: Look) -> Sequence[int | None]:
    """How many trailing days to read, one after another until there are rows; None reads all."""
    if look.date_field is None:
        return (None,)
    if look.report.holds_some_days or not look.report.fields:
        return (_WHOLE_DAYS,)  # the source lies there whole, and is read until there is enough
    return _DAYS_TRIED


def recent_days(report: Report, account: RemoteAccount, count: int) -> DayRange:
    """Return the newest days a report answers, in the account's time zone."""
    last = clock.today(account.timezone)
    if not report.includes_today:
        last -= timedelta(days=1)
    most = count if count == _WHOLE_DAYS else max(1, min(count, report.chunk_days))
    return DayRange(last - timedelta(days=most - 1), last)


def _collect(look: Look, account: RemoteAccount, journal: PreviewJournal, sample: Sample) -> None:
    journal.kept = None
    try:
        for batch in _batches(look, account, journal, sample.days):
            sample.read_bytes += batch.nbytes
            sample.schema = batch.schema
            _take(look, batch, sample)
            if sample.is_truncated:
                return
            if sample.read_bytes > MOST_READ_BYTES or not journal.has(0):
                sample.is_truncated = True
                return
    except OutsideError:
        # Rows that are there are worth more than the reason why there are no others.
        if not sample.rows:
            raise
        sample.is_truncated = True


def _batches(
    look: Look, account: RemoteAccount, journal: PreviewJournal, days: DayRange | None
) -> Iterator[pa.RecordBatch]:
    request = ReadRequest(
        account=account,
        report=look.report.name,
        fields=look.fields,
        window=days,
        journal=journal,
        settings=look.settings,
        bad_values=BadValues.NULL_AND_COUNT,
    )
    while True:
        try:
            yield from look.source.connector.read(look.source.access, request)
        except SlowDown as slow:
            # A report that is not finished raises this before its first row.
            if not journal.has(slow.after_seconds):
                raise
            journal.pause(slow.after_seconds)
        else:
            return


def _take(look: Look, batch: pa.RecordBatch, sample: Sample) -> None:
    batch = filtered(batch, look.filters)
    if look.hashed_fields:
        batch = hashed(batch, look.hashed_fields, look.salt)
    room = MOST_ROWS - len(sample.rows)
    for row in batch.slice(0, room).to_pylist():
        shown = {name: _plain(value) for name, value in row.items()}
        sample.shown_bytes += len(msgspec.json.encode(shown))
        if sample.shown_bytes > MOST_SHOWN_BYTES:
            sample.is_truncated = True
            return
        sample.rows.append(shown)
    sample.is_truncated = sample.is_truncated or batch.num_rows > room


def _plain(value: Any) -> Any:
    """Decimals become text without zeros at the end: JSON numbers would lose digits."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _shown(look: Look, declared: Sequence[Field], sample: Sample) -> dict[str, Any]:
    return {
        "columns": _columns(look, declared, sample.schema),
        "rows": sample.rows,
        "rows_count": len(sample.rows),
        "date_from": sample.days.first if sample.days else None,
        "date_to": sample.days.last if sample.days else None,
        "truncated": sample.is_truncated,
    }


def _columns(
    look: Look, declared: Sequence[Field], schema: pa.Schema | None
) -> list[dict[str, Any]]:
    if look.report.fields:
        names = presentation.sql_names(declared)
        return [
            {
                "name": item.name,
                "title": item.title,
                "sql_name": names[item.name],
                "kind": item.kind,
                "type": "string" if item.name in look.hashed_fields else api_type(item.type),
            }
            for item in declared
        ]
    taken: set[str] = set()
    columns = []
    for column in schema or ():
        name = unique_sql_name(column.name, taken)
        taken.add(name)
        is_day = column.name == look.date_field
        columns.append(
            {
                "name": column.name,
                "title": column.name,
                "sql_name": name,
                "kind": FieldKind.DATE_KEY if is_day else FieldKind.DIMENSION,
                "type": "string"
                if column.name in look.hashed_fields
                else api_type(column_type_of(column.type)),
            }
        )
    return columns
