"""What Meta's OAuth needs beyond the standard: tokens that last, what was granted, taking it back.

Meta has no refresh tokens: a short token (1-2 hours) is exchanged for a long one (about 60 days),
and a long one that still lives for a fresh one. After that the person has to come back.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import urllib3

from headrace.connectors.abilities import Grant, Renewal
from headrace.connectors.contract import Access
from headrace.connectors.sources.facebook.calls import Graph, plain_outcomes
from headrace.connectors.sources.facebook.errors import classify, outcome
from headrace.connectors.sources.facebook.version import API_VERSION
from headrace.kit import clock
from headrace.kit.outbound import OutboundRefused
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told, told_by


class TokenAnswer(msgspec.Struct):
    """What the token address answers; system users' tokens have no end."""

    access_token: str
    expires_in: int | None = None

    def expires_at(self) -> datetime | None:
        """When the token ends, counted from now; None if it does not."""
        return clock.now() + timedelta(seconds=self.expires_in) if self.expires_in else None


class PermissionRow(msgspec.Struct):
    """One permission the person was asked for; status: granted, declined or expired."""

    permission: str
    status: str


class PermissionsAnswer(msgspec.Struct):
    """What `me/permissions` answers."""

    data: list[PermissionRow]


class PersonAnswer(msgspec.Struct):
    """What `me` answers: the person's id within the app."""

    id: int | str


class RevokedAnswer(msgspec.Struct):
    """What deleting the permissions answers."""

    success: bool = False


_RENEWED_BEFORE_END = timedelta(days=45)
"""A token lives for about 60 days, so it is made new about every two weeks."""

_NEVER = "never"
_TOKEN = msgspec.json.Decoder(TokenAnswer)
_PERMISSIONS = msgspec.json.Decoder(PermissionsAnswer)
_PERSON = msgspec.json.Decoder(PersonAnswer)
_REVOKED = msgspec.json.Decoder(RevokedAnswer)


def extend_token(access: Access, access_token: str) -> TokenAnswer:
    """Turn a token that still lives into a fresh one that lasts.

    `access.credentials` holds `app_id` and `app_secret`.

    Raises:
        Reauthorize, SlowDown, TryLater, Refused: as Meta's answer means.
    """
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
    return Renewal({**held, **_kept(fresh, ends)}, ends)


def _kept(fresh: TokenAnswer, ends: datetime | None) -> dict[str, str]:
    return {
        "access_token": fresh.access_token,
        "expires_at": _NEVER if ends is None else ends.isoformat(),
    }


def finish_grant(access: Access) -> Grant:
    """Exchange the token a code gave (1-2 hours) for one that lasts, and ask what was granted.

    A person may untick single permissions in the dialog; Meta tells so only when asked. One person
    has one grant per app, whichever of our connections it was made for: hence the `subject`.

    Raises:
        Reauthorize, SlowDown, TryLater, Refused: as Meta's answer means.
    """
    fresh = extend_token(access, str(access.credentials["access_token"]))
    kept = _kept(fresh, fresh.expires_at())
    lasting = replace(access, credentials={**access.credentials, **kept})
    with plain_outcomes():
        graph = Graph(lasting)
        asked = graph.get("me/permissions", {}, _PERMISSIONS)
        person = graph.get("me", {"fields": "id"}, _PERSON)
    granted = frozenset(row.permission for row in asked.data if row.status == "granted")
    return Grant(lasting.credentials, granted, str(person.id))


def revoke(access: Access) -> None:
    """Take back all that the person granted the app: `DELETE /me/permissions`, as Meta documents.

    Raises:
        Reauthorize: if the token is worthless already. SlowDown, TryLater, Refused: as Meta answers.
    """
    with plain_outcomes():
        answer = Graph(access).delete("me/permissions", _REVOKED)
    if not answer.success:
        raise Refused(told("Meta did not take the permissions back."))


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
        raise Refused(told_by(error)) from None
    except urllib3.exceptions.HTTPError as error:
        raise TryLater(
            told("Meta could not be reached ({kind}).", kind=type(error).__name__)
        ) from None
    verdict = classify(response.status, response.data, response.headers)
    if verdict:
        raise outcome(verdict)
    try:
        return _TOKEN.decode(response.data)
    except msgspec.DecodeError:
        raise Refused(told("Meta's answer to the code holds no token. Connect again.")) from None


def _credential(credentials: Mapping[str, Any], name: str) -> str:
    value = str(credentials.get(name) or "")
    if not value:
        raise Refused(
            told("The connection holds no {name}; it is needed to get an access token.", name=name)
        )
    return value
