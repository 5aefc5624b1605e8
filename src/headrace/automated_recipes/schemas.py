"""Bodies of automated recipes."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic.config import JsonDict

from headrace.rest.ids import IdIn
from headrace.runs.schemas import Scheduling

State = Literal["Extracting Data", "Ready to Build", "Building", "Active", "Error", "Paused"]
STATES: tuple[str, ...] = get_args(State)
TriggerName = Literal["on_extraction", "schedule", "manual"]
BuildStatus = Literal["started", "already_running", "not_ready"]
MOST_ACCOUNTS = 1000
_MOST_CONNECTIONS = 100
_MOST_SCHEDULES = 24

_EXAMPLE: JsonDict = {
    "data_sources": ["demo_ads"],
    "connections": [{"connection_id": 1, "accounts": [1, 2]}],
    "sync_from_date": "2026-01-01",
}
_NEW_EXAMPLE: JsonDict = {"template_id": 1, "title": "Paid media", **_EXAMPLE}


class AutomatedRecipeTemplateDataSourceOut(BaseModel):
    """A data source whose accounts a template takes."""

    name: str = Field(examples=["facebook"])
    title: str = Field(examples=["Meta Ads"])


class AutomatedRecipeTemplateOut(BaseModel):
    """A data table that can be built of chosen accounts."""

    id: int
    title: str = Field(examples=["Paid media performance"])
    description: str
    data_sources: list[AutomatedRecipeTemplateDataSourceOut]
    created_at: datetime
    updated_at: datetime


class AutomatedRecipeTemplateTreeNode(BaseModel):
    """Node in the template dependency tree."""

    id: int
    title: str = Field(examples=["Daily account totals"])
    level: int = Field(description="0 for the template itself.", examples=[0])
    parent_id: Annotated[int | None, WithJsonSchema({"type": "integer"})] = Field(
        None,
        exclude_if=lambda parent_id: parent_id is None,
        description="The template that is built on this one; absent on the root.",
        examples=[2],
    )


class AutomatedRecipeTemplateTreeStructure(BaseModel):
    """What a template is built on, in depth-first order."""

    nodes: list[AutomatedRecipeTemplateTreeNode]


class AutomatedRecipeTemplateDetail(AutomatedRecipeTemplateOut):
    """A template with the templates it is built on."""

    tree_structure: AutomatedRecipeTemplateTreeStructure
    dependencies_count: int = Field(description="How many other templates it is built on.")


class AccountRef(BaseModel):
    """An account, as answers name it."""

    id: IdIn


class ConnectionChoice(BaseModel):
    """Accounts of one connection to read."""

    connection_id: IdIn
    accounts: list[IdIn] | None = Field(
        None,
        max_length=MOST_ACCOUNTS,
        description="Ids of accounts, or objects with an `id`; absent: all that are enabled for "
        "extraction now.",
        examples=[[1, 2]],
    )

    @field_validator("accounts", mode="before")
    @classmethod
    def _ids_of_objects(cls, given: Any) -> Any:
        """Read the accounts of an answer as they are in it."""
        if not isinstance(given, list):
            return given
        return [
            AccountRef.model_validate(one).id if isinstance(one, dict) else one for one in given
        ]


class AutomatedRecipeUpdateRequest(BaseModel):
    """What an automated recipe is to read, from when on, and when it builds; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    data_sources: list[str] | None = Field(
        None, max_length=_MOST_CONNECTIONS, description="Names of data sources the template takes."
    )
    connections: list[ConnectionChoice] | None = Field(
        None,
        max_length=_MOST_CONNECTIONS,
        description="Connections and their accounts, in place of those there are.",
    )
    sync_from_date: date | None = Field(
        None, description="First day to read; null: as far back as each platform usually is read."
    )
    trigger: TriggerName | None = Field(
        None,
        description="`on_extraction` builds when the extractions of its accounts have ended.",
    )
    scheduling: list[Scheduling] | None = Field(
        None,
        min_length=1,
        max_length=_MOST_SCHEDULES,
        description="One schedule or several, for the trigger `schedule`, which it implies; "
        "`lookback_window` is ignored.",
        examples=[None],
    )

    @field_validator("scheduling", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        return [given] if isinstance(given, dict) else given


class AutomatedRecipeCreateRequest(AutomatedRecipeUpdateRequest):
    """An automated recipe to create; it begins at once."""

    model_config = ConfigDict(json_schema_extra={"example": _NEW_EXAMPLE})

    template_id: IdIn = Field(description="A numeric text will do.", examples=[1])
    title: str | None = Field(
        None, min_length=1, max_length=200, description="Default: the template's."
    )
    data_sources: list[str] | None = Field(
        None,
        max_length=_MOST_CONNECTIONS,
        description="Names of data sources the template takes. Default: those of `connections`, "
        "or all.",
    )
    connections: list[ConnectionChoice] | None = Field(
        None,
        max_length=_MOST_CONNECTIONS,
        description="Connections and their accounts. Default: all enabled accounts of the data "
        "sources' active connections.",
    )


class AutomatedRecipeCreateResponse(BaseModel):
    """An automated recipe that was created."""

    recipe_id: str = Field(examples=["12"])
    template_id: int = Field(examples=[1])
    title: str = Field(examples=["Paid media performance"])
    state: State = Field(examples=["Extracting Data"])


class AutomatedRecipeOut(BaseModel):
    """A template applied to accounts of a workspace."""

    recipe_id: str = Field(examples=["12"])
    template_id: int = Field(examples=[1])
    template_title: str = Field(examples=["Paid media performance"])
    title: str = Field(examples=["Paid media performance"])
    state: State = Field(examples=["Active"])
    workspace_id: int
    created_at: datetime
    updated_at: datetime


class AutomatedRecipeConnectionAccount(BaseModel):
    """An account that is read."""

    id: int
    account_id: str = Field(description="The account's id at the platform.")


class AutomatedRecipeConnection(BaseModel):
    """A connection and those of its accounts that are read."""

    connection_id: int
    connection_data_source: str = Field(examples=["facebook"])
    accounts: list[AutomatedRecipeConnectionAccount]


class AutomatedRecipeDetail(BaseModel):
    """An automated recipe with what it reads and how its last build went."""

    recipe_id: str = Field(examples=["12"])
    template_id: int = Field(examples=[1])
    datatable_id: int | None = Field(description="Null until the first build began.")
    title: str = Field(examples=["Paid media performance"])
    state: State = Field(examples=["Active"])
    data_sources: list[str] = Field(examples=[["facebook"]])
    allowed_data_sources: list[str] = Field(examples=[["demo_ads", "facebook"]])
    connections: list[AutomatedRecipeConnection]
    sync_from_date: date | None
    last_build_at: datetime | None
    created_at: datetime
    updated_at: datetime
    trigger: TriggerName = Field(description="Extension.")
    scheduling: list[Scheduling] = Field(description="Extension. Empty but with `schedule`.")
    error_text: str | None = Field(description="Extension. Why the state is `Error`.")


class AutomatedRecipeBuildResponse(BaseModel):
    """What became of a request to build."""

    status: BuildStatus = Field(examples=["started"])
    message: str = Field(examples=["The build has started."])
