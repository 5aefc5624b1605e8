"""How an agency's pages look."""

from datetime import datetime

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, CreatedAt


class Branding(Base):
    """An agency's branding; without a row its pages look as ours.

    accent, accent_dark: colours `#rrggbb` by theme. radius: of corners, in pixels. font: a name of
    `pages.looks.FONTS`. theme: `auto`, `light` or `dark`.
    logo, logo_dark: pictures, read only where they are served; logo_name, logo_dark_name: what they
    are asked for by, made anew whenever a picture changes; logo_type, logo_dark_type: media types.
    """

    __tablename__ = "branding"

    agency_id: Mapped[int] = mapped_column(
        ForeignKey("agency.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    name: Mapped[str]
    accent: Mapped[str | None]
    accent_dark: Mapped[str | None]
    radius: Mapped[int]
    font: Mapped[str]
    theme: Mapped[str]
    logo: Mapped[bytes | None] = mapped_column(deferred=True)
    logo_type: Mapped[str | None]
    logo_name: Mapped[str | None] = mapped_column(unique=True)
    logo_dark: Mapped[bytes | None] = mapped_column(deferred=True)
    logo_dark_type: Mapped[str | None]
    logo_dark_name: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
