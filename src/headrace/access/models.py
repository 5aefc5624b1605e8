"""Users, what they may reach, and the credentials that stand for them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class User(Base):
    """A person or program of an agency. The chief may do everything in it.

    username: what one signs in with, usually an e-mail address; unique on a server.
    name: of the person, for others to see; may be empty.
    """

    __tablename__ = "app_user"

    id: Mapped[BigId]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"), index=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="", server_default="")
    password_hash: Mapped[str]
    is_chief: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]


FIRST_CUSTOM_ROLE_ID = 1001
"""Ids below it are for system roles, of this release and later ones."""


class Role(Base):
    """A set of permissions that users hold in workspaces: an agency's own, or a system role.

    Of a system role the row only carries the id and the title that others point at; what it allows
    is in `permissions.SYSTEM_ROLES` under its code, so that a release changes it for everyone.

    permissions: codes of `Permission`; those that a release no longer knows allow nothing.
    """

    __tablename__ = "role"
    __table_args__ = (
        CheckConstraint("(agency_id IS NULL) = (code IS NOT NULL)", name="own_or_system"),
        Index("uq_role_agency_id_title", "agency_id", text("lower(title)"), unique=True),
    )

    id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True, start=FIRST_CUSTOM_ROLE_ID), primary_key=True
    )
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str | None] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    permissions: Mapped[list[str]]
    is_internal: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class Membership(Base):
    """The one role a user holds in a workspace."""

    __tablename__ = "membership"

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role_id: Mapped[int] = mapped_column(ForeignKey("role.id"), index=True)


class TokenKind(StrEnum):
    """What an access token is for; each is taken in its own place and nowhere else.

    API: made with POST /token. EMBED: the session of an iframe. EMBED_CODE: the code of an iframe
    URL, which is exchanged for such a session, once.
    """

    API = "api"
    EMBED = "embed"
    EMBED_CODE = "embed_code"


class AccessToken(Base):
    """A bearer token: of one user, for one workspace. Only its digest is kept.

    limited_to: the permissions it never goes beyond, whatever its user may; None for no such limit.
    """

    __tablename__ = "access_token"
    __table_args__ = (Index("ix_access_token_expires_at", "expires_at"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(default=TokenKind.API, server_default=TokenKind.API)
    limited_to: Mapped[list[str] | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class BrowserSession(Base):
    """A `dts_session_id` cookie: of one user, for every workspace they reach. Kept as a digest."""

    __tablename__ = "browser_session"
    __table_args__ = (Index("ix_browser_session_expires_at", "expires_at"),)

    digest: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]
