"""How loads are shown to clients."""

from typing import Any

from headrace.destinations.presentation import SHOWN_NAMES, connection_out
from headrace.runs.schemas import Scheduling


def load(row: Any) -> dict[str, Any]:
    """A row of `queries.load_rows` as `LoadOut`."""
    return {
        "id": row.id,
        "data_table": {
            "id": row.table_id,
            "title": row.table_title,
            "datasource_name": row.datasource_name,
        },
        "destination_connection": connection_out(
            {name: getattr(row, f"connection_{name}") for name in SHOWN_NAMES}
        ),
        "destination_table": row.destination_table,
        "run_policy": row.run_policy,
        "scheduling": [
            Scheduling.model_validate(rule).model_dump(mode="json") for rule in row.scheduling
        ],
        "load_mode": row.load_mode,
        "load_historical_data": row.load_from,
        "status": row.status,
        "last_update": row.last_update,
        "error_text": row.error_text,
        "uploaded_rows_count": row.uploaded_rows_count,
    }
