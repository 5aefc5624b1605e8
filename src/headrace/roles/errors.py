"""Refusals of roles."""

from headrace.kit.told import told
from headrace.rest.errors import AppError, Invalid


class RoleTitleTaken(Invalid):
    """The agency has a role of that title, or the system has."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "title", told("a role {title!r} exists; choose another title.", title=title)
        )


class NoSuchPermission(Invalid):
    """A pair of layer and permission is not in the catalogue."""

    def __init__(self, layer: str, permission: str) -> None:
        pair = f"{layer}.{permission}" if permission else layer
        super().__init__(
            "permissions",
            told("{pair!r} is not in the catalogue; see GET /api/v3/roles/permissions.", pair=pair),
        )


class SystemRoleFixed(AppError, status=403):
    """System roles are the same for every agency, so that none can change them."""

    def __init__(self, title: str) -> None:
        super().__init__(
            told(
                "{title} is a system role, which nobody can change or delete; create a role of "
                "your own.",
                title=title,
            )
        )
