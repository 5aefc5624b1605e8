"""Bodies of authorizations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from headrace.rest.ids import IdIn
from headrace.rest.json_values import JsonObject


class AuthorizationIn(BaseModel):
    """What is to come of an authorization."""

    title: str = Field("", max_length=255, description="Of the connection; empty: the source's.")
    settings: JsonObject = Field(
        default_factory=dict, description="The connection's settings, as at its creation."
    )
    connection_id: IdIn | None = Field(None, description="To reconnect this connection.")


class AuthorizationProblem(BaseModel):
    """Why an authorization came to nothing."""

    error_type: str = Field(examples=["authorization"])
    error_code: str = Field(examples=["provider_denied"])
    error_message: str = Field(description="For developers.", examples=["access_denied"])
    display_message: str = Field(description="For the person at the screen, in English.")
    retryable: bool


class AuthorizationOut(BaseModel):
    """A person's way to a platform and back: how far it is, and what came of it."""

    id: UUID
    datasource_name: str = Field(examples=["facebook"])
    status: Literal[
        "pending", "returned", "connecting", "choosing", "connected", "denied", "failed", "expired"
    ] = Field(examples=["pending"])
    is_reconnect: bool
    connection_id: int | None = Field(
        description="The connection to reconnect, or the one that was made.", examples=[None]
    )
    expires_at: datetime
    error: AuthorizationProblem | None = Field(examples=[None])


class AuthorizationBegun(AuthorizationOut):
    """An authorization that was just begun."""

    authorize_url: str = Field(
        description="Send the person's browser here, in a window of its own.",
        examples=["https://www.facebook.com/v26.0/dialog/oauth?client_id=1029&state=rD1yO9Wc"],
    )
