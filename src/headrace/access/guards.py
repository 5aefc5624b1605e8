"""Guards: what a route declares about who may call it. Each gives the route a proven scope."""

from collections.abc import Callable
from typing import Any

from fastapi import Depends, Request

from headrace.access import authentication, embed_codes, signed_links
from headrace.access.authentication import AccessKit
from headrace.access.errors import PermissionMissing
from headrace.access.permissions import Permission
from headrace.rest.acts import acting
from headrace.rest.idempotency import claim
from headrace.rest.session import DbSession
from headrace.tenancy.scope import bind

BASIC = "basic"
BEARER = "bearer"
COOKIE = "cookie"
CODE = embed_codes.CODE_SCHEME
LINK = signed_links.LINK_NAME


class Guard:
    """A route's declaration: the credentials it takes and the permission it asks for.

    Tests and the OpenAPI document read it from the route.
    """

    def __init__(
        self, check: Callable[..., Any], schemes: tuple[str, ...], permission: Permission | None
    ) -> None:
        self._check = check
        self.schemes = schemes
        self.permission = permission

    def __call__(self, request: Request, session: DbSession) -> Any:
        """Return the proven scope, or refuse."""
        kit: AccessKit = request.app.state.access
        act = acting(request)
        if act is not None:
            act.permission = self.permission
        scope = self._check(request, session, kit)
        if scope is not None:
            bind(session, scope)
        if act is not None:
            act.prove(session, scope)
        if self.permission is not None and self.permission not in scope.permissions:
            raise PermissionMissing(self.permission)
        if act is not None and act.idempotency_key is not None:
            claim(session, act, request.app.state.resources.vault)
        if act is not None:
            request.app.state.scarce.take(act.operation, act.agency_id, act.workspace_id)
        return scope


def allows(permission: Permission) -> Any:
    """Ask for a permission in the caller's workspace; gives a `WorkspaceScope`."""
    return Depends(Guard(authentication.workspace_scope, (BEARER, COOKIE), permission))


def allows_agency(permission: Permission) -> Any:
    """Ask for a permission in the caller's agency, by Basic credentials; gives an `AgencyScope`."""
    return Depends(Guard(authentication.agency_scope, (BASIC,), permission))


def allows_chief(permission: Permission = Permission.ADMIN_MANAGE_ROLES) -> Any:
    """Ask for the agency's chief, by Basic credentials; gives an `AgencyScope`."""
    return Depends(Guard(authentication.chief_scope, (BASIC,), permission))


def allows_administrator(permission: Permission) -> Any:
    """Ask for the agency's chief, or for a permission in a workspace; gives the scope of either."""
    schemes = (BASIC, BEARER, COOKIE)
    return Depends(Guard(authentication.administrator_scope, schemes, permission))


def allows_anyone_known() -> Any:
    """Ask only for good credentials, of any mode: for what belongs to no workspace."""
    return Depends(Guard(authentication.catalogue_scope, (BASIC, BEARER, COOKIE), None))


def allows_members() -> Any:
    """Ask for good credentials in a workspace; gives a `WorkspaceScope`.

    For operations whose permission depends on what is asked: their service asks for it.
    """
    return Depends(Guard(authentication.workspace_scope, (BEARER, COOKIE), None))


def allows_agency_or_members() -> Any:
    """Ask for good credentials of an agency or in a workspace; the service asks for the permission."""
    return Depends(Guard(embed_codes.either_scope, (BASIC, BEARER, COOKIE), None))


def allows_link(permission: Permission) -> Any:
    """Ask for a signed link in the path (`signed_links`) that allows one thing; gives a `Linked`."""
    return Depends(Guard(signed_links.linked, (LINK,), permission))


def takes(request: Request, permission: Permission) -> None:
    """Note the permission that an operation took, where that depends on what was asked."""
    act = acting(request)
    if act is not None:
        act.permission = permission


def allows_code() -> Any:
    """Ask for the code of an iframe URL, which is spent by this; gives an `Exchanged`."""
    return Depends(Guard(embed_codes.exchange, (CODE,), None))
