"""The first agency of a server, made in the browser by whoever sees the terminal it was started in."""

import hmac

from fastapi import Response

from headrace.access import queries
from headrace.access import service as access
from headrace.console.signing_in import begin
from headrace.kit.sealing import keyed_digest
from headrace.kit.told import told
from headrace.pages.forms import SECRET, Field, Form
from headrace.pages.guards import CONSOLE, AnyoneVisit
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import SEE_OTHER, redirect, render
from headrace.pages.visits import Visit
from headrace.rest.errors import Invalid
from headrace.rest.session import AppSettings, DbSession
from headrace.settings import Settings

router = page_router()
_CODE_LENGTH = 40
_FORM = Form.of(
    (
        Field(
            "code",
            N_("Setup code"),
            required=True,
            description=N_("It stands in the terminal that the server was started in."),
        ),
        Field("title", N_("Name of your agency or company"), required=True),
        Field("username", N_("Username"), required=True, autocomplete="username"),
        Field(
            "password",
            N_("Password"),
            SECRET,
            required=True,
            description=N_("At least 8 characters."),
            autocomplete="new-password",
        ),
    )
)


def setup_code(settings: Settings) -> str:
    """Return the code that proves the terminal: as good as the server's key, and made from it."""
    return keyed_digest(settings.sealing_key(), "first agency")[:_CODE_LENGTH]


@router.get("/setup")
def show_setup(visit: AnyoneVisit, session: DbSession) -> Response:
    """Answer the form of the first agency; once there is one, the form to sign in with."""
    return redirect(visit, "/login") if queries.agencies(session) else _page(visit, _FORM)


@router.post("/setup")
def set_up(
    visit: AnyoneVisit,
    session: DbSession,
    settings: AppSettings,
    posted: PostedForm,
) -> Response:
    """Create the first agency and its chief, and sign them in."""
    queries.hold_agencies(session)
    if queries.agencies(session):
        return redirect(visit, "/login")
    typed = _FORM.typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal))):
        given = {name: str(value or "") for name, value in typed.values.items()}
        if not hmac.compare_digest(given["code"].encode(), setup_code(settings).encode()):
            raise Invalid("code", told("This is not the code that stands in the terminal."))
        user = access.create_agency(session, given["title"], given["username"], given["password"])
        session.flush()
    answer = Response(status_code=SEE_OTHER, headers={"Location": CONSOLE})
    return begin(answer, session, settings, user)


def _page(visit: Visit, form: Form) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(visit, "console/setup.html", status=status, form=form)
