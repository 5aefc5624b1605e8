"""What data tables tell webhooks, written with the change that it reports."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from headrace import events
from headrace.data_tables.models import DataTable


def fresher(session: Session, table: DataTable, at: datetime) -> None:
    """Say that a table became fresher."""
    _say(session, "table_freshness_changed", table, freshness=at)


def grown(session: Session, table: DataTable, added: Iterable[str], widened: Iterable[str]) -> None:
    """Say that a table got new columns, or wider ones; says nothing if there are none."""
    facts = {"fields_added": ",".join(added), "fields_widened": ",".join(widened)}
    if any(facts.values()):
        _say(session, "schema_changed", table, **facts)


def _say(session: Session, name: str, table: DataTable, **more: object) -> None:
    facts = {
        "data_table_id": table.id,
        "datatable_title": table.title,
        "datasource_name": table.datasource_name,
    }
    events.publish(session, table.workspace_id, name, facts | more)
