"""Agencies and their workspaces."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt

# Made by the database, so that a migration gives agencies that are there one each too.
_RANDOM_32_BYTES = (
    "decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')"
)


class Agency(Base):
    """A vendor or agency: the owner of workspaces and of users.

    can_use_embedded_api: without it every operation of the API is refused (contract 1.2).
    external_auth: without it so are external authentication links.
    hash_salt: what its hashed fields are salted with; it never changes, else digests of the same
        value would differ.
    """

    __tablename__ = "agency"

    id: Mapped[BigId]
    title: Mapped[str] = mapped_column(unique=True)
    can_use_embedded_api: Mapped[bool] = mapped_column(default=True)
    external_auth: Mapped[bool] = mapped_column(default=True, server_default=true())
    hash_salt: Mapped[bytes] = mapped_column(server_default=text(_RANDOM_32_BYTES), deferred=True)
    created_at: Mapped[CreatedAt]


class Workspace(Base):
    """One customer of an agency; everything below belongs to exactly one."""

    __tablename__ = "workspace"
    __table_args__ = (UniqueConstraint("agency_id", "title"),)

    id: Mapped[BigId]
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
