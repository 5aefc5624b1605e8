"""What belongs to another agency or workspace stays out of lists, links and tokens."""

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake
from headrace.access.permissions import SYSTEM_ROLES, Permission


def test_agencies_do_not_reach_each_others_workspaces(
    agency: AgencyFake, other_workspace: WorkspaceFake
) -> None:  # S07
    path = f"/api/v3/workspaces/{other_workspace.id}"
    assert agency.call("GET", path).status_code == 404
    assert agency.call("PUT", path, json={"title": "mine now"}).status_code == 404
    token = agency.call("POST", "/api/v3/token", json={"workspace_id": other_workspace.id})
    assert token.status_code == 404
    listed = agency.call("GET", "/api/v3/workspaces").json()
    assert other_workspace.id not in [item["id"] for item in listed["results"]]


def test_next_link_shows_only_the_callers_rows(
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:  # S08
    workspace = pipeline.workspace
    account = [pipeline.account_id]
    body = {"template_id": pipeline.template_id, "accounts": account}
    workspace.post("/api/v3.1/extracts/", body | {"data_table_title": "Second"})
    link = workspace.get("/api/v3/extracts?page_size=1")["next"]
    assert link == "http://testserver/api/v3/extracts?page_size=1&page=2"
    assert workspace.get(link)["count"] == 2
    assert other_workspace.call("GET", link).status_code == 404


def test_a_token_ignores_the_workspace_header(
    pipeline: PipelineFake, other_workspace: WorkspaceFake
) -> None:  # S04
    other_workspace.headers["X-IM-WORKSPACE-ID"] = str(pipeline.workspace.id)
    assert other_workspace.get("/api/v3/extracts")["count"] == 0


def test_members_without_rights_cannot_manage_workspaces(
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:  # S19
    member = agency.member(workspace, "workspace_admin")
    answer = member.call("GET", "/api/v3/workspaces")
    assert answer.status_code == 401
    assert "Basic" in answer.json()["details"]
    assert Permission.ADMIN_MANAGE_WORKSPACES not in SYSTEM_ROLES["workspace_admin"].permissions
