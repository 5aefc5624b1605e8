"""Bodies of destinations and their connections."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, Field

from headrace.loaders.contract import Category, ParamType, WriteMode
from headrace.rest.json_values import JsonObject


def _params(default: dict[str, Any] | None) -> Any:
    # `conenctions_params` is how the published create call spells it (contract A2).
    return Field(
        default,
        validation_alias=AliasChoices(
            "connection_params", "connections_params", "conenctions_params"
        ),
        description="By name, as `info.connection_params` of the destination lists them. Also "
        "accepted as `connections_params` and `conenctions_params`.",
        examples=[{"host": "db.example.com", "database": "marts", "user": "etl", "password": "…"}],
    )


class ParamOut(BaseModel):
    """One input of a destination's form."""

    type: ParamType
    name: str
    required: bool
    secret: bool
    title: str
    description: str
    params: dict[str, Any] = Field(description="With `select`: `options`.")
    initial_value: Any


class DestinationInfo(BaseModel):
    """What a destination can do and what it asks for."""

    category: Category
    connection_params: list[ParamOut]
    supported_load_modes: list[WriteMode] = Field(examples=[["append", "replace", "upsert"]])
    supports_partitioning: bool
    docs_url: str | None


class DestinationOut(BaseModel):
    """A kind of place that loads can deliver to."""

    name: str = Field(examples=["postgre_sql"])
    title: str = Field(examples=["PostgreSQL"])
    info: DestinationInfo


class DestinationConnectionIn(BaseModel):
    """A destination connection to create."""

    title: str = Field("", max_length=255, description="Empty: the destination's title.")
    create_load_for_new_tables: bool = Field(
        False, description="Whether every new data table gets a load into this destination."
    )
    destination_name: str | None = Field(
        None, description="If given, the name in the path.", examples=["postgre_sql"]
    )
    connection_params: JsonObject = _params({})


class DestinationConnectionPatch(BaseModel):
    """Changes of a destination connection that need no check; what is left out stays."""

    title: str | None = Field(None, min_length=1, max_length=255)
    create_load_for_new_tables: bool | None = None


class DestinationReauthorizeIn(BaseModel):
    """New parameters for a destination connection, all of them; a secret sent as `********` stays."""

    title: str | None = Field(None, min_length=1, max_length=255)
    connection_params: JsonObject | None = _params(None)


class DestinationConnectionOut(BaseModel):
    """A customer's database, bucket or folder that loads deliver to."""

    id: UUID
    destination: DestinationOut
    title: str
    updated_at: datetime
    status: Literal["initializing", "active", "error"] = Field(
        description="`initializing` while it is checked."
    )
    error_text: str | None
    is_editable: bool
    create_load_for_new_tables: bool


class DestinationConnectionDetail(DestinationConnectionOut):
    """A destination connection with its parameters; secrets are shown as `********`."""

    connection_params: dict[str, Any]
