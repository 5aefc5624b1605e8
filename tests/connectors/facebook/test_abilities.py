"""What Meta's connector offers beside reading: field checks, options, renewal."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.facebook.asking import (
    ACCOUNT,
    access_to,
    campaign_row,
    days,
    read_rows,
    request_for,
)
from fakes.graph_api import TOKEN, GraphApi, error_body
from headrace.connectors.abilities import (
    ChecksFields,
    OffersOptions,
    OptionsRequest,
    RenewsCredentials,
)
from headrace.connectors.contract import Choice
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.kit import clock
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown

APP = {"access_token": TOKEN, "app_id": "1", "app_secret": "s"}
CHOSEN = OptionsRequest(ACCOUNT, "campaign_performance", "conversion_action_types")


def actions(**counts: str) -> list[dict[str, str]]:
    return [{"action_type": name, "value": value} for name, value in counts.items()]


def add_actions(api: GraphApi, day: date, listed: list[dict[str, str]]) -> None:
    row = {"date_start": day.isoformat(), "date_stop": day.isoformat(), "actions": listed}
    api.add_rows("111", "account", [row])


def test_it_says_what_it_offers() -> None:
    assert isinstance(CONNECTOR, ChecksFields)
    assert isinstance(CONNECTOR, OffersOptions)
    assert isinstance(CONNECTOR, RenewsCredentials)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (["date_start", "age", "country", "spend"], "does not combine the breakdowns age, country"),
        (["date_start", "campaign_id", "region", "video_p25_watched_actions:video_view"], "region"),
        (["date_start", "image_asset", "spend"], "whole account"),
        (["date_start", "dma"], "'dma'"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(
    api: GraphApi, fields: list[str], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        CONNECTOR.check_fields(access_to(api), None, "wide", fields, {})


def test_fields_that_go_together_pass(api: GraphApi) -> None:
    fields = ["date_start", "campaign_id", "age", "gender", "spend", "chosen_actions"]
    CONNECTOR.check_fields(access_to(api), ACCOUNT, "wide", fields, {})


def test_action_types_and_named_conversions_are_offered(api: GraphApi) -> None:
    yesterday = clock.today(ACCOUNT.timezone) - timedelta(days=1)
    custom = {"action_type": "offsite_conversion.custom.9", "value": "5"}
    add_actions(api, yesterday, [*actions(purchase="2", lead="8"), custom])
    add_actions(api, yesterday - timedelta(days=7), actions(purchase="4", odd="x"))
    add_actions(api, yesterday - timedelta(days=60), actions(long_ago="100"))
    api.add_custom_conversion("111", "9", "Probefahrt")
    api.add_custom_conversion("111", "10", "Newsletter")
    assert list(CONNECTOR.options(access_to(api), CHOSEN)) == [
        Choice("lead", "Lead", "8 in the last 30 days"),
        Choice("purchase", "Purchase", "6 in the last 30 days"),
        Choice("offsite_conversion.custom.9", "Probefahrt", "5 in the last 30 days"),
        Choice("odd", "Odd", "0 in the last 30 days"),
        Choice("offsite_conversion.custom.10", "Newsletter", "None in the last 30 days"),
    ]


def test_options_come_without_names_where_these_are_closed(api: GraphApi) -> None:
    add_actions(api, clock.today(ACCOUNT.timezone) - timedelta(days=1), actions(lead="1"))
    api.fail_next(403, error_body(200, "No permission"), on="customconversions")
    assert [item.value for item in CONNECTOR.options(access_to(api), CHOSEN)] == ["lead"]


def test_a_limit_while_options_are_read_is_told(api: GraphApi) -> None:
    api.fail_next(400, error_body(80000, "limit"), on="act_111/", times=100)
    with pytest.raises(SlowDown):
        list(CONNECTOR.options(access_to(api), CHOSEN))


def read_chosen(api: GraphApi, **settings: Any) -> list[dict[str, Any]]:
    fields = ["date_start", "campaign_id", "chosen_actions", "chosen_action_values"]
    request = request_for("campaign_performance", fields, days(1), settings=settings)
    return read_rows(api, request)


def test_chosen_actions_are_added_up(api: GraphApi) -> None:
    api.add_rows(
        "111",
        "campaign",
        [
            campaign_row(
                1,
                actions=actions(lead="1.5", contact="2", purchase="9"),
                action_values=actions(lead="10"),
            ),
            campaign_row(2),
        ],
    )
    rows = read_chosen(api, conversion_action_types=["lead", "contact"])
    assert [row["chosen_actions"] for row in rows] == [Decimal("3.5"), Decimal(0)]
    assert [row["chosen_action_values"] for row in rows] == [Decimal(10), Decimal(0)]


def test_nothing_chosen_is_refused(api: GraphApi) -> None:
    with pytest.raises(Refused, match="conversion_action_types"):
        read_chosen(api, conversion_action_types=[])


def test_a_token_is_renewed_once_and_then_lives(api: GraphApi) -> None:  # S63
    renewal = CONNECTOR.renew(access_to(api, credentials=APP))
    assert renewal is not None
    assert renewal.expires_at is not None
    assert timedelta(days=59) < renewal.expires_at - clock.now() <= timedelta(days=60)
    assert renewal.credentials == APP | {"expires_at": renewal.expires_at.isoformat()}
    asked = len(api.calls)
    assert CONNECTOR.renew(access_to(api, credentials=renewal.credentials)) is None
    assert len(api.calls) == asked
    with clock.shifted(timedelta(days=20)):
        assert CONNECTOR.renew(access_to(api, credentials=renewal.credentials)) is not None


def test_a_token_without_an_end_stays(api: GraphApi) -> None:
    api.fail_next(200, {"access_token": "EAAforever"}, on="oauth/access_token")
    renewal = CONNECTOR.renew(access_to(api, credentials=APP))
    assert renewal is not None
    assert renewal.expires_at is None
    assert CONNECTOR.renew(access_to(api, credentials=renewal.credentials)) is None


def test_a_token_alone_cannot_be_renewed(api: GraphApi) -> None:
    assert CONNECTOR.renew(access_to(api)) is None
    assert api.calls == []


def test_a_dead_token_asks_for_the_person(api: GraphApi) -> None:
    api.fail_next(400, error_body(190, f"Session of {TOKEN} ended", 463), on="oauth")
    with pytest.raises(Reauthorize):
        CONNECTOR.renew(access_to(api, credentials=APP))
