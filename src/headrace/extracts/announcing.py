"""What extracts tell webhooks: each event is written with the change that it reports."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from headrace import events
from headrace.connections.models import Connection
from headrace.extracts.models import Extract
from headrace.extracts.parts import Parts
from headrace.kit.outcomes import OutsideError
from headrace.runs.models import Run


def created(session: Session, extracts: Iterable[Extract]) -> None:
    """Say that extracts were created."""
    _say(session, "extraction_created", extracts)


def paused(session: Session, extracts: Iterable[Extract], *, is_paused: bool) -> None:
    """Say that extracts were paused, or go on."""
    _say(session, "extraction_paused" if is_paused else "extraction_unpaused", extracts)


def fields_changed(session: Session, extract: Extract) -> None:
    """Say that other fields were chosen."""
    _say(session, "fields_changed", [extract])


def history_started(session: Session, extract: Extract, first_day: date) -> None:
    """Say that earlier history is to be read."""
    facts = _facts(extract, _connection(session, extract)) | {"date_from": first_day}
    events.publish(session, extract.workspace_id, "historical_download_started", facts)


def completed(session: Session, parts: Parts, run: Run) -> None:
    """Say that a run ended well, and whether it replaced rows of days that were chosen."""
    extract = parts.extract
    facts = _facts(extract, parts.connection) | {"run_id": run.id}
    ended = facts | {"rows": run.rows_written}
    events.publish(session, extract.workspace_id, "extraction_completed", ended)
    if "date_from" in run.params and run.rows_deleted:
        days = {key: run.params[key] for key in ("date_from", "date_to")}
        restated = facts | days | {"datatable_title": parts.table.title}
        events.publish(session, extract.workspace_id, "data_restated", restated)


def failed(session: Session, parts: Parts, run_id: int, error: OutsideError) -> None:
    """Say that a run failed for good."""
    facts = _facts(parts.extract, parts.connection) | {
        "run_id": run_id,
        "error_class": type(error).__name__,
        "error_text": str(error),
    }
    events.publish(session, parts.extract.workspace_id, "extraction_failed", facts)


def _say(session: Session, name: str, extracts: Iterable[Extract]) -> None:
    for extract in extracts:
        facts = _facts(extract, _connection(session, extract))
        events.publish(session, extract.workspace_id, name, facts)


def _connection(session: Session, extract: Extract) -> Connection:
    return session.get_one(Connection, extract.connection_id)


def _facts(extract: Extract, connection: Connection) -> dict[str, object]:
    return {
        # The published names of what is an extract here (contract 6.3).
        "dts_order_params_id": extract.id,
        "order_id": extract.id,
        "extract_id": extract.id,
        "data_table_id": extract.data_table_id,
        "connection_id": extract.connection_id,
        "datasource_name": connection.datasource_name,
    }
