"""What data tables tell webhooks, written with the change that it reports."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from headrace import events
from headrace.data_tables.drift import Change, Drift
from headrace.data_tables.models import DataTable


def fresher(session: Session, table: DataTable, at: datetime) -> None:
    """Say that a table became fresher."""
    _say(session, "table_freshness_changed", table, freshness=at)


def schema_changed(
    session: Session, table: DataTable, changes: Sequence[tuple[Drift, bool]]
) -> None:
    """Say what became of a table's columns; each change with whether the table took it."""
    taken = [drift for drift, is_taken in changes if is_taken]
    facts = {
        f"fields_{change}": ",".join(each.column for each in taken if each.change is change)
        for change in Change
    }
    left = ",".join(drift.column for drift, is_taken in changes if not is_taken)
    _say(session, "schema_changed", table, **facts, fields_not_taken=left)


def _say(session: Session, name: str, table: DataTable, **more: object) -> None:
    facts = {
        "data_table_id": table.id,
        "datatable_title": table.title,
        "datasource_name": table.datasource_name,
    }
    events.publish(session, table.workspace_id, name, facts | more)
