"""Options of settings that only the source knows: per account, searched, paged, kept for a minute."""

from datetime import timedelta
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from headrace.connectors.contract import Choice
from headrace.kit import clock
from headrace.templates.options import OptionsKept
from templates.conftest import ConnectedFake, connect

PATH = "conversion_actions"


def test_each_account_has_its_own(connected: ConnectedFake) -> None:
    found = connected.options(account_ids=["demo-1002", "demo-1001"])
    assert found["custom_setting_name"] == "conversion_actions"
    second, first = found["accounts"]
    assert (second["account_id"], first["account_id"]) == ("demo-1002", "demo-1001")
    assert first["results"][0] == {"value": "purchase", "label": "Purchase", "description": "sale"}
    assert first["count"] == len(first["results"]) >= 6
    own = {item["value"] for item in first["results"]} - {
        item["value"] for item in second["results"]
    }
    assert all(value.startswith("custom-") for value in own)
    assert own
    assert (first["next"], first["previous"], first["search_applied"]) == (None, None, False)


def test_search_and_pages(connected: ConnectedFake) -> None:
    whole = connected.options()["accounts"][0]
    pages: list[dict[str, Any]] = []
    number = "1"
    while number:
        page = connected.options(page=int(number), page_size=2)["accounts"][0]
        pages.append(page)
        number = page["next"]
    assert [item for page in pages for item in page["results"]] == whole["results"]
    assert {page["count"] for page in pages} == {whole["count"]}
    assert [page["previous"] for page in pages[:3]] == [None, "1", "2"]
    beyond = connected.options(page=99)["accounts"][0]
    assert (beyond["results"], beyond["next"]) == ([], None)
    found = connected.options(search_query=" CART ")["accounts"][0]
    assert [item["value"] for item in found["results"]] == ["add_to_cart"]
    assert (found["count"], found["search_applied"]) == (1, True)


def test_unknown_accounts_have_none(
    connected: ConnectedFake, other_workspace: WorkspaceFake
) -> None:
    foreign = connect(other_workspace, rows_per_day=7)
    assert "huge-7" in foreign.accounts
    found = connected.options(account_ids=["demo-none", "huge-7", "demo-1001"])["accounts"]
    assert [item["count"] > 0 for item in found] == [False, False, True]
    assert found[0]["results"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"custom_setting_name": "colour"}, "custom_setting_name"),
        ({"connection_id": 2**40}, "connection_id"),
        ({"account_ids": []}, "account_ids"),
        ({"page": 0}, "page"),
    ],
)
def test_refusals_name_their_field(
    connected: ConnectedFake, body: dict[str, Any], field: str
) -> None:
    assert list(connected.options(400, **body)["errors"]) == [field]


def test_unknown_templates_and_sources_are_refused(connected: ConnectedFake) -> None:
    connected.options(404, template_id=2**40)
    body = {"template_id": 1, "connection_id": 1, "account_ids": ["1"], "custom_setting_name": "x"}
    path = "/api/v3/datasources/nowhere/custom_setting_options/"
    assert "does not exist" in connected.workspace.post(path, body, 400)["details"]


def test_fixed_choices_are_options_too(connected: ConnectedFake) -> None:
    found = connected.options(custom_setting_name="attribution")["accounts"][0]
    assert [item["value"] for item in found["results"]] == ["7d_click", "1d_click"]


def test_they_are_kept_for_a_minute(connected: ConnectedFake, network: AdsNetwork) -> None:
    before = network.asked(PATH)
    connected.options()
    connected.options(search_query="cart")
    assert network.asked(PATH) == before + 1
    with clock.shifted(timedelta(seconds=61)):
        connected.options()
    assert network.asked(PATH) == before + 2


def test_nobody_meets_what_another_workspace_was_told(
    connected: ConnectedFake, agency: AgencyFake, network: AdsNetwork
) -> None:  # S14
    connected.options()
    before = network.asked(PATH)
    sibling = connect(agency.new_workspace())
    assert "no connection" in connected.options(400, connection_id=sibling.connection_id)["details"]
    sibling.options()
    assert network.asked(PATH) == before + 1


def test_new_credentials_ask_anew(connected: ConnectedFake, network: AdsNetwork) -> None:
    connected.options()
    before = network.asked(PATH)
    path = f"/api/v3/connections/{connected.connection_id}"
    assert connected.workspace.call("PUT", path, json={"title": "Anew"}).status_code == 200
    connected.options()
    assert network.asked(PATH) == before + 1


def test_the_sources_words_are_told_and_not_kept(
    connected: ConnectedFake, network: AdsNetwork
) -> None:
    network.answer_next(PATH, 1, 403, body=b'{"error": {"code": "x", "message": "Ask the owner."}}')
    assert "Ask the owner." in connected.options(400)["details"]
    assert connected.options()["accounts"][0]["count"] > 0


def test_the_oldest_make_room() -> None:
    kept = OptionsKept(most=2)
    for key in ("a", "b", "c"):
        kept.keep(key, (Choice(key, key),))
    assert kept.find("a") is None
    assert kept.find("c") == (Choice("c", "c"),)
