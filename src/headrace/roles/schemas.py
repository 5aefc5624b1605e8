"""Bodies of the role operations (contract 3.18)."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from headrace.kit.told import told

Title = Annotated[str, Field(min_length=1, max_length=255, examples=["Campaign manager"])]
Codes = Annotated[list[str], Field(max_length=100)]


def _not_blank(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError(told("must not be empty"))
    return value.strip() if isinstance(value, str) else value


class LayerPermissions(BaseModel):
    """The permissions of one layer, in the list form; the layer may be called `code` as well."""

    layer: str | None = None
    code: str | None = None
    permissions: Codes


PermissionsIn = Annotated[
    dict[str, Codes] | list[LayerPermissions],
    Field(
        description="A map of layer to permission codes; a list of `{layer, permissions}` is taken "
        "too. Every pair must be in the catalogue; a permission brings the view of its layer.",
        examples=[{"extract": ["view", "create"], "admin": ["manage_roles"]}],
    ),
]


class RoleWriteRequest(BaseModel):
    """A role to create."""

    title: Annotated[Title, BeforeValidator(_not_blank)]
    description: str = Field("", max_length=4000)
    permissions: PermissionsIn


class PatchedRoleWriteRequest(BaseModel):
    """What to change of a role; what is left out stays."""

    title: Annotated[Title, BeforeValidator(_not_blank)] | None = None
    description: str | None = Field(None, max_length=4000)
    permissions: PermissionsIn | None = None


class RoleOut(BaseModel):
    """A role: of the system, or of the agency's own."""

    id: int
    title: str
    description: str | None
    is_system: bool
    is_internal: bool = Field(description="Always false: internal roles are not listed.")
    permissions: dict[str, list[str]] = Field(
        description="Permission codes by layer.", examples=[{"extract": ["view", "create"]}]
    )
    user_count: int = Field(description="Users of the agency who hold it in any workspace.")


class RoleListResponse(BaseModel):
    """Every role the agency can give."""

    roles: list[RoleOut]


class RoleCreated(BaseModel):
    """The new role."""

    id: int


class DeleteRoleResponse(BaseModel):
    """What deleting a role did."""

    reassigned_users_count: int = Field(description="Users who were moved to the role Viewer.")


class RoleUserOut(BaseModel):
    """A user who holds a role in a workspace."""

    user_id: int
    name: str = Field(description="The e-mail address if the user has no name.")
    email: str = Field(examples=["ada@example.com"])
    workspace_id: int
    workspace_title: str


class RoleUsersResponse(BaseModel):
    """Who holds a role: one item for each workspace."""

    users: list[RoleUserOut]


class CatalogPermission(BaseModel):
    """One thing a role can allow."""

    code: str = Field(examples=["create"])
    title: str
    description: str


class CatalogLayer(BaseModel):
    """An area of the product with its permissions."""

    code: str = Field(examples=["extract"])
    title: str
    description: str
    permissions: list[CatalogPermission]


class PermissionsCatalogResponse(BaseModel):
    """Everything a role can allow, in a constant order."""

    layers: list[CatalogLayer]
