"""Bodies of connector settings."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class ConnectorSettingsIn(BaseModel):
    """The OAuth client that the agency registered at the platform."""

    client_id: str = Field(min_length=1, max_length=500, examples=["1029384756"])
    client_secret: SecretStr | None = Field(
        None,
        max_length=2000,
        description="Never shown again. Left out: the stored one stays, for the same client id.",
        examples=["3b8f0c6e9d"],
    )


class ConnectorSettingsOut(BaseModel):
    """Under which OAuth client customers authorise a data source; the secret is never shown."""

    datasource_name: str = Field(examples=["facebook"])
    origin: Literal["agency", "server", "connector", "none"] = Field(
        description="Whose client is used: the agency's own, the server operator's, one that the "
        "platform gives everyone, or none: then OAuth is not offered."
    )
    client_id: str | None = Field(examples=["1029384756"])
    has_client_secret: bool
    redirect_uri: str = Field(
        description="To be registered at the platform, exactly so.",
        examples=["https://headrace.example.com/oauth/facebook/callback"],
    )
    scopes: list[str] = Field(examples=[["ads_read", "business_management"]])
    updated_at: datetime | None
