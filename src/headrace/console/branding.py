"""Pages of the console about how the agency's pages look."""

from typing import Annotated, Any

from fastapi import Response

from headrace.access.permissions import Permission
from headrace.branding import service
from headrace.branding.schemas import BrandingIn
from headrace.pages.forms import INTEGER, SELECT, Field, Form, Option
from headrace.pages.guards import console_visit
from headrace.pages.languages import N_
from headrace.pages.looks import Look
from headrace.pages.page_route import page_router, shown_again
from headrace.pages.policies import page_headers
from headrace.pages.posted import Posted, PostedForm
from headrace.pages.rendering import redirect, render
from headrace.pages.visits import ConsoleVisit
from headrace.rest.session import AppSettings, DbSession

router = page_router()
Chief = Annotated[ConsoleVisit, console_visit(Permission.ADMIN_MANAGE_ROLES)]
LOGOS = (("logo", N_("Logo")), ("logo_dark", N_("Logo on dark pages")))
_FIELDS = (
    Field("name", N_("Name of the product")),
    Field(
        "accent",
        N_("Colour on light pages"),
        description=N_("Of buttons and links, as #rrggbb, such as #1f6feb."),
    ),
    Field(
        "accent_dark",
        N_("Colour on dark pages"),
        description=N_("Left empty: the same as on light pages."),
    ),
    Field(
        "radius",
        N_("Roundness of corners"),
        INTEGER,
        required=True,
        description=N_("In pixels, from 0 to 24."),
    ),
    Field(
        "font",
        N_("Font"),
        SELECT,
        required=True,
        options=(
            Option("system", N_("The device's own")),
            Option("humanist", N_("Humanist")),
            Option("geometric", N_("Geometric")),
            Option("serif", N_("With serifs")),
        ),
    ),
    Field(
        "theme",
        N_("Light or dark"),
        SELECT,
        required=True,
        options=(
            Option("auto", N_("As the device has it")),
            Option("light", N_("Always light")),
            Option("dark", N_("Always dark")),
        ),
    ),
)


@router.get("/branding")
def show_branding(visit: Chief, session: DbSession, settings: AppSettings) -> Response:
    """Answer how the agency's pages look, to be changed."""
    shown = service.shown(session, visit.scope, settings.public_address)
    return _page(visit, Form.of(_FIELDS, shown))


@router.get("/branding/sample")
def show_sample(visit: Chief) -> Response:
    """Answer the declarations of what is being typed, for the sample; what is no value is left out."""
    asked = dict(visit.query)
    radius = asked.get("radius", "")
    look = Look(
        accent=asked.get("accent", ""),
        accent_dark=asked.get("accent_dark", ""),
        radius=min(int(radius), 24) if radius.isascii() and radius.isdecimal() else Look.radius,
        font=asked.get("font", ""),
    )
    headers = page_headers(visit.nonce, visit.frame_ancestors)
    return Response(look.css(), headers=headers, media_type="text/plain; charset=utf-8")


@router.post("/branding")
def save_branding(
    visit: Chief, session: DbSession, settings: AppSettings, posted: PostedForm
) -> Response:
    """Set how the agency's pages look."""
    typed = Form.of(_FIELDS).typed(posted)
    with shown_again(lambda refusal: _page(visit, typed.refused(refusal))):
        body = BrandingIn.model_validate(typed.body() | _logos(posted))
        service.put(session, visit.scope, body, settings.public_address)
    return redirect(visit, "/branding", said="saved")


def _logos(posted: Posted) -> dict[str, Any]:
    """The members of logos that were chosen, or that are to go; others are left out, and stay."""
    found: dict[str, Any] = {}
    for name, _ in LOGOS:
        if chosen := posted.text(name):
            found[name] = chosen
        elif f"no_{name}" in posted:
            found[name] = None
    return found


def _page(visit: ConsoleVisit, form: Form) -> Response:
    status = form.refusal.status if form.refusal else 200
    addresses = {"logo": visit.look.logo_url, "logo_dark": visit.look.logo_dark_url}
    logos = [(name, label, addresses[name]) for name, label in LOGOS]
    return render(
        visit,
        "console/branding.html",
        status=status,
        form=form,
        logos=logos,
        most_bytes=service.MOST_BYTES,
    )
