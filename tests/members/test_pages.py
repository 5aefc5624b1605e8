"""The page of a workspace's members."""

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.visitors import in_frame, signed_in
from headrace.access.permissions import SYSTEM_ROLES

EDITOR = SYSTEM_ROLES["editor"].id


def test_members_by_forms_alone(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    elsewhere = agency.new_workspace()
    ada = agency.member(elsewhere, "viewer")
    chief = signed_in(workspace, agency.username)
    form = {"username": ada.username, "role_id": str(EDITOR)}
    assert chief.post("/members", form).status_code == 303
    found = workspace.get("/api/v3/members")["results"]
    assert [(one["email"], one["role_id"]) for one in found] == [(ada.username, EDITOR)]
    member = found[0]["user_id"]
    assert ada.username in chief.get("/members").text
    viewer = str(SYSTEM_ROLES["viewer"].id)
    assert chief.post(f"/members/{member}", {"role_id": viewer}).status_code == 303
    assert workspace.get("/api/v3/members")["results"][0]["role_title"] == "Viewer"
    unknown = chief.post("/members", form | {"username": "nobody@example.com"})
    assert unknown.status_code == 404
    assert chief.post(f"/members/{member}/remove").status_code == 303
    assert workspace.get("/api/v3/members")["count"] == 0


def test_only_who_manages_members_sees_them(  # S18
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    editor = signed_in(workspace, agency.member(workspace, "editor").username)
    assert editor.get("/members").status_code == 403
    assert "/members" not in editor.get("/extracts").text
    assert in_frame(workspace).post("/members", {"username": "x"}).status_code in (400, 403, 404)
