"""All SQL of roles: those an agency sees, and who of its users holds them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, func, or_, select, update
from sqlalchemy.orm import Session

from headrace.access.models import Membership, Role, User
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope


def _listed(scope: AgencyScope) -> ColumnElement[bool]:
    """The system's roles and the agency's own; internal ones never."""
    is_visible = or_(Role.agency_id == scope.agency_id, Role.agency_id.is_(None))
    return is_visible & ~Role.is_internal


def _counts(scope: AgencyScope) -> Subquery:
    """How many users of the agency hold each role."""
    return (
        select(Membership.role_id, func.count(Membership.user_id.distinct()).label("user_count"))
        .join(User, User.id == Membership.user_id)
        .where(User.agency_id == scope.agency_id)
        .group_by(Membership.role_id)
        .subquery()
    )


def _with_counts(scope: AgencyScope) -> Select[Any]:
    counts = _counts(scope)
    user_count: Any = func.coalesce(counts.c.user_count, 0).label("user_count")
    return (
        select(Role.id, Role.code, Role.title, Role.description, Role.permissions, user_count)
        .outerjoin(counts, counts.c.role_id == Role.id)
        .where(_listed(scope))
    )


def roles(session: Session, scope: AgencyScope) -> Sequence[Row[Any]]:
    """Return every role the agency can give, the system's first, each with its users' number."""
    return session.execute(_with_counts(scope).order_by(Role.id)).all()


def role_with_count(session: Session, scope: AgencyScope, role_id: int) -> Row[Any] | None:
    """Return one role the agency can give, with the number of its users."""
    return session.execute(_with_counts(scope).where(Role.id == role_id)).one_or_none()


def role(session: Session, scope: AgencyScope, role_id: int) -> Role | None:
    """Return one role the agency can give."""
    return session.scalar(select(Role).where(_listed(scope), Role.id == role_id))


def own_role(session: Session, scope: AgencyScope, role_id: int) -> Role | None:
    """Return a role of the agency's own, held for a change.

    Whoever is giving it to a user holds it too (`access.queries.assignable_role`): one of the two
    waits for the other.
    """
    return session.scalar(
        select(Role)
        .where(Role.agency_id == scope.agency_id, Role.id == role_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def id_of_title(session: Session, scope: AgencyScope, title: str) -> int | None:
    """Return the id of a role of that title that the agency has, in any case of letters."""
    is_theirs = or_(Role.agency_id == scope.agency_id, Role.agency_id.is_(None))
    return session.scalar(
        select(Role.id).where(is_theirs, func.lower(Role.title) == func.lower(title)).limit(1)
    )


def role_users(session: Session, scope: AgencyScope, role_id: int) -> Sequence[Row[Any]]:
    """Return who of the agency holds a role and where, as `RoleUserOut`."""
    return session.execute(
        select(
            User.id.label("user_id"),
            func.coalesce(func.nullif(func.btrim(User.name), ""), User.username).label("name"),
            User.username.label("email"),
            Workspace.id.label("workspace_id"),
            Workspace.title.label("workspace_title"),
        )
        .join(Membership, Membership.user_id == User.id)
        .join(Workspace, Workspace.id == Membership.workspace_id)
        .where(Membership.role_id == role_id, User.agency_id == scope.agency_id)
        .order_by(User.id, Workspace.id)
    ).all()


def move_holders(session: Session, from_role_id: int, to_role_id: int) -> int:
    """Give every holder of a role another one; returns how many users that were."""
    moved = session.scalars(
        update(Membership)
        .where(Membership.role_id == from_role_id)
        .values(role_id=to_role_id)
        .returning(Membership.user_id)
    )
    return len(set(moved))
