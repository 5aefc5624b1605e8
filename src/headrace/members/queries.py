"""All SQL of users and members."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session

from headrace.access.models import Membership, Role, User
from headrace.tenancy.scope import AgencyScope, WorkspaceScope, owned, owned_columns


def user_rows(scope: AgencyScope) -> Select[Any]:
    """Select the agency's users, as `UserOut`."""
    columns: list[Any] = [
        User.id, User.username, User.name, User.is_chief, User.is_active, User.created_at,
    ]  # fmt: skip
    return select(*columns).where(User.agency_id == scope.agency_id).order_by(User.id)


def user(session: Session, scope: AgencyScope | WorkspaceScope, user_id: int) -> User | None:
    """Return a user of the caller's agency, held for a change."""
    return session.scalar(
        select(User)
        .where(User.agency_id == scope.agency_id, User.id == user_id)
        .with_for_update(key_share=True)
    )


def user_named(session: Session, scope: WorkspaceScope, username: str) -> User | None:
    """Return a user of the caller's agency by what they sign in with."""
    return session.scalar(
        select(User).where(User.agency_id == scope.agency_id, User.username == username)
    )


def member_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select who works in the workspace, as `MemberOut`; holders of internal roles do not show."""
    return (
        owned_columns(
            Membership,
            scope,
            User.id.label("user_id"),
            func.coalesce(func.nullif(func.btrim(User.name), ""), User.username).label("name"),
            User.username.label("email"),
            User.is_active,
            Role.id.label("role_id"),
            Role.title.label("role_title"),
        )
        .join(User, User.id == Membership.user_id)
        .join(Role, Role.id == Membership.role_id)
        .where(~Role.is_internal)
        .order_by(User.id)
    )


def member_row(session: Session, scope: WorkspaceScope, user_id: int) -> Row[Any]:
    """Return a member who is there, as `MemberOut`."""
    return session.execute(member_rows(scope).where(User.id == user_id)).one()


def membership(session: Session, scope: WorkspaceScope, user_id: int) -> Membership | None:
    """Return what a user is in the workspace, held for a change."""
    return session.scalar(
        owned(Membership, scope).where(Membership.user_id == user_id).with_for_update()
    )


def role(session: Session, scope: WorkspaceScope, role_id: int) -> Role | None:
    """Return a role of the agency or the system, internal ones too.

    One of the agency's own is held against deletion: who deletes it then finds its new holder.
    """
    own = session.scalar(
        select(Role)
        .where(Role.agency_id == scope.agency_id, Role.id == role_id)
        .with_for_update(read=True, key_share=True)
    )
    return own or session.scalar(select(Role).where(Role.agency_id.is_(None), Role.id == role_id))


def roles(session: Session, scope: WorkspaceScope) -> Sequence[Role]:
    """Return the roles that can be given at all, the system's first."""
    return session.scalars(
        select(Role)
        .where(or_(Role.agency_id == scope.agency_id, Role.agency_id.is_(None)), ~Role.is_internal)
        .order_by(Role.id)
    ).all()
