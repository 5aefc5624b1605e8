"""The rules of branding: what can be seen and served safely, and how pages ask for it."""

import base64
import binascii
import secrets
from typing import Any, Literal, cast

from sqlalchemy.orm import Session

from headrace.branding import queries
from headrace.branding.errors import HardToSee, NoColour, NotAPicture
from headrace.branding.models import Branding
from headrace.branding.schemas import BrandingIn
from headrace.pages.looks import DARK_GROUND, LIGHT_GROUND, Look, contrast, is_colour
from headrace.tenancy.scope import AgencyScope

PREFIX = "/branding"
MOST_BYTES = 256 * 1024
_LOGOS = ("logo", "logo_dark")
_LEAST_CONTRAST = 3.0  # of what is no text, such as the shape of a button (WCAG 2.2, 1.4.11)


def media_type(content: bytes) -> str | None:
    """Return the type of a picture by what it begins with; None: it is none that is taken.

    SVG is not: it is a document that can hold scripts and links, and would be served from the
    origin of the pages.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def check_colours(accent: str | None, accent_dark: str | None) -> None:
    """Refuse colours that buttons cannot be seen by.

    Links and the text on buttons need no refusal: `Look.css` mixes and chooses until they are read.

    Raises:
        NoColour: if one is not written as a colour.
        HardToSee: if one does not stand out from the ground of the pages it is for.
    """
    for field, colour in (("accent", accent), ("accent_dark", accent_dark)):
        if colour and not is_colour(colour):
            raise NoColour(field)
    if accent and (ratio := contrast(accent, LIGHT_GROUND)) < _LEAST_CONTRAST:
        raise HardToSee("accent", ratio, is_dark=False)
    dark = accent_dark or accent
    if dark and (ratio := contrast(dark, DARK_GROUND)) < _LEAST_CONTRAST:
        raise HardToSee("accent_dark", ratio, is_dark=True)


def shown(session: Session, scope: AgencyScope, public_address: str) -> dict[str, Any]:
    """Return an agency's branding as `BrandingOut`; what was never set is as ours."""
    found = queries.branding_of(session, scope.agency_id)
    if found is None:
        plain = BrandingIn().model_dump(exclude=set(_LOGOS))
        return plain | {"logo_url": None, "logo_dark_url": None, "updated_at": None}
    names = ("name", "accent", "accent_dark", "radius", "font", "theme", "updated_at")
    return {name: getattr(found, name) for name in names} | {
        "logo_url": _address(found.logo_name, public_address) or None,
        "logo_dark_url": _address(found.logo_dark_name, public_address) or None,
    }


def put(
    session: Session, scope: AgencyScope, body: BrandingIn, public_address: str
) -> dict[str, Any]:
    """Set an agency's branding, as `BrandingOut`; logos that are left out stay.

    Raises:
        NoColour, HardToSee: as `check_colours` does.
        NotAPicture: if a logo is no picture that is taken, or too large.
    """
    check_colours(body.accent, body.accent_dark)
    found = queries.branding_of(session, scope.agency_id, is_held=True)
    if found is None:
        found = Branding(agency_id=scope.agency_id)
        session.add(found)
    found.name = body.name.strip()
    # What was empty in a form is no colour.
    found.accent, found.accent_dark = body.accent or None, body.accent_dark or None
    found.radius, found.font, found.theme = body.radius, body.font, body.theme
    for field in _LOGOS:
        if field in body.model_fields_set:
            _set_logo(found, field, getattr(body, field))
    session.flush()
    session.refresh(found, ["updated_at"])
    return shown(session, scope, public_address)


def look_of(session: Session, agency_id: int) -> Look:
    """Return how an agency's pages look: one query by key, without the pictures."""
    found = queries.branding_of(session, agency_id)
    if found is None:
        return Look()
    return Look(
        name=found.name,
        logo_url=_address(found.logo_name),
        logo_dark_url=_address(found.logo_dark_name),
        accent=found.accent or "",
        accent_dark=found.accent_dark or "",
        radius=found.radius,
        font=found.font,
        theme=cast(Literal["auto", "light", "dark"], found.theme),
    )


def _set_logo(found: Branding, field: str, encoded: str | None) -> None:
    content = _picture(field, encoded) if encoded is not None else None
    setattr(found, field, content)
    setattr(found, f"{field}_type", media_type(content) if content else None)
    # The address is nobody's to guess, and leads to nothing else ever: it is kept for a year.
    setattr(found, f"{field}_name", secrets.token_urlsafe(16) if content else None)


def _picture(field: str, encoded: str) -> bytes:
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAPicture(field, MOST_BYTES) from error
    if len(content) > MOST_BYTES or media_type(content) is None:
        raise NotAPicture(field, MOST_BYTES)
    return content


def _address(name: str | None, origin: str = "") -> str:
    return f"{origin}{PREFIX}/{name}" if name else ""
