"""Credentials of Demo Ads: short-lived, renewed by refresh tokens that rotate, given back at the end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
import urllib3

from headrace.connectors.abilities import Renewal
from headrace.connectors.contract import Access
from headrace.kit import clock
from headrace.kit.outbound import OutboundRefused
from headrace.kit.outcomes import Reauthorize, Refused, TryLater
from headrace.kit.told import told, told_by

CLIENT_ID = "headrace-demo"
CLIENT_SECRET = "demo-client-secret-known-to-everyone"  # noqa: S105 - public by design
_RENEWED_BEFORE_END = timedelta(minutes=10)
_MOST_BODY_BYTES = 65_536


class RefreshedTokens(msgspec.Struct):
    """What the token endpoint gives for a refresh token (RFC 6749 section 6)."""

    access_token: str
    refresh_token: str | None = None
    expires_in: int | None = None


class TokenRefusal(msgspec.Struct):
    """Why it gives none (RFC 6749 section 5.2)."""

    error: str = ""
    error_description: str = ""


_TOKENS = msgspec.json.Decoder(RefreshedTokens)
_REFUSAL = msgspec.json.Decoder(TokenRefusal)


def renewed(access: Access) -> Renewal | None:
    """Exchange the refresh token, if there is one and the access token ends soon.

    Raises:
        Reauthorize: if the refresh token is worthless: someone else exchanged it, or it is too old.
        TryLater, Refused: if the network could not be asked.
    """
    credentials = access.credentials
    refresh_token = str(credentials.get("refresh_token") or "")
    if not refresh_token or _lives_on(credentials):
        return None
    status, body = _asked(access, refresh_token)
    if status >= 500:
        raise TryLater(told("Demo Ads renews no credentials now (status {status}).", status=status))
    if status != 200:
        raise _refused(body)
    try:
        tokens = _TOKENS.decode(body)
    except msgspec.DecodeError:
        raise TryLater(told("Demo Ads' answer holds no token.")) from None
    ends = None if tokens.expires_in is None else clock.now() + timedelta(seconds=tokens.expires_in)
    kept = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or refresh_token,
        "expires_at": None if ends is None else ends.isoformat(),
    }
    return Renewal({**credentials, **kept}, ends)


def _lives_on(credentials: Mapping[str, Any]) -> bool:
    """Whether the access token is known to live for a while."""
    try:
        ends = datetime.fromisoformat(str(credentials.get("expires_at") or ""))
        return bool(credentials.get("access_token")) and ends - clock.now() > _RENEWED_BEFORE_END
    except (ValueError, TypeError):
        return False


def revoke(access: Access) -> None:
    """Give the tokens back to the network (RFC 7009): each alone, since each is good alone.

    Raises:
        TryLater, Refused: if the network could not be asked, or kept one.
    """
    for name in ("refresh_token", "access_token"):
        token = str(access.credentials.get(name) or "")
        if not token:
            continue
        status, _ = _posted(access, "/oauth/revoke", {"token": token, **_client(access)})
        if status != 200:
            raise TryLater(
                told("Demo Ads did not take a token back (status {status}).", status=status)
            )


def _asked(access: Access, refresh_token: str) -> tuple[int, bytes]:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _posted(access, "/oauth/token", {**form, **_client(access)})


def _client(access: Access) -> dict[str, str]:
    return {
        "client_id": str(access.credentials.get("client_id") or CLIENT_ID),
        "client_secret": str(access.credentials.get("client_secret") or CLIENT_SECRET),
    }


def _posted(access: Access, path: str, form: Mapping[str, str]) -> tuple[int, bytes]:
    url = f"{access.base_url.rstrip('/')}{path}"
    try:
        response = access.http.request("POST", url, form=form, stream=True)
        body = response.read(_MOST_BODY_BYTES, decode_content=True)
        response.release_conn()
    except OutboundRefused as error:
        raise Refused(told_by(error)) from None
    except urllib3.exceptions.HTTPError as error:
        raise TryLater(
            told("Demo Ads could not be reached ({kind}).", kind=type(error).__name__)
        ) from None
    return response.status, body


def _refused(body: bytes) -> Exception:
    try:
        said = _REFUSAL.decode(body)
    except msgspec.DecodeError:
        said = TokenRefusal()
    reason = said.error_description or said.error or told("no reason given")
    if said.error == "invalid_grant":
        return Reauthorize(
            told("Demo Ads renews the authorization no more: {reason} Reconnect it.", reason=reason)
        )
    return Refused(told("Demo Ads does not renew the credentials: {reason}", reason=reason))
