"""What is remembered of requests: the answers to those that carried an idempotency key."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId


class IdempotencyRecord(Base):
    """The answer to one request with an `Idempotency-Key`, written in the request's transaction.

    digest: of caller, method, path and key. fingerprint: of the body and the query. answer: status,
    headers and body, sealed, since answers may hold secrets.
    """

    __tablename__ = "idempotency_record"
    __table_args__ = ({"info": {"told": False}},)

    id: Mapped[BigId]
    digest: Mapped[str] = mapped_column(unique=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agency.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[int | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    fingerprint: Mapped[str]
    answer: Mapped[str] = mapped_column(info={"secret": True})
    expires_at: Mapped[datetime] = mapped_column(index=True)
