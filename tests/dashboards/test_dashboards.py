"""Each workspace has the same dashboards, under ids and addresses of its own."""

from fakes.callers import AgencyFake, WorkspaceFake


def _listed(agency: AgencyFake, workspace_id: int) -> list[dict[str, object]]:
    answer = agency.call("GET", f"/api/v3/workspaces/{workspace_id}/dashboards")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()
    return found


def test_every_workspace_has_the_three(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    found = _listed(agency, workspace.id)
    assert [item["data_name"] for item in found] == ["performance", "freshness", "pipeline_health"]
    assert [item["title"] for item in found] == ["Performance", "Freshness", "Pipeline health"]
    assert found[0]["url"] == (
        f"http://testserver/workspaces/{workspace.id}/dashboards/performance"
    )
    assert found == _listed(agency, workspace.id)


def test_ids_are_unique_over_workspaces(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    other = agency.new_workspace()
    found = _listed(agency, workspace.id) + _listed(agency, other.id)
    assert len({item["dashboard_id"] for item in found}) == 6


def test_those_of_foreign_workspaces_are_not_there(  # S07 S16
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    paths = [f"/api/v3/workspaces/{id_}/dashboards" for id_ in (other_workspace.id, 2**53)]
    answers = [agency.call("GET", path) for path in paths]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    refused = workspace.call("GET", f"/api/v3/workspaces/{workspace.id}/dashboards")
    assert refused.status_code == 401  # S19
