"""The agency's own roles in the console: made, copied, changed and deleted by its chief alone."""

import re

import pytest
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.visitors import Visitor, signed_in
from headrace.rest.resources import Resources

ROLES = "/api/v3/roles"
PLANNER = {
    "title": "Planner",
    "description": "Plans campaigns.",
    "permissions": ["extract.create", "load.run"],
}


@pytest.fixture
def chief(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    return _in_console(workspace, agency.username)


def _in_console(workspace: WorkspaceFake, username: str) -> Visitor:
    one = signed_in(workspace, username)
    return Visitor(one.client, "/console", one.headers)


def _ids(agency: AgencyFake) -> dict[str, int]:
    roles = agency.call("GET", f"{ROLES}/").json()["roles"]
    return {role["title"]: role["id"] for role in roles}


def _ticked(page: str) -> list[str]:
    return re.findall(r'name="permissions" value="([\w.]+)" checked', page)


def test_a_role_is_made_changed_and_deleted(chief: Visitor, agency: AgencyFake) -> None:
    form = chief.get("/roles/new").text
    assert _ticked(form) == []
    assert "<legend>Data tables</legend>" in form
    made = chief.post("/roles/new", PLANNER)
    assert made.headers["Location"] == "/console/roles?said=role_created"
    role_id = _ids(agency)["Planner"]
    page = chief.get(f"/roles/{role_id}").text
    assert _ticked(page) == ["extract.view", "extract.create", "load.view", "load.run"]
    changed = {"title": "Reader", "description": "", "permissions": ["load.view"]}
    answer = chief.post(f"/roles/{role_id}", changed)
    assert answer.headers["Location"] == "/console/roles?said=saved"
    found = agency.call("GET", f"{ROLES}/{role_id}").json()
    assert (found["title"], found["description"]) == ("Reader", "")
    assert found["permissions"] == {"load": ["view"]}
    assert "Nobody holds this role" in chief.get(f"/roles/{role_id}/delete").text
    chief.post(f"/roles/{role_id}/delete")
    assert "Reader" not in _ids(agency)
    assert chief.get(f"/roles/{role_id}").status_code == 404
    trail = chief.get("/audit").text  # S100
    for act in ("create_role", "update_role", "delete_role"):
        assert f"<code>{act}</code>" in trail


def test_a_role_without_any_permission_is_one(chief: Visitor, agency: AgencyFake) -> None:
    chief.post("/roles/new", {"title": "Nothing"})
    found = agency.call("GET", f"{ROLES}/{_ids(agency)['Nothing']}").json()
    assert found["permissions"] == {}


def test_a_copy_begins_with_what_the_other_allows(chief: Visitor, agency: AgencyFake) -> None:
    analyst = _ids(agency)["Data Analyst"]
    assert f"/console/roles/new?copy_of={analyst}" in chief.get("/roles").text
    page = chief.get(f"/roles/new?copy_of={analyst}").text
    assert 'value="Copy of Data Analyst"' in page
    ticked = _ticked(page)
    assert "transform.create" in ticked
    assert "connection.create" not in ticked
    made = chief.post("/roles/new", {"title": "Copy of Data Analyst", "permissions": ticked})
    assert made.status_code == 303
    roles = agency.call("GET", f"{ROLES}/").json()["roles"]
    held = {role["title"]: role["permissions"] for role in roles}
    assert held["Copy of Data Analyst"] == held["Data Analyst"]
    for unknown in (10**15, 2**80, "x"):
        assert chief.get(f"/roles/new?copy_of={unknown}").status_code == 404, unknown


def test_what_is_refused_stands_at_its_field(chief: Visitor) -> None:
    taken = chief.post("/roles/new", PLANNER | {"title": "Viewer"})
    assert taken.status_code == 400
    assert re.search(r'id="f-title-wrong">.*choose another title', taken.text)
    assert _ticked(taken.text) == PLANNER["permissions"]
    assert "Plans campaigns." in taken.text
    blank = chief.post("/roles/new", PLANNER | {"title": "  "})
    assert re.search(r'id="f-title-wrong">.*must not be empty', blank.text)
    forged = chief.post("/roles/new", PLANNER | {"permissions": ["extract.explode"]})
    assert forged.status_code == 400
    assert re.search(r'id="permissions-wrong">.*extract\.explode', forged.text)


def test_deleting_says_who_becomes_a_viewer(
    chief: Visitor, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    chief.post("/roles/new", PLANNER)
    member = agency.member(workspace, "Planner")
    role_id = _ids(agency)["Planner"]
    assert "the 1 user who holds it" in chief.get(f"/roles/{role_id}").text
    page = chief.get(f"/roles/{role_id}/delete").text
    assert member.username in page
    assert "1 user holds this role and gets the role Viewer" in page
    chief.post(f"/roles/{role_id}/delete")
    held = {one["email"]: one["role_title"] for one in workspace.get("/api/v3/members")["results"]}
    assert held[member.username] == "Viewer"


def test_roles_of_the_system_stay_as_they_are(chief: Visitor, agency: AgencyFake) -> None:
    viewer = _ids(agency)["Viewer"]
    page = chief.get("/roles").text
    assert f'/console/roles/{viewer}"' not in page
    for path in (f"/roles/{viewer}", f"/roles/{viewer}/delete"):
        assert chief.get(path).status_code == 403
        assert chief.post(path, PLANNER).status_code == 403
    assert _ids(agency)["Viewer"] == viewer


def test_only_the_chief_changes_roles(  # S18 S24
    chief: Visitor, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    chief.post("/roles/new", PLANNER)
    role_id = _ids(agency)["Planner"]
    body = {"title": "Manager", "permissions": {"admin": ["manage_roles"]}}
    assert agency.call("POST", f"{ROLES}/", json=body).status_code == 201
    manager = _in_console(workspace, agency.member(workspace, "Manager").username)
    page = manager.get("/roles")
    assert page.status_code == 200
    assert "Planner" in page.text
    assert "/console/roles/" not in page.text
    for path in ("/roles/new", f"/roles/{role_id}", f"/roles/{role_id}/delete"):
        assert manager.get(path).status_code == 403, path
        assert manager.post(path, PLANNER | {"title": "Mine"}).status_code == 403, path
    assert "Mine" not in _ids(agency)
    assert role_id in _ids(agency).values()


def test_another_agencys_roles_are_not_there(  # S01
    chief: Visitor, agency: AgencyFake, resources: Resources, client: TestClient
) -> None:
    chief.post("/roles/new", PLANNER)
    role_id = _ids(agency)["Planner"]
    other = AgencyFake.create(resources, client)
    stranger = _in_console(other.new_workspace(), other.username)
    for path in (f"/roles/{role_id}", f"/roles/{role_id}/delete"):
        assert stranger.get(path).status_code == 404, path
        assert stranger.post(path, PLANNER).status_code == 404, path
    assert stranger.get(f"/roles/new?copy_of={role_id}").status_code == 404
    assert role_id in _ids(agency).values()
