"""Checking a connection and listing its accounts, against a Graph API over HTTP."""

import pytest

from connectors.facebook.asking import access_to
from fakes.graph_api import TOKEN, GraphApi, error_body
from headrace.connectors.contract import Account
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater


def listed(api: GraphApi, **settings: bool) -> list[Account]:
    return list(CONNECTOR.accounts(access_to(api, settings)))


def test_an_account_is_shown_by_its_number(api: GraphApi) -> None:
    api.add_account(
        "222",
        "Old shop",
        currency="USD",
        timezone_name="America/New_York",
        account_status=101,
        business={"id": "77", "name": "Agency"},
    )

    assert listed(api)[1] == Account(
        "222",
        "Old shop",
        "USD",
        "America/New_York",
        {
            "account_status": "closed",
            "timezone_name": "America/New_York",
            "business_id": "77",
            "business_name": "Agency",
        },
    )


def test_all_pages_of_accounts_are_listed_once(api: GraphApi) -> None:
    for number in range(1000, 1230):
        api.add_account(str(number))

    ids = [account.remote_id for account in listed(api)]

    assert len(ids) == len(set(ids)) == 231
    assert len(api.calls_to("me/adaccounts")) == 3


def test_an_account_without_a_name_or_a_known_zone_is_still_listed(api: GraphApi) -> None:
    api.add_account("333", name=None, timezone_name="TZ_AMERICA_NOWHERE")
    api.add_account("444", timezone_name=None, account_status=55)

    named = {account.remote_id: account for account in listed(api)}

    assert (named["333"].title, named["333"].timezone) == ("333", "UTC")
    assert named["333"].item["timezone_name"] == "TZ_AMERICA_NOWHERE"
    assert named["444"].item == {"account_status": 55}


def test_ids_sent_as_numbers_become_text(api: GraphApi) -> None:
    account = {"id": "act_444", "account_id": 444, "business": {"id": 9007199254740993}}
    api.fail_next(200, {"data": [account]})

    [read] = listed(api)

    assert (read.remote_id, read.title) == ("444", "444")
    assert read.item["business_id"] == "9007199254740993"


def test_accounts_reached_through_a_business_are_listed_on_request(api: GraphApi) -> None:
    shared = {"id": "act_111", "account_id": "111", "name": "Shop"}
    owned = {"id": "act_555", "account_id": "555", "name": "Owned"}
    client = {"id": "act_666", "account_id": "666", "name": "Client's"}
    api.add_business("77", owned=[shared, owned], clients=[client])

    assert [account.remote_id for account in listed(api)] == ["111"]
    with_businesses = listed(api, include_business_accounts=True)
    assert [account.remote_id for account in with_businesses] == ["111", "555", "666"]


def test_a_business_that_is_closed_to_the_person_hides_no_other(api: GraphApi) -> None:
    client = {"id": "act_666", "account_id": "666", "name": "Client's"}
    api.add_business("77", clients=[client])
    api.fail_next(403, error_body(200, "no role"), on="77/owned_ad_accounts")

    ids = [item.remote_id for item in listed(api, include_business_accounts=True)]

    assert ids == ["111", "666"]


def test_accounts_are_listed_without_the_right_to_see_their_business(api: GraphApi) -> None:
    api.fail_next(403, error_body(200, "Requires business_management permission"))

    assert [account.remote_id for account in listed(api)] == ["111"]
    assert "business" not in api.calls[-1].parameters["fields"]


def test_a_passing_fault_is_tried_again_without_a_journal(api: GraphApi) -> None:
    api.fail_next(500, error_body(2, "Service temporarily unavailable"), times=3)

    assert [account.remote_id for account in listed(api)] == ["111"]


def test_too_large_pages_of_accounts_are_made_smaller(api: GraphApi) -> None:
    for number in range(1000, 1120):
        api.add_account(str(number))
    api.too_much_data_above(rows=60)

    assert len(listed(api)) == 121
    assert {call.parameters["limit"] for call in api.calls} == {"100", "50"}


@pytest.mark.parametrize(
    ("status", "content", "outcome"),
    [
        (400, error_body(190, "expired", 463), Reauthorize),
        (403, error_body(200, "no permission"), Refused),
        (400, error_body(4, "limit"), SlowDown),
        (503, b"", TryLater),
    ],
)
def test_check_tells_what_is_wrong(
    api: GraphApi, status: int, content: object, outcome: type[Exception]
) -> None:
    api.fail_next(status, content, times=100)

    with pytest.raises(outcome) as told:
        CONNECTOR.check(access_to(api))

    assert type(told.value) is outcome


def test_check_is_one_cheap_call(api: GraphApi) -> None:
    CONNECTOR.check(access_to(api))

    assert [call.path for call in api.calls] == ["me/adaccounts"]
    assert api.calls[0].parameters["limit"] == "1"


def test_a_connection_without_a_token_asks_for_one(api: GraphApi) -> None:
    with pytest.raises(Reauthorize, match="no access token"):
        CONNECTOR.check(access_to(api, credentials={"app_secret": "x"}))

    assert api.calls == []


def test_every_call_is_signed_where_the_app_secret_is_known(api: GraphApi) -> None:
    api.require_proof("s3cret")
    good = {"access_token": TOKEN, "app_secret": "s3cret"}

    CONNECTOR.check(access_to(api, credentials=good))
    with pytest.raises(Reauthorize, match="appsecret_proof"):
        CONNECTOR.check(access_to(api, credentials={**good, "app_secret": "other"}))
    with pytest.raises(Reauthorize):
        CONNECTOR.check(access_to(api))


def test_a_host_nobody_allowed_is_refused() -> None:
    with pytest.raises(Refused, match="not a public address"):
        CONNECTOR.check(access_to("http://127.0.0.2:9"))


def test_a_server_that_is_not_there_is_tried_later() -> None:
    with GraphApi() as api:
        gone = api.base_url

    with pytest.raises(TryLater, match="the connection broke") as told:
        CONNECTOR.check(access_to(gone))

    assert TOKEN not in str(told.value)
