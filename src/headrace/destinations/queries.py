"""All SQL of destinations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from headrace.destinations.models import DestinationConnection
from headrace.destinations.presentation import SHOWN_NAMES
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

_COUNTING = 0x64657374 << 32  # of the advisory locks, those on the number of a workspace's
SHOWN = tuple(getattr(DestinationConnection, name) for name in SHOWN_NAMES)
"""The columns that `presentation.connection` shows."""


def connection(
    session: Session, scope: WorkspaceScope, connection_id: UUID
) -> DestinationConnection | None:
    """Return a destination connection of the workspace."""
    return session.scalar(
        owned(DestinationConnection, scope).where(DestinationConnection.id == connection_id)
    )


def locked_connection(
    session: Session, scope: WorkspaceScope, connection_id: UUID
) -> DestinationConnection | None:
    """Return a destination connection as it is now, held against changes."""
    return session.scalar(
        owned(DestinationConnection, scope)
        .where(DestinationConnection.id == connection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def params_now(session: Session, connection_id: UUID) -> str | None:
    """Return the sealed parameters a destination connection has now."""
    found: str | None = session.scalar(
        select(DestinationConnection.params).where(DestinationConnection.id == connection_id)
    )
    return found


def connection_rows(scope: WorkspaceScope, destination_name: str) -> Select[Any]:
    """Select the connections to one destination, oldest first, as `presentation` shows them."""
    return (
        owned_columns(DestinationConnection, scope, *SHOWN)
        .where(DestinationConnection.destination_name == destination_name)
        .order_by(DestinationConnection.created_at, DestinationConnection.id)
    )


def connections_for_new_tables(
    session: Session, scope: WorkspaceScope
) -> Sequence[DestinationConnection]:
    """Return the connections into which every new data table is to be loaded, oldest first."""
    return session.scalars(
        owned(DestinationConnection, scope)
        .where(DestinationConnection.create_load_for_new_tables)
        .order_by(DestinationConnection.created_at, DestinationConnection.id)
    ).all()


def count_held(session: Session, scope: WorkspaceScope) -> int:
    """Count a workspace's connections; until the transaction ends nobody else can count them here."""
    session.execute(select(func.pg_advisory_xact_lock(_COUNTING + scope.workspace_id)))
    counted = owned_columns(DestinationConnection, scope, func.count())
    return int(session.scalars(counted).one())
