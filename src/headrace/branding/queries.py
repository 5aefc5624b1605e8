"""All SQL of branding."""

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from headrace.branding.models import Branding


def branding_of(session: Session, agency_id: int, *, is_held: bool = False) -> Branding | None:
    """Return an agency's branding without its pictures, by key; `is_held`: against changes."""
    return session.get(Branding, agency_id, with_for_update=is_held or None)


def picture(session: Session, name: str) -> tuple[bytes, str] | None:
    """Return a logo and its media type by the name that it is asked for by."""
    light = select(Branding.logo, Branding.logo_type).where(Branding.logo_name == name)
    dark = select(Branding.logo_dark, Branding.logo_dark_type).where(
        Branding.logo_dark_name == name
    )
    found = session.execute(union_all(light, dark)).first()
    return (found[0], found[1]) if found and found[0] and found[1] else None
