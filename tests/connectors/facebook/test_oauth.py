"""A dialog's token becomes one that lasts, and is given back, against a Graph API over HTTP."""

from datetime import datetime, timedelta

import pytest

from connectors.facebook.asking import access_to
from fakes.graph_api import TOKEN, GraphApi, error_body
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.connectors.sources.facebook.oauth import extend_token
from headrace.kit import clock
from headrace.kit.outcomes import Reauthorize, Refused, TryLater

APP = {"app_id": "123", "app_secret": "s3cret"}
FRESH = {**APP, "access_token": "EAAshorttoken"}


def test_a_granted_token_becomes_one_that_lasts(api: GraphApi) -> None:
    api.require_proof("s3cret")
    api.grant(ads_read="granted", business_management="declined")

    grant = CONNECTOR.finish_grant(access_to(api, credentials=FRESH))

    assert grant.credentials["access_token"] == TOKEN
    ends = datetime.fromisoformat(grant.credentials["expires_at"])
    assert timedelta(days=59) < ends - clock.now() <= timedelta(days=60)
    assert grant.scopes == {"ads_read"}  # S62
    assert grant.subject == "10220001"
    exchange = api.calls[0].parameters
    assert exchange["fb_exchange_token"] == "EAAshorttoken"
    assert (exchange["client_id"], exchange["client_secret"]) == ("123", "s3cret")


def test_a_token_without_an_end_says_so(api: GraphApi) -> None:
    api.fail_next(200, {"access_token": "EAAforever"})

    assert extend_token(access_to(api, credentials=APP), TOKEN).expires_at() is None


@pytest.mark.parametrize(
    ("status", "content", "outcome"),
    [
        (400, error_body(190, "expired", 463), Reauthorize),
        (400, error_body(100, "This authorization code has been used."), Refused),
        (200, {"token_type": "bearer"}, Refused),
        (503, b"", TryLater),
    ],
)
def test_an_exchange_that_fails_says_why(
    api: GraphApi, status: int, content: object, outcome: type[Exception]
) -> None:
    api.fail_next(status, content)

    with pytest.raises(outcome) as told:
        CONNECTOR.finish_grant(access_to(api, credentials=FRESH))
    assert "s3cret" not in str(told.value)


def test_an_app_without_a_secret_cannot_exchange(api: GraphApi) -> None:
    with pytest.raises(Refused, match="no app_secret"):
        extend_token(access_to(api, credentials={"app_id": "123"}), TOKEN)
    assert api.calls == []


def test_revoking_takes_the_permissions_back(api: GraphApi) -> None:  # S64
    access = access_to(api)

    CONNECTOR.revoke(access)

    assert [(call.method, call.path) for call in api.calls] == [("DELETE", "me/permissions")]
    with pytest.raises(Reauthorize):
        CONNECTOR.check(access)


def test_a_platform_that_keeps_the_permissions_is_not_believed(api: GraphApi) -> None:
    api.fail_next(200, {"success": False})

    with pytest.raises(Refused, match="did not take"):
        CONNECTOR.revoke(access_to(api))
