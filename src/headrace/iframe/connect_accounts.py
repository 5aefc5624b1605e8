"""The page on which accounts are chosen before there is a connection."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from headrace.connections import drafts
from headrace.connections.models import ConnectionDraft
from headrace.iframe.connect import Creator
from headrace.oauth import finishing
from headrace.pages.languages import N_
from headrace.pages.page_route import page_router
from headrace.pages.posted import Posted, PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import WorkspaceVisit
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession

router = page_router()
_MOST_PAGES = 1_000_000


@router.get("/choosing/{draft_id}")
def show_accounts(
    draft_id: UUID,
    visit: Creator,
    session: DbSession,
    search: str = "",
    page: Annotated[int, Query(ge=1, le=_MOST_PAGES)] = 1,
) -> Response:
    """Answer the accounts that the credentials reach, a page of them."""
    return _page(visit, drafts.get(session, visit.scope, draft_id), search, page)


@router.post("/choosing/{draft_id}")
def choose_accounts(
    draft_id: UUID,
    visit: Creator,
    form: PostedForm,
    session: DbSession,
    resources: AppResources,
    authorization: UUID | None = None,
) -> Response:
    """Note what was chosen on the page, then do what the button says: search, turn, connect."""
    draft = drafts.get(session, visit.scope, draft_id)
    drafts.choose(draft, form.all("shown"), form.all("chosen"))
    verb, _, argument = form.text("do").partition(":")
    search = form.text("search")
    if verb == "cancel":
        drafts.discard(session, visit.scope, draft_id)
        return redirect(visit, f"/connect/{draft.datasource_name}")
    if verb == "connect":
        if draft.accounts and draft.chosen == []:
            return _page(visit, draft, search, 1, N_("Choose at least one account."))
        made = drafts.connect(session, visit.scope, resources, draft)
        if authorization is not None:
            finishing.chosen(session, visit.scope, authorization, made["id"])
        return redirect(visit, f"/connected/{made['id']}")
    if verb in ("all", "none"):
        drafts.choose_found(draft, search, is_chosen=verb == "all")
    session.flush()
    return redirect(
        visit,
        f"/choosing/{draft_id}",
        search=search or None,
        page=_turned(form, argument),
        authorization=authorization,
    )


def _turned(form: Posted, argument: str) -> int | None:
    """The page to go to, where the button was one that turns."""
    is_number = form.text("do").startswith("page:") and argument.isdecimal() and len(argument) < 6
    return max(1, int(argument)) if is_number else None


def _page(
    visit: WorkspaceVisit, draft: ConnectionDraft, search: str, page: int, message: str = ""
) -> Response:
    return render(
        visit,
        "connect/accounts.html",
        status=400 if message else 200,
        choices=drafts.choices(draft, search, page),
        search=search,
        action=visit.here(search=None, page=None),
        message=message,
    )
