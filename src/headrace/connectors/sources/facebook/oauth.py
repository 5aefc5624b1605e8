"""Meta's OAuth steps: the dialog's address, a code into a token, a token into one that lasts.

Meta has no refresh tokens: a short token (1-2 hours) is exchanged for a long one (about 60 days),
and a long one that still lives for a fresh one. After that the person has to come back.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3

from headrace.connectors.abilities import Renewal
from headrace.connectors.contract import Access
from headrace.connectors.sources.facebook.errors import classify, outcome
from headrace.connectors.sources.facebook.version import API_VERSION
from headrace.kit import clock
from headrace.kit.outbound import OutboundRefused
from headrace.kit.outcomes import Refused, TryLater


class TokenAnswer(msgspec.Struct):
    """What the token address answers; system users' tokens have no end."""

    access_token: str
    expires_in: int | None = None

    def expires_at(self) -> datetime | None:
        """When the token ends, counted from now; None if it does not."""
        return clock.now() + timedelta(seconds=self.expires_in) if self.expires_in else None


_RENEWED_BEFORE_END = timedelta(days=45)
"""A token lives for about 60 days, so it is made new about every two weeks."""

_NEVER = "never"
_TOKEN = msgspec.json.Decoder(TokenAnswer)


def dialog_url(authorize_url: str, app_id: str, redirect_uri: str, state: str, scope: str) -> str:
    """Return the address that a person's browser is sent to."""
    query = {"client_id": app_id, "redirect_uri": redirect_uri, "state": state, "scope": scope}
    return f"{authorize_url}?{urlencode(query)}"


def exchange_code(access: Access, code: str, redirect_uri: str) -> TokenAnswer:
    """Turn the code the dialog gave into a token that lasts.

    `access.credentials` holds `app_id` and `app_secret`; `redirect_uri` is the dialog's.

    Raises:
        Reauthorize, SlowDown, TryLater, Refused: as Meta's answer means.
    """
    short = _ask(access, {"redirect_uri": redirect_uri, "code": code})
    return extend_token(access, short.access_token)


def extend_token(access: Access, access_token: str) -> TokenAnswer:
    """Turn a token that still lives into a fresh one; raises as `exchange_code` does."""
    return _ask(access, {"grant_type": "fb_exchange_token", "fb_exchange_token": access_token})


def renewed(access: Access) -> Renewal | None:
    """Exchange the token for a fresh one, if it can be and is not fresh.

    It can be with the app's id and secret. What is known of its end is kept with the credentials as
    `expires_at`, an ISO moment; tokens of system users have no end, and stay.

    Raises:
        Reauthorize: if the token lives no more. SlowDown, TryLater, Refused: as Meta's answer means.
    """
    held = access.credentials
    if not (held.get("app_id") and held.get("app_secret") and held.get("access_token")):
        return None
    if held.get("expires_at") == _NEVER or _lives_on(held.get("expires_at")):
        return None
    fresh = extend_token(access, str(held["access_token"]))
    ends = fresh.expires_at()
    kept = {
        "access_token": fresh.access_token,
        "expires_at": _NEVER if ends is None else ends.isoformat(),
    }
    return Renewal({**held, **kept}, ends)


def _lives_on(expires_at: object) -> bool:
    try:
        return datetime.fromisoformat(str(expires_at)) - clock.now() > _RENEWED_BEFORE_END
    except (ValueError, TypeError):
        return False


def _ask(access: Access, parameters: Mapping[str, str]) -> TokenAnswer:
    app = {
        "client_id": _credential(access.credentials, "app_id"),
        "client_secret": _credential(access.credentials, "app_secret"),
    }
    url = f"{access.base_url.rstrip('/')}/{API_VERSION}/oauth/access_token"
    try:
        response = access.http.request("GET", url, query={**app, **parameters})
    except OutboundRefused as error:
        raise Refused(str(error)) from None
    except urllib3.exceptions.HTTPError as error:
        raise TryLater(f"Meta could not be reached ({type(error).__name__}).") from None
    verdict = classify(response.status, response.data, response.headers)
    if verdict:
        raise outcome(verdict)
    try:
        return _TOKEN.decode(response.data)
    except msgspec.DecodeError:
        raise Refused("Meta's answer to the code holds no token. Connect again.") from None


def _credential(credentials: Mapping[str, Any], name: str) -> str:
    value = str(credentials.get(name) or "")
    if not value:
        raise Refused(f"The connection holds no {name}; it is needed to get an access token.")
    return value
