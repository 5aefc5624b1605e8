"""What automated recipes refuse, and that nothing happens then."""

from typing import Any

import pytest

from fakes.advertisers import RECIPES, Advertiser
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from fakes.pipelines import PipelineFake


def refused(advertiser: Advertiser, *choices: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = advertiser.create(*choices, status=400, **body)
    assert advertiser.workspace.get(RECIPES)["count"] == 0
    assert advertiser.extracts() == []
    return answer


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"template_id": 9}, "template_id"),
        ({"template_id": "x"}, "template_id"),
        ({"data_sources": ["file_import"]}, "data_sources"),
        ({"data_sources": ["nothing"]}, "data_sources"),
        ({"data_sources": ["facebook"]}, "connections"),
        ({"sync_from_date": "2027-01-01"}, "sync_from_date"),
        ({"trigger": "schedule"}, "scheduling"),
        ({"trigger": "on_extraction", "scheduling": [{}]}, "scheduling"),
        ({"connections": []}, "connections"),
        ({"connections": [{"connection_id": 2**53}]}, "connections"),
    ],
)
def test_what_does_not_fit_is_refused(
    advertiser: Advertiser, body: dict[str, Any], field: str
) -> None:
    answer = refused(advertiser, advertiser.choice("demo_ads", "demo-1001"), **body)
    assert field in " ".join(answer["errors"])


def test_accounts_must_be_open_and_of_their_connection(advertiser: Advertiser) -> None:
    choice = advertiser.choice("demo_ads", "demo-1001")
    other = refused(advertiser, choice | {"accounts": [2**53]})
    assert "has no accounts" in other["details"]
    path = f"/api/v3/connections/{choice['connection_id']}/accounts/{choice['accounts'][0]}"
    closed = advertiser.workspace.call(
        "PATCH", path, json={"enabled_for_embedded_extraction": False}
    )
    assert closed.status_code == 200
    assert "Alpenglow Outfitters" in refused(advertiser, choice)["details"]
    # Without names, those that are enabled.
    recipe = advertiser.create({"connection_id": choice["connection_id"]}, trigger="manual")
    (connection,) = advertiser.detail(recipe)["connections"]
    names = {one["account_id"] for one in connection["accounts"]}
    assert names == set(advertiser.accounts("demo_ads")) - {"demo-1001"}


def test_an_account_by_way_of_two_connections_is_refused(advertiser: Advertiser) -> None:
    first = advertiser.choice("demo_ads", "demo-1001")
    advertiser.connect("demo_ads")
    second = advertiser.choice("demo_ads", "demo-1001")
    assert "'demo-1001' is chosen more than once" in refused(advertiser, first, second)["details"]


def test_foreign_connections_and_accounts_are_refused(
    advertiser: Advertiser, other_workspace: WorkspaceFake
) -> None:  # S01 S02 S03
    choice = advertiser.choice("demo_ads", "demo-1001")
    stranger = Advertiser(other_workspace)
    stranger.connect("demo_ads")
    foreign = stranger.create(choice, status=400)
    missing = stranger.create(choice | {"connection_id": 2**53}, status=400)
    gone = str(choice["connection_id"])
    assert foreign["details"].replace(gone, "n") == missing["details"].replace(str(2**53), "n")
    own = stranger.choice("demo_ads", "demo-1001")
    stolen = stranger.create(own | {"accounts": choice["accounts"]}, status=400)
    assert "has no accounts" in stolen["details"]
    recipe = advertiser.create(choice, trigger="manual")
    assert other_workspace.get(RECIPES)["count"] == 0
    for method, end in (
        ("GET", ""),
        ("PUT", ""),
        ("POST", "/build"),
        ("DELETE", ""),
        ("GET", "/runs"),
    ):
        path = f"{RECIPES}/{recipe['recipe_id']}{end}"
        assert other_workspace.call(method, path, json={}).status_code == 404
    assert advertiser.detail(recipe)["state"] == "Extracting Data"


def test_extracts_are_made_for_those_alone_who_may_make_them(
    agency: AgencyFake, workspace: WorkspaceFake, advertiser: Advertiser
) -> None:  # S23
    choice = advertiser.choice("demo_ads", "demo-1001")
    analyst = Advertiser(agency.member(workspace, "data_analyst"), advertiser.connections)
    answer = analyst.create(choice, status=403)
    assert "extract.create" in answer["details"]
    assert advertiser.extracts() == []
    advertiser.create(choice, trigger="manual")
    analyst.create(choice, trigger="manual")  # what is there may be read
    assert len(advertiser.extracts()) == 1


def test_a_refused_change_changes_nothing(advertiser: Advertiser, pipeline: PipelineFake) -> None:
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001"), trigger="manual")
    before = advertiser.detail(recipe)
    file = {"connection_id": pipeline.connection_id, "accounts": [pipeline.account_id]}
    for body, field in (
        ({"connections": [file]}, "data_sources"),
        ({"data_sources": ["postgres"]}, "data_sources"),
        ({"data_sources": ["facebook"]}, "connections"),
        ({"sync_from_date": "2027-01-01"}, "sync_from_date"),
        ({"connections": [advertiser.choice("demo_ads", "demo-1002")], "trigger": "x"}, "trigger"),
    ):
        answer = advertiser.update(recipe, status=400, **body)
        assert field in " ".join(answer["errors"]), body
    assert advertiser.detail(recipe) == before
    # Ids, states and the like are not a client's to set.  # S27
    kept = advertiser.update(recipe, state="Active", recipe_id="9", datatable_id=1, workspace_id=1)
    assert (kept["state"], kept["recipe_id"]) == ("Extracting Data", recipe["recipe_id"])
    assert kept["datatable_id"] is None


def test_an_answer_can_be_sent_back(advertiser: Advertiser, graph: GraphApi) -> None:
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    recipe = advertiser.create(
        advertiser.choice("demo_ads", "demo-1001"), advertiser.choice("facebook", "111"),
        trigger="manual",
    )  # fmt: skip
    detail = advertiser.detail(recipe)
    names = ("data_sources", "connections", "sync_from_date", "trigger")
    same = advertiser.update(recipe, **{name: detail[name] for name in names})
    assert same["connections"] == detail["connections"]
    assert len(advertiser.extracts()) == 2
    fewer = advertiser.update(recipe, data_sources=["facebook"])
    assert [one["connection_data_source"] for one in fewer["connections"]] == ["facebook"]
    paused = {one["account_id"]: one["status"] == "paused" for one in advertiser.extracts()}
    assert paused == {"demo-1001": True, "111": False}


def test_lists_are_filtered(advertiser: Advertiser) -> None:
    choice = advertiser.choice("demo_ads", "demo-1001")
    ids = [
        advertiser.create(choice, template_id=number, trigger="manual")["recipe_id"]
        for number in (1, 2, 3)
    ]
    page = advertiser.workspace.get(RECIPES, template_id="2,3", page_size=1)
    assert (page["count"], [one["recipe_id"] for one in page["results"]]) == (2, ids[1:2])
    assert page["results"][0]["template_title"] == "Daily account totals"
    for query in ({"state": "Sleeping"}, {"template_id": "one"}):
        assert advertiser.workspace.call("GET", RECIPES, params=query).status_code == 400
