"""The SQL of the first page: which steps a workspace has taken."""

from typing import Any, NamedTuple

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from headrace.connections.models import Connection
from headrace.extracts.models import Extract
from headrace.loads.models import Load
from headrace.tenancy.scope import WorkspaceScope, owned_columns


class StepsTaken(NamedTuple):
    """Whether a workspace has each of the things that make a pipeline."""

    connection: bool
    extract: bool
    load: bool


def steps_taken(session: Session, scope: WorkspaceScope) -> StepsTaken:
    """Return what a workspace has, in one statement."""
    of_workspace: list[Select[Any]] = [
        owned_columns(Connection, scope, Connection.id),
        owned_columns(Extract, scope, Extract.id),
        owned_columns(Load, scope, Load.id),
    ]
    found = session.execute(select(*(exists(item.subquery().select()) for item in of_workspace)))
    connection, extract, load = found.one()
    return StepsTaken(connection, extract, load)
