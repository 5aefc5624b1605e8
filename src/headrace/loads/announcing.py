"""What loads tell webhooks: each event is written with the change that it reports."""

from sqlalchemy.orm import Session

from headrace import events
from headrace.data_tables.models import DataTable
from headrace.destinations.models import DestinationConnection
from headrace.kit.outcomes import OutsideError
from headrace.loads.models import Load
from headrace.runs.models import Run


def created(session: Session, load_id: int) -> None:
    """Say that a load was created."""
    _say(session, "load_created", session.get_one(Load, load_id))


def started(session: Session, load: Load, run_id: int) -> None:
    """Say that a run began."""
    _say(session, "load_started", load, run_id=run_id)


def completed(session: Session, load: Load, run: Run) -> None:
    """Say that a run ended well."""
    _say(session, "load_completed", load, run_id=run.id, rows=run.rows_written)


def failed(session: Session, load: Load, run_id: int, error: OutsideError) -> None:
    """Say that a run failed for good."""
    name = type(error).__name__
    _say(session, "load_failed", load, run_id=run_id, error_class=name, error_text=str(error))


def _say(session: Session, name: str, load: Load, **more: object) -> None:
    table = session.get_one(DataTable, load.data_table_id)
    destination = session.get_one(DestinationConnection, load.destination_connection_id)
    facts = {
        "load_id": load.id,
        "load_destination_title": destination.title,
        "order_ui_link": f"/api/v3/loads/{load.id}",
        "data_table_id": table.id,
        "datatable_title": table.title,
    }
    events.publish(session, load.workspace_id, name, facts | more)
