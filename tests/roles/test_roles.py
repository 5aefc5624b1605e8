"""The seven role operations: what they show, what they change, what they refuse."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake
from headrace.access.catalogue import CATALOGUE
from headrace.access.models import Role
from headrace.access.permissions import SYSTEM_ROLES, VIEWER, Permission
from headrace.db.engine import transaction
from headrace.rest.resources import Resources

ROLES = "/api/v3/roles"


def _create(agency: AgencyFake, title: str = "Campaign manager", **more: Any) -> int:
    body = {"title": title, "permissions": {"extract": ["view"]}} | more
    answer = agency.call("POST", f"{ROLES}/", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json().keys() == {"id"}
    return int(answer.json()["id"])


def _read(agency: AgencyFake, role_id: int) -> dict[str, Any]:
    answer = agency.call("GET", f"{ROLES}/{role_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _listed(agency: AgencyFake) -> dict[str, dict[str, Any]]:
    roles = agency.call("GET", f"{ROLES}/").json()["roles"]
    return {role["title"]: role for role in roles}


def test_a_role_is_made_read_changed_listed_and_deleted(agency: AgencyFake) -> None:
    role_id = _create(agency, description="Runs campaigns")
    assert _read(agency, role_id) == {
        "id": role_id,
        "title": "Campaign manager",
        "description": "Runs campaigns",
        "is_system": False,
        "is_internal": False,
        "permissions": {"extract": ["view"]},
        "user_count": 0,
    }
    change = {"title": "Planner", "permissions": {"load": ["run"], "connection": []}}
    changed = agency.call("PATCH", f"{ROLES}/{role_id}", json=change)
    assert changed.status_code == 200
    assert changed.json() == _read(agency, role_id)
    assert changed.json()["title"] == "Planner"
    assert changed.json()["permissions"] == {"load": ["view", "run"]}
    assert changed.json()["description"] == "Runs campaigns"
    assert _listed(agency)["Planner"] == changed.json()
    gone = agency.call("DELETE", f"{ROLES}/{role_id}")
    assert (gone.status_code, gone.json()) == (200, {"reassigned_users_count": 0})
    assert agency.call("GET", f"{ROLES}/{role_id}").status_code == 404
    assert "Planner" not in _listed(agency)


def test_the_catalogue_lists_every_permission_in_order(agency: AgencyFake) -> None:
    layers = agency.call("GET", f"{ROLES}/permissions").json()["layers"]
    listed = [
        f"{layer['code']}.{item['code']}" for layer in layers for item in layer["permissions"]
    ]
    assert listed == [*Permission]
    assert [layer["code"] for layer in layers] == [layer.code for layer in CATALOGUE]
    texts = [item["description"] for layer in layers for item in layer["permissions"]]
    assert len(set(texts)) == len(texts)
    assert all(text.endswith(".") for text in texts)


# Which permissions a request means.


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({}, {}),
        ({"EXTRACT": ["CREATE"]}, {"extract": ["view", "create"]}),  # contract 7.2
        ({"load": ["run", "run", "view"]}, {"load": ["view", "run"]}),
        ([{"layer": "load", "permissions": ["edit"]}], {"load": ["view", "edit"]}),  # A10
        ([{"code": "admin", "permissions": ["manage_roles"]}], {"admin": ["view", "manage_roles"]}),
        ({"webhook": ["manage"]}, {"webhook": ["view", "manage"]}),
        (
            {"load": ["view"], "connection": ["view"]},
            {"connection": ["view"], "load": ["view"]},
        ),
    ],
)
def test_permissions_in_every_form(
    given: Any, held: dict[str, list[str]], agency: AgencyFake
) -> None:
    shown = _read(agency, _create(agency, permissions=given))["permissions"]
    assert shown == held
    assert [*shown] == [*held]


@pytest.mark.parametrize(
    "given",
    [
        {"extract": ["fly"]},
        {"nothing": ["view"]},
        {"nothing": []},
        {"": ["view"]},
        {"extract": ["view "]},
        {"webhook": ["delete"]},
        [{"layer": "extract", "permissions": ["manage_roles"]}],
        [{"permissions": ["view"]}],
    ],
)
def test_pairs_outside_the_catalogue_are_refused(given: Any, agency: AgencyFake) -> None:  # S22
    body = {"title": "Odd", "permissions": given}
    refused = agency.call("POST", f"{ROLES}/", json=body)
    assert refused.status_code == 400
    assert "permissions" in refused.json()["errors"]
    role_id = _create(agency)
    changed = agency.call("PATCH", f"{ROLES}/{role_id}", json={"permissions": given})
    assert changed.status_code == 400
    assert _read(agency, role_id)["permissions"] == {"extract": ["view"]}
    assert "Odd" not in _listed(agency)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "A"},
        {"permissions": {}},
        {"title": "", "permissions": {}},
        {"title": "  ", "permissions": {}},
        {"title": "x" * 256, "permissions": {}},
        {"title": "A\0", "permissions": {}},
        {"title": 7, "permissions": {}},
        {"title": "A", "permissions": "extract.view"},
        {"title": "A", "permissions": {"extract": "view"}},
        {"title": "A", "permissions": [{"layer": "extract"}]},
        {"title": "A", "permissions": None},
    ],
)
def test_bad_bodies_are_refused(body: dict[str, Any], agency: AgencyFake) -> None:
    answer = agency.call("POST", f"{ROLES}/", json=body)
    assert answer.status_code == 400
    assert len(_listed(agency)) == 6


def test_titles_are_unique_in_the_agency(
    agency: AgencyFake, other_workspace: WorkspaceFake
) -> None:
    # S22
    role_id = _create(agency, "Planner")
    other_id = _create(agency, "Second")
    for title in ("Planner", "PLANNER", " Planner ", "Viewer", "workspace admin"):
        made = agency.call("POST", f"{ROLES}/", json={"title": title, "permissions": {}})
        assert made.status_code == 400, title
        assert "title" in made.json()["errors"]
        assert agency.call("PATCH", f"{ROLES}/{other_id}", json={"title": title}).status_code == 400
    same = agency.call("PATCH", f"{ROLES}/{role_id}", json={"title": "PLANNER"})
    assert same.json()["title"] == "PLANNER"
    elsewhere = AgencyFake.create(agency.resources, agency.client)
    assert _create(elsewhere, "Planner") != role_id


# System and internal roles.


def test_system_roles_are_there_and_fixed(agency: AgencyFake) -> None:  # S21
    listed = _listed(agency)
    assert [*listed] == [
        "Viewer", "Editor", "Workspace Admin", "Data Manager", "Data Load Manager", "Data Analyst",
    ]  # fmt: skip
    for role in listed.values():
        assert role["is_system"]
        path = f"{ROLES}/{role['id']}"
        assert agency.call("PATCH", path, json={"description": "mine"}).status_code == 403
        refused = agency.call("DELETE", path)
        assert refused.status_code == 403
        assert role["title"] in refused.json()["details"]
    assert _listed(agency) == listed
    assert listed["Viewer"]["permissions"]["extract"] == ["view"]
    assert "webhook" not in listed["Viewer"]["permissions"]  # their secrets
    assert "admin" not in listed["Workspace Admin"]["permissions"]
    assert "manage_users" in listed["Workspace Admin"]["permissions"]["workspace"]


def test_internal_roles_never_appear(agency: AgencyFake, resources: Resources) -> None:  # S21
    with transaction(resources.sessions) as session:
        hidden = Role(
            agency_id=agency.agency_id, title="Hidden", permissions=["load.view"], is_internal=True
        )
        session.add(hidden)
        session.flush()
        hidden_id = hidden.id
    internal = [role.id for role in SYSTEM_ROLES.values() if role.is_internal]
    assert len(internal) >= 2
    for role_id in (*internal, hidden_id):
        for method, path in (("GET", ""), ("GET", "/users"), ("PATCH", ""), ("DELETE", "")):
            answer = agency.call(method, f"{ROLES}/{role_id}{path}", json={})
            assert answer.status_code == 404
    ids = [role["id"] for role in _listed(agency).values()]
    assert not {*internal, hidden_id} & {*ids}


def test_the_database_has_the_system_roles_of_the_code(session: Session) -> None:
    for role in SYSTEM_ROLES.values():
        row = session.get_one(Role, role.id)
        assert (row.code, row.title, row.agency_id) == (role.code, role.title, None)
        assert row.is_internal == role.is_internal


# Who holds them.


def test_holders_are_counted_and_listed_by_workspace(
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    role_id = _create(agency, "Planner")
    second = agency.new_workspace()
    member = agency.member(workspace, "Planner")
    agency.grant(member, second, "Planner")
    agency.member(workspace, "viewer")
    assert _read(agency, role_id)["user_count"] == 1
    assert _listed(agency)["Viewer"]["user_count"] == 1  # of this agency alone
    users = agency.call("GET", f"{ROLES}/{role_id}/users").json()["users"]
    assert [item["workspace_id"] for item in users] == [workspace.id, second.id]
    for item in users:
        assert item["name"] == item["email"]
        assert item.keys() == {"user_id", "name", "email", "workspace_id", "workspace_title"}


def test_other_agencies_see_none_of_it(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    role_id = _create(agency, "Planner")
    agency.member(workspace, "viewer")
    other = AgencyFake.create(agency.resources, agency.client)
    for method, path in (("GET", ""), ("GET", "/users"), ("PATCH", ""), ("DELETE", "")):
        foreign = other.call(method, f"{ROLES}/{role_id}{path}", json={})
        missing = other.call(method, f"{ROLES}/{2**40}{path}", json={})
        assert foreign.status_code == missing.status_code == 404
        assert foreign.content == missing.content
    assert _listed(other)["Viewer"]["user_count"] == 0
    assert other.call("GET", f"{ROLES}/{VIEWER.id}/users").json() == {"users": []}
    assert _read(agency, role_id)["title"] == "Planner"


def test_deleting_a_role_makes_its_holders_viewers(  # S25
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    role_id = _create(agency, "Remover", permissions={"extract": ["delete"]})
    second = agency.new_workspace()
    first = agency.member(workspace, "Remover")
    agency.grant(first, second, "Remover")
    other = agency.member(workspace, "Remover")
    assert first.call("DELETE", "/api/v3/extracts/1").status_code == 404
    gone = agency.call("DELETE", f"{ROLES}/{role_id}")
    assert gone.json() == {"reassigned_users_count": 2}
    for member in (first, other):
        assert member.call("DELETE", "/api/v3/extracts/1").status_code == 403
        assert member.call("GET", "/api/v3/extracts").status_code == 200
    viewers = agency.call("GET", f"{ROLES}/{VIEWER.id}/users").json()["users"]
    assert len(viewers) == 3


def test_a_changed_role_binds_the_next_request(  # S25
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    role_id = _create(agency, "Remover", permissions={"extract": ["delete"]})
    member = agency.member(workspace, "Remover")
    assert member.call("DELETE", "/api/v3/extracts/1").status_code == 404
    agency.call("PATCH", f"{ROLES}/{role_id}", json={"permissions": {"load": ["view"]}})
    assert member.call("DELETE", "/api/v3/extracts/1").status_code == 403
    assert member.call("GET", "/api/v3/extracts").status_code == 403
    assert member.call("GET", "/api/v3/loads").status_code == 200


def test_a_permission_that_is_no_more_allows_nothing(
    agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    role_id = _create(agency, "Old", permissions={"load": ["view"]})
    with transaction(resources.sessions) as session:
        session.get_one(Role, role_id).permissions = ["load.view", "load.levitate", "spell.cast"]
    assert _read(agency, role_id)["permissions"] == {"load": ["view"]}
    member = agency.member(workspace, "Old")
    assert member.call("GET", "/api/v3/loads").status_code == 200
    assert member.call("GET", "/api/v3/extracts").status_code == 403
