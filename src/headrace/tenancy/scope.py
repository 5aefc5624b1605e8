"""Scopes prove that a caller may act for an agency or in a workspace; `owned` uses the proof.

So does the database: a session is held to a scope the moment there is one, and from then on sees no
other tenant's rows, whatever a query asks for (docs/decisions/isolation.md).

Scopes are made in `access` alone; an architecture test holds everyone to that.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from headrace.db.roles import step_down, stepped_down


@dataclass(frozen=True)
class AgencyScope:
    """Proof that a user acts for an agency. `permissions` are codes such as `extract.view`."""

    agency_id: int
    user_id: int
    permissions: frozenset[str]


@dataclass(frozen=True)
class WorkspaceScope:
    """Proof that a user, or (`user_id` None) the server itself, acts in a workspace."""

    agency_id: int
    workspace_id: int
    user_id: int | None
    permissions: frozenset[str]


def bind(session: Session, scope: AgencyScope | WorkspaceScope) -> None:
    """Hold the rest of a session to what the scope proves."""
    step_down(session, scope.agency_id, getattr(scope, "workspace_id", None))


def bound(session: Session, scope: WorkspaceScope) -> AbstractContextManager[None]:
    """Hold a block of the server's own transaction to a workspace (see `stepped_down`)."""
    return stepped_down(session, scope.agency_id, scope.workspace_id)


class WorkspaceRow(Protocol):
    """A table whose rows belong to a workspace."""

    workspace_id: Any


Row = TypeVar("Row", bound=WorkspaceRow)


def owned(row: type[Row], scope: WorkspaceScope) -> Select[Row]:
    """Select the rows of a table that belong to the scope's workspace: the start of every query."""
    column: InstrumentedAttribute[int] = row.workspace_id
    return select(row).where(column == scope.workspace_id)


def owned_columns(row: type[WorkspaceRow], scope: WorkspaceScope, *columns: Any) -> Select[Any]:
    """Select some columns (of this table or of tables to be joined), as `owned` does for rows."""
    column: InstrumentedAttribute[int] = row.workspace_id
    return select(*columns).select_from(row).where(column == scope.workspace_id)


OF_WORKSPACE = "of_workspace"
"""The parameter of statements of `owned_by_parameter`."""


def owned_by_parameter(row: type[WorkspaceRow], *columns: Any) -> Select[Any]:
    """Select as `owned_columns` does, for a statement made once and carried out for many scopes.

    It is for `db.prepared`, which does not carry it out without the values of a scope, `of_scope`.
    """
    column: InstrumentedAttribute[int] = row.workspace_id
    return (
        select(*columns).select_from(row).where(column == bindparam(OF_WORKSPACE, required=False))
    )


def of_scope(scope: WorkspaceScope) -> dict[str, Any]:
    """Return the parameters that carry out a statement of `owned_by_parameter` in a scope."""
    return {OF_WORKSPACE: scope.workspace_id}
