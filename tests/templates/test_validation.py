"""Validation says everything that is wrong, and asks the source what only it knows."""

from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.callers import WorkspaceFake
from templates.conftest import ConnectedFake, connect

DAILY = "Campaigns by day"
WIDE = "Any dimensions and metrics"


@pytest.fixture
def account(connected: ConnectedFake) -> int:
    """The embedded id of an account."""
    return connected.accounts["demo-1001"]


def test_good_settings_are_valid(connected: ConnectedFake, account: int) -> None:
    template = connected.template(DAILY)
    assert connected.validate(template, accounts=[account]) == {
        "is_valid": True,
        "errors": [],
        "warnings": [],
    }
    settings = {"fields": ["spend"], "custom_settings": {"attribution": "1d_click"}}
    assert connected.validate(template, accounts=[account], template_settings=settings)["is_valid"]


def test_all_that_is_wrong_is_said_at_once(connected: ConnectedFake, account: int) -> None:
    found = connected.validate(
        connected.template(DAILY),
        accounts=[account],
        template_settings={
            "fields": ["spend", "cost"],
            "dynamic_fields": ["weight"],
            "custom_settings": {"attribution": "9d", "colour": "red"},
            "hashed_fields": ["revenue"],
            "custom_filters": [{"field": "spend", "operator": "gt", "value": "much"}],
            "scheduling": [{"interval": "day"}, {"interval": "hour"}],
        },
    )
    assert found["is_valid"] is False
    assert [(item["code"], item["field"]) for item in found["errors"]] == [
        ("unknown_field", "fields"),
        ("unknown_field", "fields"),
        ("invalid_setting", "custom_settings"),
        ("invalid_setting", "custom_settings"),
        ("invalid_hashed_field", "hashed_fields"),
        ("invalid_filter", "custom_filters"),
        ("too_many_schedules", "scheduling"),
    ]
    assert "'cost'" in found["errors"][0]["message"]
    assert "spend" in found["errors"][5]["message"]


def test_fields_that_do_not_go_together_are_told_in_the_sources_words(
    connected: ConnectedFake, account: int
) -> None:
    found = connected.validate(
        connected.template(WIDE),
        accounts=[account],
        template_settings={"fields": ["country", "reach"]},
    )
    assert [item["code"] for item in found["errors"]] == ["incompatible_fields"]
    assert "reach is not counted by country" in found["errors"][0]["message"]


def test_a_source_that_cannot_be_asked_is_a_warning(
    connected: ConnectedFake, account: int, network: AdsNetwork
) -> None:
    network.answer_next("/compatibility", 1, 429, headers=(("Retry-After", "600"),))
    found = connected.validate(connected.template(WIDE), accounts=[account])
    assert found["is_valid"] is True
    assert [item["code"] for item in found["warnings"]] == ["source_not_asked"]


def test_a_closed_account_is_not_valid(connected: ConnectedFake, account: int) -> None:
    path = f"/api/v3/connections/{connected.connection_id}/accounts/{account}"
    connected.workspace.call("PATCH", path, json={"enabled_for_embedded_extraction": False})
    found = connected.validate(connected.template(DAILY), accounts=[account])
    assert [item["code"] for item in found["errors"]] == ["account_not_enabled"]


def test_accounts_that_do_not_go_together_are_malformed(
    connected: ConnectedFake, account: int, other_workspace: WorkspaceFake
) -> None:
    template = connected.template(DAILY)
    second = connect(connected.workspace).accounts["demo-1001"]
    foreign = connect(other_workspace).accounts["demo-1001"]
    wrong: list[tuple[list[Any], str]] = [
        ([account, second], "one connection"),
        ([account, foreign], str(foreign)),
        ([2**40], "no accounts"),
        ([], "accounts"),
        ([str(account)], "accounts.0"),
        (["demo-1001"], "accounts.0"),
    ]
    for accounts, says in wrong:
        assert says in connected.validate(template, 400, accounts=accounts)["details"]
    facebook = connected.workspace.get("/api/v3/datasources/facebook/extract-templates")
    other = facebook["results"][0]["id"]
    assert "demo_ads" in connected.validate(other, 400, accounts=[account])["details"]


def test_the_old_form_is_gone(connected: ConnectedFake) -> None:
    body = {"connection_id": connected.connection_id, "fields": ["spend"]}
    assert "accounts" in connected.validate(connected.template(DAILY), 400, **body)["errors"]
