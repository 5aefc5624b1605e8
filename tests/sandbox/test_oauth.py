"""The network's OAuth: consent, PKCE, rotation, and no way to be led elsewhere."""

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from fakes.ads_network import AdsNetwork, running_network
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.sandbox.tokens import CLIENT_ID, CLIENT_SECRET

HTTP = OutboundHttp(OutboundPolicy(frozenset({"127.0.0.1"})))
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
BACK = "http://127.0.0.1:8080/oauth/callback"
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": BACK,
    "state": "a&b=<c>",
    "scope": "ads.read",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
CLIENT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def network() -> Iterator[AdsNetwork]:
    with running_network() as running:
        yield running


def decide(network: AdsNetwork, decision: str) -> dict[str, str]:
    """Answer the consent page; give what the person is sent back with."""
    url = f"{network.base_url}/oauth/authorize"
    answer = HTTP.request("POST", url, form={**ASKED, "decision": decision})
    assert answer.status == 303
    location = answer.headers["location"]
    assert location.startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def token(network: AdsNetwork, **form: str) -> tuple[int, dict[str, object]]:
    answer = HTTP.request("POST", f"{network.base_url}/oauth/token", form=form)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, msgspec.json.decode(answer.data)


def exchange(network: AdsNetwork, code: str, **other: str) -> tuple[int, dict[str, object]]:
    form = {"code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **CLIENT, **other}
    return token(network, grant_type="authorization_code", **form)


def is_let_in(network: AdsNetwork, access_token: object) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return HTTP.request("GET", f"{network.base_url}/v1/accounts", headers=headers).status == 200


def test_consent_leads_to_tokens(network):
    back = decide(network, "allow")
    assert back["state"] == ASKED["state"]
    status, tokens = exchange(network, back["code"])
    assert status == 200
    assert is_let_in(network, tokens["access_token"])
    assert not is_let_in(network, tokens["refresh_token"])
    network.let_pass(3601)
    assert not is_let_in(network, tokens["access_token"])


def test_a_person_who_declines_is_sent_back_with_that(network):  # S61
    back = decide(network, "deny")
    assert back["error"] == "access_denied"
    assert back["state"] == ASKED["state"]
    assert "code" not in back


def test_a_code_is_good_once_for_a_minute_and_with_its_verifier(network):  # S58
    code = decide(network, "allow")["code"]
    assert exchange(network, code)[0] == 200
    assert exchange(network, code)[1]["error"] == "invalid_grant"
    for wrong in (
        {"code_verifier": "w" * 64},
        {"redirect_uri": "http://127.0.0.1:8080/other"},
        {"client_secret": "guess"},
    ):
        assert exchange(network, decide(network, "allow")["code"], **wrong)[0] == 400
    late = decide(network, "allow")["code"]
    network.let_pass(61)
    assert exchange(network, late)[1]["error"] == "invalid_grant"


def test_refresh_tokens_rotate(network):  # S63
    _, first = exchange(network, decide(network, "allow")["code"])
    status, second = token(
        network, grant_type="refresh_token", refresh_token=first["refresh_token"], **CLIENT
    )
    assert status == 200
    assert is_let_in(network, second["access_token"])
    assert second["refresh_token"] != first["refresh_token"]
    status, answer = token(
        network, grant_type="refresh_token", refresh_token=first["refresh_token"], **CLIENT
    )
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_revoked_token_is_worthless(network):  # S64
    _, tokens = token(network, grant_type="demo")
    assert is_let_in(network, tokens["access_token"])
    form = {"token": str(tokens["access_token"])}
    assert HTTP.request("POST", f"{network.base_url}/oauth/revoke", form=form).status == 200
    assert not is_let_in(network, tokens["access_token"])


@pytest.mark.parametrize(
    "form", [{}, {"grant_type": "password", **CLIENT}, {"grant_type": "demo2"}]
)
def test_other_grants_are_refused(network, form):
    assert token(network, **form)[0] == 400


def test_the_consent_page_shows_nothing_it_was_given_and_cannot_be_framed(network):  # S44 S53
    url = f"{network.base_url}/oauth/authorize"
    answer = HTTP.request("GET", url, query={**ASKED, "state": '"><script>alert(1)</script>'})
    assert answer.status == 200
    assert b"<script" not in answer.data
    assert b'name="state" value="&quot;&gt;' in answer.data
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "http://evil.example\\@127.0.0.1/"},
        {"redirect_uri": "http://127.0.0.1\\.evil.example/"},
        {"redirect_uri": "/relative"},
        {"redirect_uri": BACK + "#fragment"},
        {"redirect_uri": "http://[broken/"},
        {"client_id": "someone"},
        {"response_type": "token"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"scope": "ads.write"},
    ],
)
def test_a_wrong_request_is_told_on_the_spot_and_never_redirected(network, wrong):
    url = f"{network.base_url}/oauth/authorize"
    for method, sent in (("GET", {"query": {**ASKED, **wrong}}),
                         ("POST", {"form": {**ASKED, **wrong, "decision": "allow"}})):  # fmt: skip
        answer = HTTP.request(method, url, **sent)
        assert answer.status == 400
        assert "location" not in answer.headers


def test_a_form_too_long_is_refused(network):  # S89
    answer = HTTP.request(
        "POST", f"{network.base_url}/oauth/token", form={"grant_type": "demo" * 10_000}
    )
    assert answer.status == 413
