"""Signing in and out of the console: a form, and the cookie of a browser session."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from headrace.access import service as access
from headrace.access import session_cookie
from headrace.access.authentication import COOKIE_NAME, AccessKit, verified_user
from headrace.access.errors import BadPassword
from headrace.access.models import User
from headrace.access.own_pages import insist_on_own_page
from headrace.access.sign_in import Pair, Verified, insist
from headrace.pages.forms import SECRET, Field, Form
from headrace.pages.guards import CONSOLE, AnyoneVisit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import Posted, posted
from headrace.pages.refusals import Refusal
from headrace.pages.rendering import SEE_OTHER, redirect, render
from headrace.pages.said import say
from headrace.pages.visits import Visit
from headrace.rest.session import AppSettings, DbSession
from headrace.settings import Settings

say(signed_out=N_("You are signed out."))
router = page_router()
_FORM = Form.of(
    (
        Field("username", N_("Username"), required=True, autocomplete="username"),
        Field("password", N_("Password"), SECRET, required=True, autocomplete="current-password"),
    )
)


async def posted_pair(request: Request) -> tuple[Posted, Verified]:
    """Verify the pair that a form brings, before the request takes a turn at the database."""
    form = await posted(request)
    kit: AccessKit = request.app.state.access
    insist_on_own_page(request, kit.public_origin)
    pair = Pair(form.text("username"), form.raw("password"))
    return form, await kit.sign_ins.outcome(request, pair)


SignedIn = Annotated[tuple[Posted, Verified], Depends(posted_pair)]


@router.get("/login")
def show_sign_in(visit: AnyoneVisit) -> Response:
    """Answer the form to sign in with."""
    return _page(visit, _FORM)


@router.post("/login")
def sign_in(
    given: SignedIn,
    visit: AnyoneVisit,
    session: DbSession,
    settings: AppSettings,
    request: Request,
) -> Response:
    """Start a browser session, and go where the visitor wanted to."""
    form, outcome = given
    kit: AccessKit = request.app.state.access

    def again(refusal: Refusal) -> Response:
        return _page(visit, _FORM.typed(form).refused(refusal))

    with shown_again(again):
        try:
            user = verified_user(session, kit, insist(outcome), is_held=True)
        except BadPassword as error:
            # To the API it is 401; to a form it is something to put right.
            return again(Refusal(400, error.message))
    answer = Response(status_code=SEE_OTHER, headers={"Location": _wanted(visit)})
    return begin(answer, session, settings, user)


@router.post("/logout")
def sign_out(visit: AnyoneVisit, session: DbSession, request: Request) -> Response:
    """End the browser session."""
    access.end_session(session, request.cookies.get(COOKIE_NAME, ""))
    answer = redirect(visit, "/login", said="signed_out")
    session_cookie.take_back(answer)
    return answer


def begin(answer: Response, session: DbSession, settings: Settings, user: User) -> Response:
    """Give an answer the cookie of a new session of a user."""
    minted = access.start_session(session, user.id)
    session_cookie.give(answer, minted.secret, settings.public_address)
    return answer


def _wanted(visit: Visit) -> str:
    """Where to go on: a page of this server, never somebody else's (S54)."""
    asked = dict(visit.query).get("next", "")
    parts = urlsplit(asked)
    is_ours = asked.startswith("/") and not asked.startswith(("//", "/\\"))
    return asked if is_ours and not parts.scheme and not parts.netloc else CONSOLE


def _page(visit: Visit, form: Form) -> Response:
    return render(
        visit,
        "console/sign_in.html",
        status=form.refusal.status if form.refusal else 200,
        form=form,
        next=dict(visit.query).get("next"),
    )
