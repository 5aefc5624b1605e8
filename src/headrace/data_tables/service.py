"""The rules of data tables: making them, growing their columns, showing their rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from headrace.connectors.contract import Field, FieldKind
from headrace.data_tables import announcing, queries, schema_changes
from headrace.data_tables.drift import Change, Drift
from headrace.data_tables.errors import DimensionNeeded, FieldUnknown, OtherReport, TitleTaken
from headrace.data_tables.models import DataTable, DataTableField
from headrace.data_tables.schema_changes import Found
from headrace.data_tables.schemas import DataTableIn
from headrace.kit.columns import NUMBERS, Column, ColumnType, api_type, wider
from headrace.kit.names import unique_sql_name
from headrace.rest.errors import NotFound
from headrace.table_store import TableColumn
from headrace.tenancy.scope import WorkspaceScope

_SYSTEM = (
    ("account_id", "Account ID", ColumnType.STRING, FieldKind.DIMENSION),
    ("account_name", "Account name", ColumnType.STRING, FieldKind.PROPERTY),
    ("__insert_date", "Insert date", ColumnType.DATETIME, FieldKind.PROPERTY),
)
_FILE_FIELDS = {
    "account_id": "__account_id",
    "account_name": "__account_name",
    "__insert_date": "__insert_date",
}
MAX_TITLE = 255
_KEY_KINDS = (FieldKind.DIMENSION, FieldKind.DATE_KEY)


@dataclass(frozen=True)
class TableView:
    """A data table as loads and samples read it.

    columns: the selected columns in order, system fields among them.
    date_field, date_column: the day's name in files, and as delivered; None without days.
    key: delivered names of the dimensions that tell rows of one account and day apart.
    """

    table_id: int
    title: str
    sql_name: str
    datasource_name: str
    report: str
    columns: tuple[TableColumn, ...]
    date_field: str | None
    date_column: str | None
    key: tuple[str, ...]


@dataclass(frozen=True)
class NewTable:
    """A data table to make.

    has_fixed_dimensions: all extracts into it must have the same dimensions, as wide ones do.
    """

    title: str
    sql_name: str
    datasource_name: str
    report: str
    data_class: str
    date_field: str | None
    has_fixed_dimensions: bool = False


def find_or_create(
    session: Session, scope: WorkspaceScope, new: NewTable, declared: Sequence[Field]
) -> tuple[DataTable, bool]:
    """Return the workspace's table of that title, made if it is not there, and whether it was made.

    Raises:
        OtherReport: if the title belongs to a table of another report, with other days, or with
            other dimensions where these are fixed.
    """
    table = queries.table_of_title(session, scope, new.title)
    if table is not None:
        same = (table.datasource_name, table.report, table.date_field)
        if same != (new.datasource_name, new.report, new.date_field):
            raise OtherReport(new.title)
        if new.has_fixed_dimensions and _dimensions(session, table) != _key_names(declared):
            raise OtherReport(new.title)
        grow(session, scope, table.id, declared)
        return table, False
    table = DataTable(
        workspace_id=scope.workspace_id,
        title=new.title,
        datasource_name=new.datasource_name,
        report=new.report,
        data_class=new.data_class,
        sql_name=unique_sql_name(new.sql_name, queries.sql_names(session, scope)),
        date_field=new.date_field,
    )
    session.add(table)
    session.flush()
    for position, (name, title, column_type, kind) in enumerate(_SYSTEM):
        session.add(
            DataTableField(
                data_table_id=table.id,
                position=position,
                name=name,
                title=title,
                kind=kind,
                type=column_type,
                sql_name=name,
                is_system=True,
            )
        )
    session.flush()
    grow(session, scope, table.id, declared)
    return table, True


def free_title(session: Session, scope: WorkspaceScope, wanted: str) -> str:
    """Return a title that no data table of the workspace has: the wanted one with a number."""
    for number in count(2):
        tail = f" ({number})"
        title = wanted[: MAX_TITLE - len(tail)] + tail
        if queries.table_of_title(session, scope, title) is None:
            return title
    raise AssertionError("numbers do not end")


def _dimensions(session: Session, table: DataTable) -> set[str]:
    return _key_names(item for item in queries.fields(session, table.id) if not item.is_system)


def _key_names(fields: Iterable[Field | DataTableField]) -> set[str]:
    return {item.name for item in fields if item.kind in _KEY_KINDS}


def grow(
    session: Session,
    scope: WorkspaceScope,
    data_table_id: int,
    declared: Sequence[Field],
    found: Found | None = None,
) -> None:
    """Add the fields that a table lacks, and widen those that are too narrow; none is removed.

    found: the read that brought them; None where a person chose them.
    """
    table = queries.locked_table(session, scope, data_table_id)
    if table is None:
        raise NotFound("Data table")
    present = queries.fields(session, data_table_id)
    known = {field.name: field for field in present if not field.is_system}
    taken = {field.sql_name for field in present}
    position = len(present)
    changes: list[Drift] = []
    for item in declared:
        if item.name in known:
            changes += _widen(known[item.name], item.type)
            continue
        changes.append(Drift(item.name, Change.ADDED, None, item.type))
        name = unique_sql_name(item.name, taken)
        taken.add(name)
        session.add(
            DataTableField(
                data_table_id=data_table_id,
                position=position,
                name=item.name,
                title=item.title,
                kind=item.kind,
                type=item.type,
                sql_name=name,
                format=item.format,
                is_dynamic=item.is_dynamic,
            )
        )
        position += 1
    if known:  # a table that is being made has no columns to change
        went_along = [(change, True) for change in changes]
        schema_changes.report(session, scope, data_table_id, found, went_along)
    session.flush()


def _widen(field: DataTableField, to_hold: ColumnType) -> list[Drift]:
    before = ColumnType(field.type)
    field.type = wider(before, to_hold)
    if field.type == before:
        return []
    return [Drift(field.name, Change.WIDENED, before, ColumnType(field.type))]


def own_columns(session: Session, data_table_id: int) -> dict[str, ColumnType]:
    """Return the columns of a table by the names that files have for them, but the system's."""
    found = queries.fields(session, data_table_id)
    return {item.name: ColumnType(item.type) for item in found if not item.is_system}


