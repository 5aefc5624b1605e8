"""A dialog's code becomes a token that lasts, against a Graph API over HTTP."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.facebook.asking import access_to
from fakes.graph_api import TOKEN, GraphApi, error_body
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.connectors.sources.facebook.oauth import dialog_url, exchange_code, extend_token
from headrace.kit import clock
from headrace.kit.outcomes import Reauthorize, Refused, TryLater

APP = {"app_id": "123", "app_secret": "s3cret"}
REDIRECT = "https://headrace.example/oauth/callback?a=b"


def test_the_dialog_is_asked_for_the_scopes_of_the_spec() -> None:
    auth = CONNECTOR.spec.auth

    url = urlsplit(dialog_url(auth.authorize_url, "123", REDIRECT, "st&te", ",".join(auth.scopes)))

    assert (url.scheme, url.netloc, url.path) == (
        "https",
        "www.facebook.com",
        "/v26.0/dialog/oauth",
    )
    assert parse_qs(url.query) == {
        "client_id": ["123"],
        "redirect_uri": [REDIRECT],
        "state": ["st&te"],
        "scope": ["ads_read,business_management"],
    }


def test_a_code_becomes_a_long_token(api: GraphApi) -> None:
    answer = exchange_code(access_to(api, credentials=APP), "c0de", REDIRECT)

    assert answer.access_token == TOKEN
    ends = answer.expires_at()
    assert ends is not None
    assert timedelta(days=59) < ends - clock.now() <= timedelta(days=60)
    first, second = (call.parameters for call in api.calls)
    assert (first["code"], first["redirect_uri"]) == ("c0de", REDIRECT)
    assert second["fb_exchange_token"] == "EAAshorttoken"
    assert first["client_secret"] == second["client_secret"] == "s3cret"


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
        exchange_code(access_to(api, credentials=APP), "c0de", REDIRECT)
    assert "s3cret" not in str(told.value)


def test_an_app_without_a_secret_cannot_exchange(api: GraphApi) -> None:
    with pytest.raises(Refused, match="no app_secret"):
        exchange_code(access_to(api, credentials={"app_id": "123"}), "c0de", REDIRECT)
    assert api.calls == []
