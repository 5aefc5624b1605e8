"""Bodies of the iframe operations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from headrace.kit.told import told
from headrace.rest.ids import IdIn

Theme = Literal["auto", "light", "dark"]


class IframeUrlIn(BaseModel):
    """What the iframe is to be for. None of the names: the page that manages connections."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "workspace_id": 1,
                "datasource_name": "facebook",
                "origin": "https://app.example.com",
                "return_url": "https://app.example.com/integrations",
            }
        }
    )

    workspace_id: IdIn | None = Field(None, description="Required with Basic credentials.")
    datasource_name: str | None = Field(None, max_length=255, description="To connect this source.")
    destination_name: str | None = Field(
        None, max_length=255, description="To connect this destination instead."
    )
    connection_id: IdIn | UUID | None = Field(
        None,
        description="To reconnect or change this connection: of a data source, or with "
        "`destination_name` the id of a destination connection.",
    )
    return_url: str | None = Field(
        None,
        max_length=2000,
        description="Where to go when all is done; on `origin` or a listed origin.",
    )
    origin: str | None = Field(
        None,
        max_length=300,
        description="Origin of the page that shows the iframe; no other can. Left out: the only one "
        "that the server's operator listed, else none: the page opens in a window of its own.",
    )
    theme: Theme = "auto"
    lang: str | None = Field(
        None,
        max_length=35,
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language of the page, as in `de` or `pt-BR`.",
    )

    @model_validator(mode="after")
    def _one_purpose(self) -> "IframeUrlIn":
        if self.datasource_name is not None and self.destination_name is not None:
            raise ValueError(told("give `datasource_name` or `destination_name`, not both"))
        is_uuid = isinstance(self.connection_id, UUID)
        if self.connection_id is not None and is_uuid != (self.destination_name is not None):
            raise ValueError(
                told(
                    "connection_id: a whole number for data sources, a UUID with `destination_name`"
                )
            )
        return self


class IframeUrlOut(BaseModel):
    """A URL that opens the iframe once."""

    url: str = Field(
        examples=[
            "https://headrace.example.com/embed/connect?session=7b0e3c1a-52c1-4d2e-9d0f-3f1c2b7a9e10#code=rD1yO9Wc0fL8k2Jm5Qw7Zt3Nb6Xv4Hs1"
        ]
    )
    expires_at: datetime = Field(description="Until when it may lie unused.")


class EmbedSessionOut(BaseModel):
    """The session of an iframe: what it is for."""

    session_id: UUID
    workspace_id: int
    purpose: Literal["workspace", "datasource", "destination"]
    datasource_name: str | None
    destination_name: str | None = Field(examples=[None])
    connection_id: int | UUID | None = Field(examples=[None])
    origin: str | None = Field(
        description="The page that may show the iframe, and to which its messages go.",
        examples=["https://app.example.com"],
    )
    return_url: str | None = Field(examples=["https://app.example.com/integrations"])
    theme: Theme
    lang: str | None = Field(examples=["de"])
    permissions: list[str] = Field(examples=[["connection.create", "connection.view"]])


class EmbedSessionOpened(EmbedSessionOut):
    """A session that was just opened. Its cookie is set as well; a page keeps one of the two."""

    token: str = Field(
        description="For browsers that keep no cookie of a frame: send it as Bearer, hold it in "
        "memory alone.",
        examples=["Zt3Nb6Xv4Hs1rD1yO9Wc0fL8k2Jm5Qw7"],
    )
    expires_in: int = Field(description="Seconds until it expires if it is not used.")
    expires_at: datetime
