"""All SQL of connector settings."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from headrace.connector_settings.models import ConnectorSettings


def settings_of(
    session: Session, agency_id: int, datasource_name: str, *, is_held: bool = False
) -> ConnectorSettings | None:
    """Return what an agency set for a data source; `is_held`: against changes."""
    statement = select(ConnectorSettings).where(
        ConnectorSettings.agency_id == agency_id,
        ConnectorSettings.datasource_name == datasource_name,
    )
    return session.scalar(statement.with_for_update() if is_held else statement)


def delete_settings(session: Session, agency_id: int, datasource_name: str) -> bool:
    """Delete what an agency set for a data source; tells whether there was something."""
    statement = delete(ConnectorSettings).where(
        ConnectorSettings.agency_id == agency_id,
        ConnectorSettings.datasource_name == datasource_name,
    )
    return bool(session.execute(statement.returning(ConnectorSettings.id)).all())
