"""Pages of the console about the agency's users."""

from typing import Annotated

from fastapi import Response

from headrace.access import service as access
from headrace.access.permissions import Permission
from headrace.kit.told import told
from headrace.members import queries, service
from headrace.members.schemas import UserIn, UserPatch
from headrace.pages.forms import SECRET, Field, Form
from headrace.pages.guards import console_visit
from headrace.pages.languages import N_
from headrace.pages.listing import listed
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.posted import PostedForm
from headrace.pages.rendering import SEE_OTHER, redirect, render
from headrace.pages.said import say
from headrace.pages.visits import ConsoleVisit
from headrace.rest.errors import Invalid
from headrace.rest.ids import Id
from headrace.rest.session import DbSession

say(
    kept_out=N_("They are kept out: sessions, tokens and iframes of theirs have ended."),
    let_in=N_("They may sign in again."),
    password_changed=N_("Your password is changed; sign in with the new one."),
)
router = page_router()
Manager = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_ROLES)]
Anyone = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_VIEW)]
_FORM = Form.of(
    (
        Field("username", N_("Username"), required=True, description=N_("Usually a mail address.")),
        Field("name", N_("Name")),
    )
)
_PASSWORDS = Form.of(
    (
        Field("password", N_("New password"), SECRET, required=True, autocomplete="new-password"),
        Field("again", N_("Once more"), SECRET, required=True, autocomplete="new-password"),
    )
)


@router.get("/users")
def show_users(visit: Manager, session: DbSession) -> Response:
    """Answer the users of the agency."""
    found = listed(session, visit, queries.user_rows(visit.scope))
    return render(visit, "console/users.html", list=found)


@router.get("/users/new")
def show_form(visit: Manager) -> Response:
    """Answer the form of a new user."""
    return _page(visit, _FORM)


@router.post("/users/new")
def create(visit: Manager, session: DbSession, posted: PostedForm) -> Response:
    """Create a user; the answer shows the password that was made, this once."""
    typed = _FORM.typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal))):
        body = UserIn.model_validate(typed.body())
        user, password = service.create_user(session, visit.scope, body)
    return render(visit, "console/user_made.html", user=user, password=password)


@router.post("/users/{user_id}/deactivate")
def keep_out(user_id: Id, visit: Manager, session: DbSession) -> Response:
    """Keep a user out."""
    service.update_user(session, visit.scope, user_id, UserPatch(is_active=False))
    return redirect(visit, "/users", said="kept_out")


@router.post("/users/{user_id}/activate")
def let_in(user_id: Id, visit: Manager, session: DbSession) -> Response:
    """Let a user in again."""
    service.update_user(session, visit.scope, user_id, UserPatch(is_active=True))
    return redirect(visit, "/users", said="let_in")


@router.get("/password")
def show_passwords(visit: Anyone) -> Response:
    """Answer the form of a new password of one's own."""
    return _password_page(visit, _PASSWORDS)


@router.post("/password")
def change_password(visit: Anyone, session: DbSession, posted: PostedForm) -> Response:
    """Change one's own password; all that was made with the old one ends (S37)."""
    typed = _PASSWORDS.typed(posted)
    with shown_again(lambda refusal: _password_page(visit, typed.refused(refusal))):
        if posted.raw("password") != posted.raw("again"):
            raise Invalid("again", told("The two are not the same."))
        access.change_own_password(session, visit.scope, posted.raw("password"))
    headers = {"Location": visit.link("/login", said="password_changed")}
    return Response(status_code=SEE_OTHER, headers=headers)


def _page(visit: ConsoleVisit, form: Form) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(visit, "console/user.html", status=status, form=form)


def _password_page(visit: ConsoleVisit, form: Form) -> Response:
    status = form.refusal.status if form.refusal else 200
    return render(visit, "console/password.html", status=status, form=form)
