"""The permission catalogue and the system roles, as data (contract section 7).

Guards, roles and documentation read it from here and nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a caller may do: `<layer>.<verb>`, in the order in which the catalogue is published."""

    CONNECTION_VIEW = "connection.view"
    CONNECTION_CREATE = "connection.create"
    CONNECTION_EDIT = "connection.edit"
    CONNECTION_DELETE = "connection.delete"
    EXTRACT_VIEW = "extract.view"
    EXTRACT_CREATE = "extract.create"
    EXTRACT_EDIT = "extract.edit"
    EXTRACT_DELETE = "extract.delete"
    EXTRACT_RUN = "extract.run"
    DATA_TABLE_VIEW = "data_table.view"
    DATA_TABLE_EDIT = "data_table.edit"
    DATA_TABLE_DELETE = "data_table.delete"
    DESTINATION_VIEW = "destination.view"
    DESTINATION_CREATE = "destination.create"
    DESTINATION_EDIT = "destination.edit"
    DESTINATION_DELETE = "destination.delete"
    LOAD_VIEW = "load.view"
    LOAD_CREATE = "load.create"
    LOAD_EDIT = "load.edit"
    LOAD_DELETE = "load.delete"
    LOAD_RUN = "load.run"
    TRANSFORM_VIEW = "transform.view"
    TRANSFORM_CREATE = "transform.create"
    TRANSFORM_EDIT = "transform.edit"
    TRANSFORM_DELETE = "transform.delete"
    TRANSFORM_RUN = "transform.run"
    DASHBOARD_VIEW = "dashboard.view"
    DASHBOARD_CREATE = "dashboard.create"
    DASHBOARD_EDIT = "dashboard.edit"
    DASHBOARD_DELETE = "dashboard.delete"
    WEBHOOK_VIEW = "webhook.view"
    WEBHOOK_MANAGE = "webhook.manage"
    WORKSPACE_VIEW = "workspace.view"
    WORKSPACE_EDIT = "workspace.edit"
    WORKSPACE_MANAGE_USERS = "workspace.manage_users"
    ADMIN_VIEW = "admin.view"
    ADMIN_MANAGE_ROLES = "admin.manage_roles"
    ADMIN_MANAGE_WORKSPACES = "admin.manage_workspaces"

    @property
    def layer(self) -> str:
        """The product layer, such as `extract`."""
        return self.value.partition(".")[0]

    @property
    def verb(self) -> str:
        """The permission's code within its layer, such as `create`."""
        return self.value.partition(".")[2]


ALL_PERMISSIONS = frozenset(Permission)


def with_views(permissions: Iterable[Permission]) -> frozenset[Permission]:
    """Add the view of every layer in which anything is allowed (contract 7.2)."""
    given = frozenset(permissions)
    return given | {Permission(f"{item.layer}.view") for item in given}


def _layers(*layers: str) -> frozenset[Permission]:
    return frozenset(item for item in Permission if item.layer in layers)


# Who sees a webhook endpoint sees its secret, so that a viewer of the product does not.
_VIEWS = frozenset(
    item for item in Permission if item.verb == "view" and item.layer not in {"admin", "webhook"}
)
_SOURCES = _layers("connection", "extract")
_DELIVERY = _layers("destination", "load")
_EXPLORER = _layers("data_table", "dashboard")
_TRANSFORM = _layers("transform")
_WEBHOOKS = _layers("webhook")


@dataclass(frozen=True)
class SystemRole:
    """A role that every agency has and nobody can change.

    id: constant on every server; the table of roles holds a row of it for others to point at.
    """

    id: int
    code: str
    title: str
    description: str
    permissions: frozenset[Permission]
    is_internal: bool = False


VIEWER = SystemRole(1, "viewer", "Viewer", "Sees everything, changes nothing.", _VIEWS)

SYSTEM_ROLES: dict[str, SystemRole] = {
    role.code: role
    for role in (
        VIEWER,
        SystemRole(
            2,
            "editor",
            "Editor",
            "Works on everything in the workspace but its users.",
            _VIEWS | _SOURCES | _DELIVERY | _EXPLORER | _TRANSFORM | _WEBHOOKS,
        ),
        SystemRole(
            3,
            "workspace_admin",
            "Workspace Admin",
            "Works on everything in the workspace, and says who else may.",
            _VIEWS
            | _SOURCES
            | _DELIVERY
            | _EXPLORER
            | _TRANSFORM
            | _WEBHOOKS
            | _layers("workspace"),
        ),
        SystemRole(
            4,
            "data_manager",
            "Data Manager",
            "Connects data sources and extracts from them; sees the rest.",
            _VIEWS | _SOURCES,
        ),
        SystemRole(
            5,
            "data_load_manager",
            "Data Load Manager",
            "Connects destinations and loads into them; sees the rest.",
            _VIEWS | _DELIVERY,
        ),
        SystemRole(
            6,
            "data_analyst",
            "Data Analyst",
            "Transforms and explores data; sees the rest.",
            _VIEWS | _EXPLORER | _TRANSFORM,
        ),
        SystemRole(
            7,
            "impersonation",
            "Impersonation",
            "Works in a customer's place; given by the operator alone.",
            _VIEWS | _SOURCES | _DELIVERY | _EXPLORER | _TRANSFORM,
            is_internal=True,
        ),
        SystemRole(
            8,
            "guest_viewer",
            "Guest Viewer",
            "Sees dashboards and the rows behind them; given by the operator alone.",
            frozenset({Permission.DASHBOARD_VIEW, Permission.DATA_TABLE_VIEW}),
            is_internal=True,
        ),
    )
}
"""System roles by code; the cells are those of contract 7.1.

Where the contract writes "view, create, update, delete" for Editor and "all" for others, a role
that may change a thing may also run it: an editor who could make a schedule of every minute would
gain nothing from being refused the button. Internal roles are never listed.
"""
