"""Members of a workspace: who gives which role to whom, and who may not."""

from typing import Any

import pytest

from fakes.callers import AgencyFake, WorkspaceFake
from headrace.access.permissions import SYSTEM_ROLES, VIEWER

MEMBERS = "/api/v3/members"
EDITOR = SYSTEM_ROLES["editor"].id
ADMIN = SYSTEM_ROLES["workspace_admin"].id
MANAGER = SYSTEM_ROLES["data_manager"].id


def _members(workspace: WorkspaceFake) -> dict[str, dict[str, Any]]:
    return {member["email"]: member for member in workspace.get(MEMBERS)["results"]}


def _user_id(workspace: WorkspaceFake, member: WorkspaceFake) -> int:
    return int(_members(workspace)[member.username]["user_id"])


def _role(agency: AgencyFake, title: str, **permissions: list[str]) -> int:
    body = {"title": title, "permissions": permissions}
    answer = agency.call("POST", "/api/v3/roles/", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture
def admin(agency: AgencyFake, workspace: WorkspaceFake) -> WorkspaceFake:
    """A member with the role Workspace Admin."""
    return agency.member(workspace, "workspace_admin")


def test_a_member_is_added_changed_and_removed(
    agency: AgencyFake, workspace: WorkspaceFake, admin: WorkspaceFake
) -> None:
    elsewhere = agency.new_workspace()
    colleague = agency.member(elsewhere, "viewer")
    body = {"username": colleague.username, "role_id": VIEWER.id}
    made = admin.post(MEMBERS, body)
    assert (made["email"], made["role_title"], made["is_active"]) == (
        colleague.username, "Viewer", True,
    )  # fmt: skip
    assert made["name"] == colleague.username
    assert _members(admin)[colleague.username] == made
    assert admin.call("POST", MEMBERS, json=body).status_code == 409
    path = f"{MEMBERS}/{made['user_id']}"
    changed = admin.call("PUT", path, json={"role_id": EDITOR})
    assert (changed.status_code, changed.json()["role_id"]) == (200, EDITOR)
    assert _members(admin)[colleague.username] == changed.json()
    assert admin.call("DELETE", path).status_code == 204
    assert colleague.username not in _members(admin)
    assert admin.call("DELETE", path).status_code == 404
    assert admin.call("PUT", path, json={"role_id": EDITOR}).status_code == 404
    assert colleague.username in _members(elsewhere)


def test_a_change_binds_the_next_request_and_removal_ends_the_token(  # S25
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    member = agency.member(workspace, "editor")
    path = f"{MEMBERS}/{_user_id(workspace, member)}"
    assert member.call("DELETE", "/api/v3/loads/1").status_code == 404
    assert workspace.call("PUT", path, json={"role_id": VIEWER.id}).status_code == 200
    assert member.call("DELETE", "/api/v3/loads/1").status_code == 403
    assert workspace.call("DELETE", path).status_code == 204
    assert member.call("GET", "/api/v3/loads").status_code == 401


# Nobody gives away what they lack.


def test_a_role_beyond_ones_own_is_not_given(  # S23
    agency: AgencyFake, workspace: WorkspaceFake, admin: WorkspaceFake
) -> None:
    mighty = _role(agency, "Mighty", admin=["manage_roles"])
    body = {"username": agency.username, "role_id": mighty}
    refused = admin.call("POST", MEMBERS, json=body)
    assert refused.status_code == 403
    assert "admin.manage_roles" in refused.json()["details"]
    assert agency.username not in _members(workspace)
    member = agency.member(workspace, "viewer")
    path = f"{MEMBERS}/{_user_id(workspace, member)}"
    assert admin.call("PUT", path, json={"role_id": mighty}).status_code == 403
    assert _members(workspace)[member.username]["role_title"] == "Viewer"


def test_who_may_more_is_not_touched(  # S23
    agency: AgencyFake, workspace: WorkspaceFake, admin: WorkspaceFake
) -> None:
    _role(agency, "Mighty", admin=["manage_roles"])
    mighty = agency.member(workspace, "Mighty")
    path = f"{MEMBERS}/{_user_id(workspace, mighty)}"
    assert admin.call("PUT", path, json={"role_id": VIEWER.id}).status_code == 403
    assert admin.call("DELETE", path).status_code == 403
    assert _members(workspace)[mighty.username]["role_title"] == "Mighty"
    assert workspace.call("DELETE", path).status_code == 204  # the chief's token


def test_nobody_changes_their_own_role(  # S23
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    _role(agency, "Host", workspace=["manage_users"])
    host = agency.member(workspace, "Host")
    path = f"{MEMBERS}/{_user_id(workspace, host)}"
    for role_id in (ADMIN, VIEWER.id):
        assert host.call("PUT", path, json={"role_id": role_id}).status_code == 403
    assert host.call("DELETE", path).status_code == 403
    assert _members(workspace)[host.username]["role_title"] == "Host"
    listed = [role["title"] for role in host.get("/api/v3/member-roles")]
    assert listed == ["Host"]


def test_the_roles_one_can_give_are_listed(
    agency: AgencyFake, workspace: WorkspaceFake, admin: WorkspaceFake
) -> None:
    _role(agency, "Mighty", admin=["view"])
    modest = _role(agency, "Modest", load=["view"])
    system = [role.id for role in SYSTEM_ROLES.values() if not role.is_internal]
    assert [role["id"] for role in admin.get("/api/v3/member-roles")] == [*system, modest]
    everything = {role["title"] for role in workspace.get("/api/v3/member-roles")}
    assert {"Mighty", "Modest", "Viewer"} <= everything
    assert "Impersonation" not in everything


@pytest.mark.parametrize("role", ["viewer", "editor", "data_manager", "data_analyst"])
def test_others_do_not_see_members(role: str, agency: AgencyFake, workspace: WorkspaceFake) -> None:
    member = agency.member(workspace, role)
    for method, path in (("GET", MEMBERS), ("POST", MEMBERS), ("DELETE", f"{MEMBERS}/1")):
        assert member.call(method, path, json={}).status_code in {400, 403}
    assert member.call("GET", MEMBERS).status_code == 403


# What is not there.


def test_roles_that_cannot_be_given_look_alike(
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:  # S03, S21
    member = agency.member(workspace, "viewer")
    path = f"{MEMBERS}/{_user_id(workspace, member)}"
    elsewhere = AgencyFake.create(agency.resources, agency.client)
    foreign = _role(elsewhere, "Theirs", load=["view"])
    internal = [role.id for role in SYSTEM_ROLES.values() if role.is_internal]
    for role_id in (foreign, *internal, 2**40):
        answer = workspace.call("PUT", path, json={"role_id": role_id})
        assert answer.status_code == 400, role_id
        assert f"no role {role_id};" in answer.json()["details"]
    for role_id in (0, -1, 2**63, "x", None, True, 1.5):
        assert workspace.call("PUT", path, json={"role_id": role_id}).status_code == 400
    assert _members(workspace)[member.username]["role_title"] == "Viewer"


def test_users_of_other_agencies_cannot_be_members(
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:  # S03
    other = AgencyFake.create(agency.resources, agency.client)
    for username in (other.username, "nobody@example.com"):
        body = {"username": username, "role_id": VIEWER.id}
        answer = workspace.call("POST", MEMBERS, json=body)
        assert (answer.status_code, answer.json()["details"]) == (404, "User not found.")
    assert _members(workspace) == {}


def test_members_of_other_workspaces_are_not_found(
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:  # S01
    elsewhere = agency.new_workspace()
    member = agency.member(elsewhere, "viewer")
    path = f"{MEMBERS}/{_user_id(elsewhere, member)}"
    for caller in (workspace, other_workspace):
        assert caller.call("PUT", path, json={"role_id": EDITOR}).status_code == 404
        assert caller.call("DELETE", path).status_code == 404
    assert _members(elsewhere)[member.username]["role_title"] == "Viewer"


def test_internal_roles_do_not_show_their_holders(
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:  # S21
    support = agency.member(workspace, "impersonation")
    assert support.call("GET", "/api/v3/loads").status_code == 200
    assert support.call("GET", MEMBERS).status_code == 403
    assert _members(workspace) == {}
