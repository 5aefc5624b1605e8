"""An agency's own things: workspaces, tokens, roles and who holds them."""

import pytest

from e2e.stories.stage import Stage
from fakes.api_callers import RemoteWorkspace
from headrace.client import ApiError, Forbidden, Headrace, NotFound, every, models

_EXTRACTS = "/api/v3/extracts"
_MEMBER = "ada@example.com"


def workspaces_are_kept(stage: Stage) -> None:
    """Workspaces are made, changed and listed; the stage gets two."""
    agency = stage.headrace.agency
    made = agency.create_workspace(models.WorkspaceIn(title="Acme Ltd", description="First"))
    assert agency.get_workspace(made.id) == made
    agency.update_workspace(made.id, models.WorkspaceIn(title="Acme", description="Changed"))
    changed = agency.get_workspace(made.id)
    assert (changed.title, changed.description) == ("Acme", "Changed")
    other = agency.create_workspace(models.WorkspaceIn(title="Other"))
    listed = {item.id: item.title for item in every(agency.list_workspaces)}
    assert listed == {made.id: "Acme", other.id: "Other"}
    stage.customer = RemoteWorkspace(stage.headrace, made.id)
    stage.other = RemoteWorkspace(stage.headrace, other.id)


def roles_decide(stage: Stage) -> None:
    """A role of the agency's own decides what its holder may do, from one request to the next."""
    agency = stage.headrace.agency
    catalogue = {layer.code: layer.permissions for layer in agency.list_permissions().layers}
    assert "create" in {item.code for item in catalogue["extract"]}
    role_id = agency.create_role(
        models.RoleWriteRequest(title="Planner", permissions={"extract": ["create"]})
    ).id
    role = agency.get_role(role_id)
    assert (role.title, role.user_count) == ("Planner", 0)
    assert set(role.permissions["extract"]) == {"view", "create"}

    password = agency.create_user(models.UserIn(username=_MEMBER)).password
    member = stage.customer.api.add_member(models.MemberIn(username=_MEMBER, role_id=role_id))
    (holder,) = agency.list_role_users(role_id).users
    assert (holder.user_id, holder.workspace_id) == (member.user_id, stage.customer.id)
    counts = {item.id: item.user_count for item in agency.list_roles().roles}
    assert counts[role_id] == 1

    with stage.new_client(_MEMBER, password or "") as client:
        own = client.workspace(stage.customer.id)
        assert own.list_extracts().count == 0
        with pytest.raises(Forbidden):
            own.list_loads()
        agency.update_role(role_id, models.PatchedRoleWriteRequest(permissions={"load": ["view"]}))
        assert own.list_loads().count == 0
        with pytest.raises(Forbidden):
            own.list_extracts()

        assert agency.delete_role(role_id).reassigned_users_count == 1
        with pytest.raises(NotFound):
            agency.get_role(role_id)
        assert own.list_extracts().count == own.list_loads().count == 0  # as a viewer
        with pytest.raises(Forbidden):
            own.delete_extract(1)
        _token_ends_with_its_user(stage, client, member.user_id)


def _token_ends_with_its_user(stage: Stage, client: Headrace, user_id: int) -> None:
    token = client.agency.create_token(models.TokenIn(workspace_id=stage.customer.id)).token
    with pytest.raises(ApiError):
        client.agency.create_token(models.TokenIn(workspace_id=stage.other.id))

    def status(given: str) -> int:
        return stage.ask("GET", _EXTRACTS, f"Bearer {given}").status_code

    assert (status(token), status(f"{token}x")) == (200, 401)
    stage.headrace.agency.update_user(user_id, models.UserPatch(is_active=False))
    assert status(token) == 401


def dashboards_are_the_workspaces_own(stage: Stage) -> None:
    """Each workspace has its dashboards, under ids and addresses of its own."""
    agency = stage.headrace.agency
    own, others = (agency.list_dashboards(each.id) for each in (stage.customer, stage.other))
    names = ["performance", "freshness", "pipeline_health"]
    assert [item.data_name for item in own] == [item.data_name for item in others] == names
    assert len({item.dashboard_id for item in own + others}) == len(own + others)
    assert all(f"/workspaces/{stage.customer.id}/" in (item.url or "") for item in own)
