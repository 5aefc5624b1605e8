"""The permission catalogue and the system roles, as data (contract section 7).

Guards, roles and documentation read it from here and nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """What a caller may do: `<layer>.<verb>`."""

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
    WORKSPACE_VIEW = "workspace.view"
    WORKSPACE_EDIT = "workspace.edit"
    ADMIN_VIEW = "admin.view"
    ADMIN_MANAGE_WORKSPACES = "admin.manage_workspaces"

    @property
    def layer(self) -> str:
        """The product layer, such as `extract`."""
        return self.value.split(".")[0]


ALL_PERMISSIONS = frozenset(Permission)
_VIEWS = frozenset(item for item in Permission if item.endswith(".view") and item.layer != "admin")


def _layers(*layers: str) -> frozenset[Permission]:
    return frozenset(item for item in Permission if item.layer in layers)


@dataclass(frozen=True)
class SystemRole:
    """A role that every agency has and nobody can change."""

    code: str
    title: str
    permissions: frozenset[Permission]


SYSTEM_ROLES: dict[str, SystemRole] = {
    role.code: role
    for role in (
        SystemRole("viewer", "Viewer", _VIEWS),
        SystemRole(
            "editor",
            "Editor",
            _VIEWS | _layers("connection", "extract", "data_table", "destination", "load"),
        ),
        SystemRole(
            "workspace_admin",
            "Workspace Admin",
            _VIEWS
            | _layers("connection", "extract", "data_table", "destination", "load", "workspace"),
        ),
        SystemRole(
            "data_manager", "Data Manager", _VIEWS | _layers("connection", "extract", "data_table")
        ),
        SystemRole(
            "data_load_manager", "Data Load Manager", _VIEWS | _layers("destination", "load")
        ),
        SystemRole("data_analyst", "Data Analyst", _VIEWS | _layers("data_table")),
    )
}
"""System roles by code; the cells are those of contract 7.1."""
