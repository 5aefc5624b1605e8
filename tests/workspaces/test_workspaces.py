"""Workspaces through the API."""

from fakes.callers import AgencyFake, WorkspaceFake


def test_create_read_update_list(agency: AgencyFake) -> None:
    made = agency.call("POST", "/api/v3/workspaces/", json={"title": "Acme", "nonsense": 1})
    assert made.status_code == 201
    path = f"/api/v3/workspaces/{made.json()['id']}"
    changed = agency.call("PUT", path, json={"title": "Acme Ltd", "description": "One"})
    assert changed.status_code == 200
    read = agency.call("GET", path).json()
    assert (read["title"], read["description"]) == ("Acme Ltd", "One")
    assert read["updated_at"] > read["created_at"]
    listed = agency.call("GET", "/api/v3/workspaces").json()
    assert (listed["count"], listed["results"][0]["title"]) == (1, "Acme Ltd")


def test_titles_are_unique_in_the_agency(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    title = agency.call("GET", f"/api/v3/workspaces/{workspace.id}").json()["title"]
    answer = agency.call("POST", "/api/v3/workspaces", json={"title": title})
    assert answer.status_code == 400
    assert "title" in answer.json()["errors"]


def test_bad_bodies_are_refused(agency: AgencyFake) -> None:
    for body in ({}, {"title": ""}, {"title": "x" * 256}, {"title": 7}, {"title": "a\0b"}):
        answer = agency.call("POST", "/api/v3/workspaces", json=body)
        assert answer.status_code == 400, body
        assert isinstance(answer.json()["details"], str)
    assert agency.call("POST", "/api/v3/workspaces", content=b"{}").status_code == 415


def test_members_see_their_workspaces_only(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    second = agency.new_workspace()
    member = agency.member(workspace, "viewer")
    assert member.get("/api/v3/extracts")["count"] == 0
    listed = agency.call("GET", "/api/v3/workspaces").json()
    assert listed["count"] == 2
    assert second.id in [item["id"] for item in listed["results"]]


def test_the_operator_can_limit_how_many_there_are(agency: AgencyFake) -> None:  # S93
    state = agency.client.app.state  # type: ignore[attr-defined]
    state.settings = state.settings.model_copy(update={"workspaces_per_agency": 2})
    for title in ("One", "Two"):
        assert agency.call("POST", "/api/v3/workspaces", json={"title": title}).status_code == 201
    refused = agency.call("POST", "/api/v3/workspaces", json={"title": "Three"})
    assert refused.status_code == 400
    assert "HEADRACE_WORKSPACES_PER_AGENCY" in refused.json()["details"]
    assert agency.call("GET", "/api/v3/workspaces").json()["count"] == 2
