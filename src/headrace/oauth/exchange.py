"""From a code to credentials worth keeping: the token endpoint, the connector's last step, scopes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import urllib3

from headrace.connectors.abilities import FinishesGrants, Grant
from headrace.connectors.contract import Access, Connector
from headrace.kit import clock
from headrace.kit.outbound import OutboundRefused
from headrace.kit.outcomes import OutsideError, SlowDown, TryLater
from headrace.kit.told import told
from headrace.oauth import protocol
from headrace.oauth.problems import ProblemCode

_MOST_BODY_BYTES = 65_536


class ExchangeFailed(Exception):
    """There are no credentials. code: which of `problems` it is; the message is for developers."""

    def __init__(self, code: ProblemCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class CodeInHand:
    """A code that came back, and all that its exchange takes."""

    client_id: str
    client_secret: str = field(repr=False)
    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


def exchanged(connector: Connector, access: Access, held: CodeInHand) -> Grant:
    """Exchange a code for credentials, whole, as the connection will keep them.

    access: how to reach the platform; without credentials.

    Raises:
        ExchangeFailed: if there are none, or with fewer permissions than are needed (S62).
    """
    try:
        grant = _granted(connector, access, held)
    except (SlowDown, TryLater) as error:
        raise ExchangeFailed(ProblemCode.PROVIDER_UNREACHABLE, str(error)) from None
    except OutsideError as error:
        raise ExchangeFailed(ProblemCode.CODE_REFUSED, str(error)) from None
    form = connector.spec.auth
    needed = form.scopes if form.needed_scopes is None else form.needed_scopes
    missing = sorted(set(needed) - grant.scopes) if grant.scopes is not None else []
    if missing:
        raise ExchangeFailed(
            ProblemCode.SCOPE_MISSING, f"Permissions not granted: {', '.join(missing)}."
        )
    return grant


def _granted(connector: Connector, access: Access, held: CodeInHand) -> Grant:
    form = connector.spec.auth
    tokens = _tokens(access, connector, held)
    id_name, secret_name = form.client_fields
    credentials: dict[str, Any] = {
        "access_token": tokens.access_token,
        id_name: held.client_id,
        secret_name: held.client_secret,
    }
    if tokens.refresh_token:
        credentials["refresh_token"] = tokens.refresh_token
    if tokens.expires_in is not None:
        ends = clock.now() + timedelta(seconds=tokens.expires_in)
        credentials["expires_at"] = ends.isoformat()
    grant = Grant(credentials, tokens.scopes)
    if isinstance(connector, FinishesGrants):
        finished = connector.finish_grant(replace(access, credentials=credentials))
        scopes = grant.scopes if finished.scopes is None else finished.scopes
        grant = replace(finished, scopes=scopes)
    return grant


def _tokens(access: Access, connector: Connector, held: CodeInHand) -> protocol.Tokens:
    form = connector.spec.auth
    asked = protocol.token_form(
        client_id=held.client_id,
        client_secret=held.client_secret,
        code=held.code,
        redirect_uri=held.redirect_uri,
        verifier=held.verifier,
    )
    url = address(form.token_url, access.base_url)
    status, body = _sent(access, url, asked, by_get=form.token_by_get)
    if status >= 500 or status == 429:
        raise TryLater(
            told(
                "{title} answered with status {status}.", title=connector.spec.title, status=status
            )
        )
    try:
        return protocol.tokens_of(body)
    except protocol.TokensRefused as error:
        said = _without(str(error), held)
        raise ExchangeFailed(
            ProblemCode.CODE_REFUSED, f"{connector.spec.title} gave no token: {said}"
        ) from None


def address(url: str, base_url: str) -> str:
    """Return an address of a connector's form, whole."""
    return f"{base_url.rstrip('/')}{url}" if url.startswith("/") else url


def _sent(access: Access, url: str, asked: Mapping[str, str], *, by_get: bool) -> tuple[int, str]:
    """Ask the token endpoint; errors of the transport name the address, so they are replaced."""
    headers = {"Accept": "application/json"}
    try:
        if by_get:
            response = access.http.request("GET", url, query=asked, headers=headers, stream=True)
        else:
            response = access.http.request("POST", url, form=asked, headers=headers, stream=True)
        body = response.read(_MOST_BODY_BYTES, decode_content=True)
        response.release_conn()
    except OutboundRefused as error:
        raise ExchangeFailed(ProblemCode.CODE_REFUSED, str(error)) from None
    except urllib3.exceptions.HTTPError as error:
        raise TryLater(
            told("The platform could not be reached ({kind}).", kind=type(error).__name__)
        ) from None
    return response.status, body.decode(errors="replace")


def _without(text: str, held: CodeInHand) -> str:
    """A platform's words without the secrets that were sent to it."""
    for secret in (held.client_secret, held.code, held.verifier):
        text = text.replace(secret, "***")
    return text
