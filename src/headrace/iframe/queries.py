"""The SQL of the first page: which steps a workspace has taken."""

from typing import NamedTuple

from sqlalchemy import exists, select
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
    connection = exists(owned_columns(Connection, scope, Connection.id).subquery().select())
    extract = exists(owned_columns(Extract, scope, Extract.id).subquery().select())
    load = exists(owned_columns(Load, scope, Load.id).subquery().select())
    found = session.execute(select(connection, extract, load)).one()
    return StepsTaken(found[0], found[1], found[2])
