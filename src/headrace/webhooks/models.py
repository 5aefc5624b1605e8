"""Webhook endpoints, what they subscribe to, and the log and the queue of deliveries."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class EndpointStatus(StrEnum):
    """Whether an endpoint gets deliveries; DISABLED after lasting failure, until verified anew."""

    UNVERIFIED = "unverified"
    ACTIVE = "active"
    DISABLED = "disabled"


class DeliveryStatus(StrEnum):
    """What became of a delivery; PENDING until an attempt succeeds or none is left."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookEndpoint(Base):
    """A receiver of a workspace's events.

    uid: part of the place its secrets are sealed for.
    host: of the url, lower case; what limits over all workspaces are counted by.
    secret, previous_secret: sealed; the previous one signs too until `previous_secret_until`.
    consecutive_failures: deliveries that failed their first phase since the last success.
    failing_since: the first failed attempt since the last success.
    is_struggling: whether the last attempt failed; such endpoints are tried one at a time.
    hold_until: the receiver asked (Retry-After) for nothing before then.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        UniqueConstraint("workspace_id", "url"),
        # Deliveries refer to both: the database refuses to cross workspaces.
        UniqueConstraint("workspace_id", "id"),
    )

    id: Mapped[BigId]
    uid: Mapped[UUID]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    url: Mapped[str]
    host: Mapped[str]
    secret: Mapped[str]
    previous_secret: Mapped[str | None]
    previous_secret_until: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default=EndpointStatus.UNVERIFIED)
    disabled_reason: Mapped[str | None]
    extended_retries: Mapped[bool] = mapped_column(default=True)
    consecutive_failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    is_struggling: Mapped[bool] = mapped_column(default=False)
    hold_until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())


class WebhookSubscription(Base):
    """An event type that an endpoint wants. Names that no type has are kept and never match."""

    __tablename__ = "webhook_subscription"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_type_name"),
        ForeignKeyConstraint(
            ["workspace_id", "endpoint_id"],
            ["webhook_endpoint.workspace_id", "webhook_endpoint.id"],
            ondelete="CASCADE",
        ),
        Index("ix_webhook_subscription_type", "workspace_id", "event_type_name"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int]
    endpoint_id: Mapped[int]
    event_type_name: Mapped[str]
    created_at: Mapped[CreatedAt]


class WebhookDelivery(Base):
    """One event on its way to one endpoint: the log.

    attempts: what was tried, oldest first, as `deliveries.attempt` makes them; the newest 50.
    response_status: of the last attempt that had an answer.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        ForeignKeyConstraint(
            ["workspace_id", "endpoint_id"],
            ["webhook_endpoint.workspace_id", "webhook_endpoint.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["workspace_id", "event_id"],
            ["event.workspace_id", "event.id"],
            ondelete="CASCADE",
        ),
        Index("ix_webhook_delivery_list", "workspace_id", "created_at", "id"),
        Index("ix_webhook_delivery_endpoint", "endpoint_id", "created_at", "id"),
        # Room on each page for the one change of every row, which touches no index.
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int]
    endpoint_id: Mapped[int]
    event_id: Mapped[int]
    event_type: Mapped[str]
    status: Mapped[str] = mapped_column(default=DeliveryStatus.PENDING)
    attempts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    response_status: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class QueuedDelivery(Base):
    """A delivery that has not succeeded: the queue, small beside the log.

    due_at: when it may be tried; while a dispatcher tries it, when others may think that one dead.
    claims: counts dispatchers that took it; who holds an older number records no failure.
    tries: failed attempts since it was last asked for.
    is_given_up: no attempt is left; kept so that what failed can be found, and asked for again.
    """

    __tablename__ = "webhook_queue"
    __table_args__ = (
        Index(
            "ix_webhook_queue_due",
            "endpoint_id",
            "due_at",
            postgresql_where=text("NOT is_given_up"),
        ),
        Index("ix_webhook_queue_list", "workspace_id", "delivery_id"),
    )

    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"), primary_key=True
    )
    workspace_id: Mapped[int]
    endpoint_id: Mapped[int]
    due_at: Mapped[datetime]
    claims: Mapped[int] = mapped_column(server_default=text("0"))
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    is_redelivery: Mapped[bool] = mapped_column(server_default=text("false"))
    is_given_up: Mapped[bool] = mapped_column(server_default=text("false"))


class WebhookHost(Base):
    """How many deliveries a host may get now, over all workspaces: a token bucket."""

    __tablename__ = "webhook_host"

    host: Mapped[str] = mapped_column(primary_key=True)
    tokens: Mapped[float]
    refilled_at: Mapped[datetime]
