"""The words of OAuth 2 with PKCE, by oauthlib: pure; no network, no database."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from headrace.connectors.contract import AuthForm

_VERIFIER_LENGTH = 64
# oauthlib writes no request to an address without TLS, which a sandbox on this machine is; only the
# query is taken from what it writes.
_ANYWHERE = "https://platform.invalid/"
_LONGEST_MESSAGE = 300


class TokensRefused(Exception):
    """The platform gave no tokens for a code; the message says why, in its words."""


@dataclass(frozen=True)
class Tokens:
    """What a token endpoint gave. scopes: None where it does not say: those that were asked for."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: float | None
    scopes: frozenset[str] | None


def new_verifier() -> str:
    """Return a PKCE verifier (RFC 7636)."""
    verifier: str = WebApplicationClient("").create_code_verifier(_VERIFIER_LENGTH)
    return verifier


def authorize_url(
    address: str, form: AuthForm, *, client_id: str, redirect_uri: str, state: str, verifier: str
) -> str:
    """Return where to send the person's browser (RFC 6749 section 4.1.1, PKCE with S256).

    Platforms that do not know PKCE ignore its parameters (RFC 6749 section 3.1).
    """
    client = WebApplicationClient(client_id)
    written = client.prepare_request_uri(
        _ANYWHERE,
        redirect_uri=redirect_uri,
        scope=list(form.scopes) or None,
        state=state,
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
        **form.authorize_extra,
    )
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlsplit(written).query}"


def token_form(
    *, client_id: str, client_secret: str, code: str, redirect_uri: str, verifier: str
) -> dict[str, str]:
    """Return the parameters that exchange a code (RFC 6749 section 4.1.3)."""
    client = WebApplicationClient(client_id)
    body = client.prepare_request_body(
        code=code, redirect_uri=redirect_uri, code_verifier=verifier, client_secret=client_secret
    )
    return dict(parse_qsl(body))


def tokens_of(body: str) -> Tokens:
    """Read the token endpoint's answer.

    Raises:
        TokensRefused: if there is no token in it.
    """
    try:
        told = WebApplicationClient("").parse_request_body_response(body)
    except OAuth2Error as error:
        raise TokensRefused(_words_of(error)) from None
    except (ValueError, TypeError, AttributeError):
        raise TokensRefused("the answer could not be read") from None
    # oauthlib fills in a scope that the platform did not name; an empty one is none named.
    if not told.get("access_token"):
        raise TokensRefused("the answer holds no token")
    scopes = told.get("scope")
    if isinstance(scopes, str):
        scopes = scopes.replace(",", " ").split()
    try:
        return Tokens(
            str(told["access_token"]),
            str(told.get("refresh_token") or ""),
            float(told["expires_in"]) if told.get("expires_in") else None,
            frozenset(str(item) for item in scopes) if scopes else None,
        )
    except (ValueError, TypeError):
        raise TokensRefused("the answer could not be read") from None


def _words_of(error: OAuth2Error) -> str:
    """The platform's reason; some, such as Meta, put an object where the standard has a word."""
    said = error.error
    if isinstance(said, dict):
        said = said.get("message") or said.get("code")
    return plain(str(error.description or said or "no reason given"))


def plain(text: str) -> str:
    """Return a platform's words fit to be stored and shown: one line, of bounded length."""
    return " ".join(part for part in text.split() if part.isprintable())[:_LONGEST_MESSAGE]