def discovered_fields(columns: Sequence[Column], date_field: str | None) -> list[Field]:
    """Describe columns that no report declares: numbers count as metrics, the rest as dimensions."""
    return [
        Field(
            name=column.name,
            title=column.name,
            kind=_discovered_kind(column, date_field),
            type=column.type,
        )
        for column in columns
    ]


def _discovered_kind(column: Column, date_field: str | None) -> FieldKind:
    if column.name == date_field:
        return FieldKind.DATE_KEY
    return FieldKind.METRIC if column.type in NUMBERS else FieldKind.DIMENSION


def get(session: Session, scope: WorkspaceScope, data_table_id: int) -> DataTable:
    """Return a data table of the workspace.

    Raises:
        NotFound: if there is none.
    """
    table = queries.table(session, scope, data_table_id)
    if table is None:
        raise NotFound("Data table")
    return table


def view(session: Session, scope: WorkspaceScope, data_table_id: int) -> TableView:
    """Return a data table as loads and samples read it.

    Raises:
        NotFound: if there is none.
    """
    table = get(session, scope, data_table_id)
    fields = [item for item in queries.fields(session, table.id) if item.is_selected]
    day = next((item for item in fields if _is_day(item, table)), None)
    return TableView(
        table_id=table.id,
        title=table.title,
        sql_name=table.sql_name,
        datasource_name=table.datasource_name,
        report=table.report,
        columns=tuple(
            TableColumn(
                _FILE_FIELDS[item.name] if item.is_system else item.name,
                item.sql_name,
                ColumnType(item.type),
            )
            for item in fields
        ),
        date_field=table.date_field,
        date_column=day.sql_name if day else None,
        key=tuple(
            item.sql_name
            for item in fields
            if item.kind in _KEY_KINDS and not item.is_system and item is not day
        ),
    )


def _is_day(item: DataTableField, table: DataTable) -> bool:
    return not item.is_system and item.name == table.date_field


def update(
    session: Session, scope: WorkspaceScope, data_table_id: int, body: DataTableIn
) -> DataTable:
    """Choose what loads deliver, and the table's title; what is left out stays.

    Raises:
        NotFound, FieldUnknown, DimensionNeeded, TitleTaken: as their names say.
    """
    table = get(session, scope, data_table_id)
    if body.selected_fields is not None:
        _select_fields(session, table, set(body.selected_fields))
    if body.title is not None and body.title != table.title:
        if queries.table_of_title(session, scope, body.title) is not None:
            raise TitleTaken(body.title)
        table.title = body.title
    if body.auto_extract_new_accounts is not None:
        table.auto_extract_new_accounts = body.auto_extract_new_accounts
    if body.schema_policy is not None:
        table.schema_policy = body.schema_policy
    session.flush()
    return table


def _select_fields(session: Session, table: DataTable, wanted: set[str]) -> None:
    fields = queries.fields(session, table.id)
    known = {field.name for field in fields}
    for name in sorted(wanted - known):
        raise FieldUnknown(name)
    for field in fields:
        selected = field.is_system or field.name in wanted
        if field.kind in _KEY_KINDS and not selected:
            raise DimensionNeeded(field.name)
        field.is_selected = selected


def touch(session: Session, table: DataTable, at: datetime) -> None:
    """Record that an extraction into a table ended well."""
    table.freshness = at
    announcing.fresher(session, table, at)


def detail(session: Session, table: DataTable) -> Mapping[str, Any]:
    """A table as `DataTableDetail`."""
    return {
        "id": table.id,
        "title": table.title,
        "datasource_name": table.datasource_name,
        "freshness": table.freshness,
        "report_type": table.report,
        "data_class": table.data_class,
        "workspace": table.workspace_id,
        "sql_name": table.sql_name,
        "auto_extract_new_accounts": table.auto_extract_new_accounts,
        "schema_policy": table.schema_policy,
        "fields": [_field_out(field) for field in queries.fields(session, table.id)],
    }


def _field_out(field: DataTableField) -> dict[str, Any]:
    return {
        "kind": field.kind,
        "title": field.title,
        "name": field.name,
        "sql_name": field.sql_name,
        "field_type": api_type(ColumnType(field.type)),
        "format": field.format,
        "is_dynamic": field.is_dynamic,
        "is_selected": field.is_selected,
        "is_system": field.is_system,
    }
