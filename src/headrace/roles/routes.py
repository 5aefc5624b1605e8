"""Roles over HTTP: all of it the agency chief's (contract 4.16)."""

from typing import Annotated

from fastapi import APIRouter

from headrace.access.catalogue import CATALOGUE
from headrace.access.guards import allows_chief
from headrace.access.models import Role
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id
from headrace.rest.openapi import answers
from headrace.rest.session import DbSession
from headrace.roles import service
from headrace.roles.schemas import (
    CatalogLayer,
    CatalogPermission,
    DeleteRoleResponse,
    PatchedRoleWriteRequest,
    PermissionsCatalogResponse,
    RoleCreated,
    RoleListResponse,
    RoleOut,
    RoleUsersResponse,
    RoleWriteRequest,
)
from headrace.tenancy.scope import AgencyScope

router = APIRouter(prefix="/api/v3/roles", tags=["Roles"], route_class=ApiRoute)
Chief = Annotated[AgencyScope, allows_chief()]


@router.get("", response_model=RoleListResponse)
def list_roles(session: DbSession, scope: Chief) -> RoleListResponse:
    """List the system's roles and the agency's own, each with the number of its users."""
    return RoleListResponse(roles=service.list_roles(session, scope))


@router.get("/permissions", response_model=PermissionsCatalogResponse)
def list_permissions(_: Chief) -> PermissionsCatalogResponse:
    """List everything a role can allow, by layer and in a constant order."""
    return PermissionsCatalogResponse(
        layers=[
            CatalogLayer(
                code=layer.code,
                title=layer.title,
                description=layer.description,
                permissions=[
                    CatalogPermission(
                        code=entry.permission.verb,
                        title=entry.title,
                        description=entry.description,
                    )
                    for entry in layer.entries
                ],
            )
            for layer in CATALOGUE
        ]
    )


@router.post("", response_model=RoleCreated, status_code=201, responses=answers(409))
def create_role(body: RoleWriteRequest, session: DbSession, scope: Chief) -> Role:
    """Create a role of the agency's own. A permission brings the view of its layer with it."""
    return service.create(session, scope, body)


@router.get("/{role_id}", response_model=RoleOut)
def get_role(role_id: Id, session: DbSession, scope: Chief) -> RoleOut:
    """Read one role."""
    return service.get(session, scope, role_id)


@router.get("/{role_id}/users", response_model=RoleUsersResponse)
def list_role_users(role_id: Id, session: DbSession, scope: Chief) -> RoleUsersResponse:
    """List who holds a role, once for each workspace: whom a change or a deletion would touch."""
    return RoleUsersResponse(users=service.users(session, scope, role_id))


@router.patch("/{role_id}", response_model=RoleOut, responses=answers(409))
def update_role(
    role_id: Id, change: PatchedRoleWriteRequest, session: DbSession, scope: Chief
) -> RoleOut:
    """Change a role of the agency's own; it binds the next request of each of its holders.

    System roles cannot be changed.
    """
    return service.update(session, scope, role_id, change)


@router.delete("/{role_id}", response_model=DeleteRoleResponse)
def delete_role(role_id: Id, session: DbSession, scope: Chief) -> DeleteRoleResponse:
    """Delete a role of the agency's own; in the same moment its holders become viewers.

    System roles cannot be deleted.
    """
    return DeleteRoleResponse(reassigned_users_count=service.delete(session, scope, role_id))
