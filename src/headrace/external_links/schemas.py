"""Bodies of the operations on external authentication links."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from headrace.connections.schemas import DataSourceDetail
from headrace.rest.ids import IdIn
from headrace.rest.json_values import JsonObject


class ExternalAuthLinksIn(BaseModel):
    """Whom to ask for credentials, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"emails": ["client@example.com"], "send_email": False, "message": "Hello!"}
        }
    )

    emails: list[str] = Field(
        default_factory=list,
        max_length=50,
        description="One link for each; none makes one link, which you deliver yourself.",
    )
    send_email: bool = Field(True, description="Whether to mail each its link.")
    connection_id: IdIn | None = Field(None, description="To reconnect this connection.")
    message: str | None = Field(None, max_length=2000, description="A word to those asked.")


class ExternalAuthLinkOut(BaseModel):
    """A request for credentials: one use, 14 days."""

    id: UUID
    datasource_name: str
    email: str | None = Field(examples=["client@example.com"])
    url: str | None = Field(
        description="At creation only; null ever after.",
        examples=["https://headrace.example.com/connect#link=rD1yO9Wc0fL8k2Jm5Qw7Zt3Nb6Xv4Hs1"],
    )
    status: Literal["pending", "used", "expired", "revoked"] = Field(examples=["pending"])
    send_email: bool
    connection_id: int | None = Field(
        description="The connection to reconnect, or the one that was made.", examples=[None]
    )
    message: str | None
    mail_status: Literal["none", "queued", "sent", "failed"] = Field(
        description="What became of the mail, if one was asked for."
    )
    mail_error: str | None = Field(examples=[None])
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(examples=[None])


class ExternalAuthRequest(BaseModel):
    """What the holder of a link is asked for, and by whom."""

    requested_by: str = Field(examples=["ops@agency.example.com"])
    agency_title: str = Field(examples=["Northwind Media"])
    message: str | None
    is_reconnect: bool
    expires_at: datetime
    datasource: DataSourceDetail


class ExternalAuthIn(BaseModel):
    """What the holder of a link gives."""

    credentials: JsonObject = Field(
        default_factory=dict, examples=[{"access_token": "EAABsbCS1iHgBA"}]
    )
    settings: JsonObject = Field(default_factory=dict)


class ExternalAuthDone(BaseModel):
    """The credentials work and were stored; the link is spent."""

    status: Literal["used"]
    datasource_name: str
