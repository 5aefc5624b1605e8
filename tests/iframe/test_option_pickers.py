"""Settings whose options the platform knows: looked up in the form, ticked, and kept meanwhile."""

import re
from html import unescape
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from fakes.platforms import reading_both
from fakes.visitors import Visitor, signed_in
from headrace.settings import Settings
from templates.conftest import ConnectedFake, connect

ASKED = "conversion_actions"
SETTING = "settings.conversion_actions"
_INPUT = re.compile(r'<input type="(?:checkbox|radio)" name="([\w.]+)" value="([^"]*)"( checked)?>')


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork, graph: GraphApi) -> Settings:
    """Settings under which both platforms are those."""
    return reading_both(settings, network, graph)


@pytest.fixture
def connected(workspace: WorkspaceFake) -> ConnectedFake:
    """A workspace that is connected to Demo Ads."""
    return connect(workspace)


@pytest.fixture
def visitor(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    return signed_in(workspace, agency.username)


@pytest.fixture
def form(connected: ConnectedFake) -> dict[str, Any]:
    """What the form of a new extract sends, of one account."""
    return {
        "connection_id": str(connected.connection_id),
        "template_id": str(connected.template("Campaigns by day")),
        "data_table_title": "Chosen conversions",
        "which": "chosen",
        "accounts": [str(connected.accounts["demo-1001"])],
        "fields": ["date", "campaign_id", "campaign_name", "conversions"],
        "settings.attribution": "7d_click",
        "interval": "day",
        "recurrence": "1",
        "hours": "6",
        "minutes": "0",
        "timezone": "UTC",
        "options": f"{ASKED}:1",
    }


def offered(page: str, name: str = SETTING) -> dict[str, bool]:
    """The values that a page shows of a setting, and whether each is ticked."""
    found = [match.groups() for match in _INPUT.finditer(page)]
    return {unescape(value): bool(checked) for given, value, checked in found if given == name}


def ticked(page: str) -> list[str]:
    return [value for value, is_ticked in offered(page).items() if is_ticked]


def test_the_form_asks_the_platform_when_it_is_asked_to(
    visitor: Visitor, form: dict[str, Any], network: AdsNetwork
) -> None:
    before = network.asked(ASKED)
    path = f"/extracts/new?connection_id={form['connection_id']}&template_id={form['template_id']}"
    page = visitor.get(path).text
    assert network.asked(ASKED) == before
    assert offered(page) == {}
    assert 'name="search.conversion_actions"' in page
    assert f'<textarea id="f-{SETTING.replace(".", "-")}"' not in page
    found = visitor.post("/extracts/options", form)
    assert found.status_code == 200
    assert len(offered(found.text)) >= 6
    assert ticked(found.text) == []
    assert 'value="Chosen conversions"' in found.text  # what else was typed stays
    assert "Alpenglow Outfitters" in found.text


def test_what_is_chosen_stays_chosen_over_searches(
    visitor: Visitor, form: dict[str, Any], connected: ConnectedFake
) -> None:
    first = visitor.post("/extracts/options", form | {"search.conversion_actions": "purch"}).text
    assert "purchase" in offered(first)
    assert "add_to_cart" not in offered(first)
    known = [unescape(one) for one in re.findall(r'name="known\.\w+" value="([^"]*)"', first)]
    more = {"search.conversion_actions": "cart", SETTING: ["purchase"]}
    second = visitor.post("/extracts/options", form | more | {"known.conversion_actions": known})
    assert offered(second.text) == {"purchase": True, "add_to_cart": False}
    assert "<span>Purchase" in second.text  # by its name, though the search does not find it
    assert 'value="cart"' in second.text
    nothing = visitor.post("/extracts/options", form | more | {"search.conversion_actions": "zz"})
    assert ticked(nothing.text) == ["purchase"]
    assert "There are no others of that name" in nothing.text
    made = visitor.post("/extracts/new", form | more | {"do": "create"})
    assert made.status_code == 303, made.text
    extract = connected.workspace.get("/api/v3/extracts")["results"][0]
    shown = connected.workspace.get(f"/api/v3/extracts/{extract['id']}")
    assert shown["additional_params"]["conversion_actions"] == ["purchase"]


def test_a_refused_form_keeps_what_was_chosen(visitor: Visitor, form: dict[str, Any]) -> None:
    sent = form | {SETTING: ["purchase"], "data_table_title": "", "do": "create"}
    refused = visitor.post("/extracts/new", sent)
    assert refused.status_code == 400
    assert ticked(refused.text) == ["purchase"]


def test_a_platform_that_does_not_answer_takes_nothing_away(
    visitor: Visitor, form: dict[str, Any], network: AdsNetwork
) -> None:
    body = b'{"error": {"code": "x", "message": "Ask <the> owner."}}'
    network.answer_next(ASKED, 1, 403, body=body)
    sent = form | {SETTING: ["purchase"], "search.conversion_actions": "cart"}
    page = visitor.post("/extracts/options", sent)
    assert page.status_code == 200
    assert "The platform did not tell its options" in page.text
    assert "Ask &lt;the&gt; owner." in page.text  # S53
    assert ticked(page.text) == ["purchase"]
    assert 'value="cart"' in page.text
    # Demo Ads lists all that it takes: nothing is typed by hand.
    assert "typed.conversion_actions" not in page.text
    forged = visitor.post("/extracts/options", sent | {"typed.conversion_actions": "made up"})
    assert "made up" not in offered(forged.text)


def test_pages_of_many_options(
    visitor: Visitor, form: dict[str, Any], connected: ConnectedFake
) -> None:
    everything = connected.options()["accounts"][0]["count"]
    assert everything < 25
    beyond = visitor.post("/extracts/options", form | {"options": f"{ASKED}:2"}).text
    assert offered(beyond) == {}
    assert f'value="{ASKED}:1" formaction' in beyond
    for odd in ("", "nothing:1", f"{ASKED}:-1", f"{ASKED}:x", f"{ASKED}:99999999999"):
        assert visitor.post("/extracts/options", form | {"options": odd}).status_code == 200, odd


def test_who_may_not_make_extracts_does_not_look_up(
    agency: AgencyFake, workspace: WorkspaceFake, form: dict[str, Any], network: AdsNetwork
) -> None:
    viewer = signed_in(workspace, agency.member(workspace, "viewer").username)
    before = network.asked(ASKED)
    assert viewer.post("/extracts/options", form).status_code == 403
    assert network.asked(ASKED) == before


def test_another_workspaces_connection_is_not_asked(  # S01
    other_workspace: WorkspaceFake, visitor: Visitor, form: dict[str, Any], network: AdsNetwork
) -> None:
    foreign = connect(other_workspace)
    before = network.asked(ASKED)
    sent = form | {"connection_id": str(foreign.connection_id)}
    assert visitor.post("/extracts/options", sent).status_code == 404
    assert network.asked(ASKED) == before


def test_what_a_platform_does_not_list_is_typed_where_it_takes_it(
    visitor: Visitor, workspace: WorkspaceFake
) -> None:
    made = workspace.post(
        "/api/v3/datasources/facebook/connections", {"credentials": {"access_token": TOKEN}}
    )
    accounts = workspace.get(f"/api/v3/connections/{made['id']}/accounts")["results"]
    listed = workspace.get("/api/v3/datasources/facebook/extract-templates")["results"]
    template = next(
        item["id"]
        for item in listed
        if "conversion_action_types" in _names_of(workspace, item["id"])
    )
    path = f"/extracts/new?connection_id={made['id']}&template_id={template}"
    name = "settings.conversion_action_types"
    assert offered(visitor.get(path).text, name) == {"omni_purchase": True}
    sent = {
        "connection_id": str(made["id"]),
        "template_id": str(template),
        "which": "chosen",
        "accounts": [str(accounts[0]["id"])],
        name: ["omni_purchase"],
        "typed.conversion_action_types": "lead\r\n\r\n onsite_conversion.x \r\nlead",
        "options": "conversion_action_types:1",
    }
    page = visitor.post("/extracts/options", sent).text
    chosen = [value for value, is_ticked in offered(page, name).items() if is_ticked]
    assert chosen == ["omni_purchase", "lead", "onsite_conversion.x"]


def _names_of(workspace: WorkspaceFake, template_id: int) -> list[str]:
    found = workspace.get(f"/api/v3/datasources/facebook/extract-templates/{template_id}")
    return [item["name"] for item in found["additional_params"]]
