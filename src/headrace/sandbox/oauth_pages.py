"""The pages and endpoints of OAuth 2: consent, token, revocation.

    GET  /oauth/authorize?response_type=code&client_id&redirect_uri&state&scope
                          &code_challenge&code_challenge_method=S256     a page to allow or deny
    POST /oauth/authorize the page's answer -> 303 to redirect_uri?code&state, or ?error&state
    POST /oauth/token     grant_type=authorization_code (code, redirect_uri, code_verifier),
                          refresh_token (refresh_token), or demo (nothing: anyone may look)
    POST /oauth/revoke    token

The client is `headrace-demo`; its secret is public. Redirects lead only to the host that serves
the page, or to the same machine.
"""

import re
from html import escape
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from headrace.sandbox.answers import Problem, json_answer
from headrace.sandbox.forms import form_of
from headrace.sandbox.tokens import CLIENT_ID, CLIENT_SECRET, SCOPE, OAuthError, TokenOffice

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+", re.ASCII)
_KEPT = ("client_id", "redirect_uri", "state", "scope", "code_challenge", "response_type")
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def oauth_routes(office: TokenOffice) -> list[Route]:
    """Return the routes of OAuth over an office of tokens."""
    pages = _OAuthPages(office)
    return [
        Route("/oauth/authorize", pages.ask, methods=["GET"]),
        Route("/oauth/authorize", pages.answer, methods=["POST"]),
        Route("/oauth/token", pages.token, methods=["POST"]),
        Route("/oauth/revoke", pages.revoke, methods=["POST"]),
    ]


class _OAuthPages:
    def __init__(self, office: TokenOffice) -> None:
        self._office = office

    def ask(self, request: Request) -> Response:
        """Show the consent page."""
        asked = dict(request.query_params)
        _require_good_request(request, asked)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">'
            for name in _KEPT
        )
        return HTMLResponse(_PAGE.format(hidden=hidden), headers=_PAGE_HEADERS)

    async def answer(self, request: Request) -> Response:
        """Send the person back with a code, or with their refusal."""
        asked = await form_of(request)
        _require_good_request(request, asked)
        back = {"state": asked["state"]} if asked.get("state") else {}
        if asked.get("decision") == "allow":
            back["code"] = self._office.code(asked["redirect_uri"], asked["code_challenge"])
        else:
            back |= {"error": "access_denied", "error_description": "The person declined."}
        target = asked["redirect_uri"]
        separator = "&" if urlsplit(target).query else "?"
        return RedirectResponse(
            f"{target}{separator}{urlencode(back)}", 303, headers={"Referrer-Policy": "no-referrer"}
        )

    async def token(self, request: Request) -> Response:
        """Issue tokens."""
        form = await form_of(request)
        try:
            answer = json_answer(self._issue(form))
        except OAuthError as error:
            answer = json_answer({"error": error.code, "error_description": str(error)}, 400)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def revoke(self, request: Request) -> Response:
        """Take a token back."""
        form = await form_of(request)
        self._office.revoke(form.get("token", ""))
        return json_answer({})

    def _issue(self, form: dict[str, str]) -> object:
        kind = form.get("grant_type", "")
        if kind == "demo":
            return self._office.demo()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise OAuthError("invalid_client", "The client is not known, or its secret is wrong.")
        if kind == "authorization_code":
            return self._office.redeem_code(
                form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
            )
        if kind == "refresh_token":
            return self._office.refresh(form.get("refresh_token", ""))
        raise OAuthError("unsupported_grant_type", "This kind of grant is not offered.")


def _require_good_request(request: Request, asked: dict[str, str]) -> None:
    """Refuse on the spot what must not be answered by a redirect (RFC 6749 section 4.1.2.1)."""
    if asked.get("client_id") != CLIENT_ID:
        raise Problem(400, "invalid_client", "This client is not known.")
    if not _leads_home(asked.get("redirect_uri", ""), request.headers.get("host", "")):
        raise Problem(400, "invalid_redirect_uri", "This redirect_uri is not registered.")
    if asked.get("response_type") != "code":
        raise Problem(400, "unsupported_response_type", "response_type must be code.")
    method = asked.get("code_challenge_method", "S256")
    if not asked.get("code_challenge") or method != "S256":
        raise Problem(400, "invalid_request", "A code_challenge by S256 is required.")
    if asked.get("scope") not in {None, "", SCOPE}:
        raise Problem(400, "invalid_scope", f"The one scope is {SCOPE}.")


def _leads_home(redirect_uri: str, own_host: str) -> bool:
    """Whether an address leads to the host that serves the page, or to the same machine."""
    try:
        target = urlsplit(redirect_uri)
    except ValueError:
        return False
    # Browsers and `urlsplit` disagree about what a backslash or a user name makes of a host.
    is_plain = _PLAIN_HOST.fullmatch(target.netloc) and "\\" not in redirect_uri
    if target.scheme not in {"http", "https"} or target.fragment or not is_plain:
        return False
    return target.hostname in _LOOPBACK or target.netloc == own_host


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Demo Ads: allow access</title></head>
<body><main>
<h1>Demo Ads</h1>
<p>An application asks to read your advertising accounts. All of them are invented.</p>
<form method="post">{hidden}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form></main></body></html>
"""
