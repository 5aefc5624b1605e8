"""The rules of roles: an agency's own can be anything in the catalogue, the system's are fixed."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from headrace.access import rights
from headrace.access.models import Role
from headrace.access.permissions import SYSTEM_ROLES, VIEWER
from headrace.rest.errors import NotFound
from headrace.roles import queries
from headrace.roles.errors import RoleTitleTaken, SystemRoleFixed
from headrace.roles.permission_map import by_layer, chosen
from headrace.roles.schemas import (
    PatchedRoleWriteRequest,
    PermissionsIn,
    RoleOut,
    RoleUserOut,
    RoleWriteRequest,
)
from headrace.tenancy.scope import AgencyScope


def list_roles(session: Session, scope: AgencyScope) -> list[RoleOut]:
    """Return the system's roles, then the agency's own."""
    return [_shown(row) for row in queries.roles(session, scope)]


def get(session: Session, scope: AgencyScope, role_id: int) -> RoleOut:
    """Return a role.

    Raises:
        NotFound: if the agency has none of that id, or it is internal.
    """
    row = queries.role_with_count(session, scope, role_id)
    if row is None:
        raise NotFound("Role")
    return _shown(row)


def _shown(row: Row[Any]) -> RoleOut:
    system = SYSTEM_ROLES.get(row.code)
    return RoleOut(
        id=row.id,
        title=system.title if system else row.title,
        description=system.description if system else row.description,
        is_system=row.code is not None,
        is_internal=False,
        permissions=by_layer(rights.of_role(row.code, row.permissions)),
        user_count=row.user_count,
    )


def users(session: Session, scope: AgencyScope, role_id: int) -> list[RoleUserOut]:
    """Return who holds a role, once for each workspace.

    Raises:
        NotFound: as `get` does.
    """
    get(session, scope, role_id)
    return [RoleUserOut(**row._asdict()) for row in queries.role_users(session, scope, role_id)]


def create(session: Session, scope: AgencyScope, body: RoleWriteRequest) -> Role:
    """Create a role of the agency's own.

    Raises:
        NoSuchPermission: if it asks for what is not in the catalogue.
        RoleTitleTaken: if there is a role of that title.
    """
    permissions = _stored(body.permissions)
    _claim_title(session, scope, body.title)
    role = Role(
        agency_id=scope.agency_id,
        title=body.title,
        description=body.description,
        permissions=permissions,
    )
    session.add(role)
    session.flush()
    return role


def update(
    session: Session, scope: AgencyScope, role_id: int, change: PatchedRoleWriteRequest
) -> RoleOut:
    """Change a role of the agency's own; it binds the next request of each of its holders.

    Raises:
        NotFound, SystemRoleFixed: as `_own` does.
        NoSuchPermission, RoleTitleTaken: as `create` does.
    """
    role = _own(session, scope, role_id)
    if change.permissions is not None:
        role.permissions = _stored(change.permissions)
    if change.title is not None and change.title != role.title:
        if change.title.lower() != role.title.lower():
            _claim_title(session, scope, change.title)
        role.title = change.title
    if change.description is not None:
        role.description = change.description
    session.flush()
    return get(session, scope, role_id)


def delete(session: Session, scope: AgencyScope, role_id: int) -> int:
    """Delete a role of the agency's own; its holders become viewers. Returns how many they were.

    Raises:
        NotFound, SystemRoleFixed: as `_own` does.
    """
    role = _own(session, scope, role_id)
    moved = queries.move_holders(session, role.id, VIEWER.id)
    session.delete(role)
    session.flush()
    return moved


def _own(session: Session, scope: AgencyScope, role_id: int) -> Role:
    """Return a role of the agency's own, held for a change.

    Raises:
        NotFound: if the agency has none of that id, or it is internal.
        SystemRoleFixed: if it is a system role.
    """
    found = queries.role(session, scope, role_id)
    if found is not None and found.code is not None:
        raise SystemRoleFixed(found.title)
    role = queries.own_role(session, scope, role_id) if found is not None else None
    if role is None:
        raise NotFound("Role")
    return role


def _stored(given: PermissionsIn) -> list[str]:
    if isinstance(given, dict):
        return [*chosen(given)]
    return [*chosen([item.model_dump() for item in given])]


def _claim_title(session: Session, scope: AgencyScope, title: str) -> None:
    if queries.id_of_title(session, scope, title) is not None:
        raise RoleTitleTaken(title)
