"""What users may, from the roles they hold; pure."""

from collections.abc import Iterable

from headrace.access.permissions import (
    ALL_PERMISSIONS,
    SYSTEM_ROLES,
    Permission,
    with_views,
)

_KNOWN = {permission.value: permission for permission in Permission}
_EVERYONE_OF_THE_AGENCY = frozenset({Permission.ADMIN_VIEW})


def of_role(code: str | None, stored: Iterable[str]) -> frozenset[Permission]:
    """Return what a role allows: a system role by its code, an agency's own by what is stored."""
    if code is not None:
        return SYSTEM_ROLES[code].permissions if code in SYSTEM_ROLES else frozenset()
    return with_views(_KNOWN[item] for item in stored if item in _KNOWN)


def in_workspace(
    is_chief: bool, code: str | None, stored: Iterable[str] | None
) -> frozenset[Permission] | None:
    """Return what a user may in a workspace; None if they have no business there.

    stored: None if they hold no role there. The chief needs none.
    """
    if is_chief:
        return ALL_PERMISSIONS
    return None if stored is None else of_role(code, stored)


def in_agency(roles: Iterable[frozenset[Permission]]) -> frozenset[Permission]:
    """Return what a user other than the chief may in the agency as a whole.

    That is what their roles, wherever they hold them, say about the agency itself; what a role
    allows in a workspace it allows in that workspace alone.
    """
    of_agency = {item for role in roles for item in role if item.layer == "admin"}
    return _EVERYONE_OF_THE_AGENCY | of_agency
