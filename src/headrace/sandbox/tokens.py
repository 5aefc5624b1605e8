"""The network's OAuth 2: codes, access tokens and rotating refresh tokens, sealed, not stored.

Only what must not be used twice is remembered, in this process: used codes, refresh tokens that
were exchanged, revoked tokens.
"""

import base64
import hashlib
import secrets
import threading
from collections import OrderedDict

import msgspec

from headrace.kit import clock
from headrace.sandbox.sealed import BadSeal, opened, sealed

CLIENT_ID = "headrace-demo"
CLIENT_SECRET = "demo-client-secret-known-to-everyone"  # noqa: S105 - public by design
SCOPE = "ads.read"
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 90 * 86_400
CODE_SECONDS = 60
_MOST_REMEMBERED = 10_000


class OAuthError(Exception):
    """A token request is refused; `code` is one of RFC 6749 section 5.2."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


class Grant(msgspec.Struct):
    """What a code or token stands for. `nonce` tells two of the same second apart."""

    expires_at: int
    nonce: str
    redirect_uri: str = ""
    challenge: str = ""


class TokenAnswer(msgspec.Struct):
    """The answer of the token endpoint (RFC 6749 section 5.1)."""

    access_token: str
    refresh_token: str | None
    expires_in: int = ACCESS_SECONDS
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    scope: str = SCOPE


class TokenOffice:
    """Issues and judges codes and tokens; safe to share between threads."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def code(self, redirect_uri: str, challenge: str) -> str:
        """Issue an authorization code, good once for a minute."""
        return sealed("code", _grant(CODE_SECONDS, redirect_uri, challenge))

    def redeem_code(self, code: str, redirect_uri: str, verifier: str) -> TokenAnswer:
        """Exchange a code (RFC 6749 section 4.1.3, PKCE as RFC 7636 with S256).

        Raises:
            OAuthError: if the code, the redirect address or the verifier is not the right one.
        """
        grant = self._spend("code", code)
        digest = hashlib.sha256(verifier.encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant.challenge:
            raise OAuthError("invalid_grant", "The code_verifier does not fit the code.")
        if redirect_uri != grant.redirect_uri:
            raise OAuthError("invalid_grant", "The redirect_uri is not the one of the request.")
        return _tokens(with_refresh=True)

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """Exchange a refresh token; it is worthless afterwards.

        Raises:
            OAuthError: if it is not good, or was exchanged before.
        """
        self._spend("refresh", refresh_token)
        return _tokens(with_refresh=True)

    def demo(self) -> TokenAnswer:
        """Issue a token to anyone: the network's data is invented."""
        return _tokens(with_refresh=False)

    def revoke(self, token: str) -> None:
        """Make a token worthless; an unknown one already is (RFC 7009 section 2.2)."""
        with self._lock:
            self._remember(token)

    def is_good(self, access_token: str) -> bool:
        """Whether an access token opens the network now."""
        try:
            grant = opened("access", access_token, Grant)
        except BadSeal:
            return False
        return _is_current(grant) and access_token not in self._spent

    def _spend(self, purpose: str, text: str) -> Grant:
        try:
            grant = opened(purpose, text, Grant)
        except BadSeal as error:
            raise OAuthError("invalid_grant", f"This {purpose} is not one of ours.") from error
        with self._lock:
            if text in self._spent:
                raise OAuthError("invalid_grant", f"This {purpose} was used before.")
            self._remember(text)
        if not _is_current(grant):
            raise OAuthError("invalid_grant", f"This {purpose} has expired.")
        return grant

    def _remember(self, text: str) -> None:
        self._spent[text] = None
        while len(self._spent) > _MOST_REMEMBERED:
            self._spent.popitem(last=False)


def _grant(seconds: int, redirect_uri: str = "", challenge: str = "") -> Grant:
    expires_at = int(clock.now().timestamp()) + seconds
    return Grant(expires_at, secrets.token_urlsafe(9), redirect_uri, challenge)


def _is_current(grant: Grant) -> bool:
    return clock.now().timestamp() < grant.expires_at


def _tokens(*, with_refresh: bool) -> TokenAnswer:
    refresh = sealed("refresh", _grant(REFRESH_SECONDS)) if with_refresh else None
    return TokenAnswer(sealed("access", _grant(ACCESS_SECONDS)), refresh)
