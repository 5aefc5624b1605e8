"""Bodies of extracts."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, Field, field_validator

from headrace.connectors.contract import BadValues
from headrace.data_tables.schemas import DataTableOut
from headrace.rest.ids import IdIn
from headrace.rest.json_values import JsonObject
from headrace.runs.schemas import Scheduling
from headrace.templates.filters import MOST_FILTERS
from headrace.templates.schemas import CustomFilter, FieldOut

Status = Literal["init", "syncing", "synced", "paused", "error"]


class TemplateSettings(BaseModel):
    """How an extract departs from its template; what is left out is the template's."""

    fields: list[str] | None = Field(None, max_length=2000)
    dynamic_fields: list[str] = Field(default_factory=list, max_length=2000)
    additional_params: JsonObject = Field(
        default_factory=dict,
        validation_alias=AliasChoices("additional_params", "custom_settings"),
        description="The report's custom settings by name; `custom_settings` is read too.",
    )
    scheduling: list[Scheduling] | None = Field(None, min_length=1, max_length=24)
    sync_historical_data: date | None = Field(None, description="First day of history to read.")
    bad_values: BadValues = Field(
        BadValues.FAIL, description="What becomes of values that are not what their column says."
    )
    hashed_fields: list[str] = Field(
        default_factory=list,
        max_length=2000,
        description="Fields whose values are stored as salted SHA-256 digests, beside those that "
        "the template hashes.",
        examples=[["email"]],
    )
    custom_filters: list[CustomFilter] | None = Field(
        None, max_length=MOST_FILTERS, description="Only rows that meet all of them are stored."
    )

    @field_validator("scheduling", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    def filters(self) -> list[dict[str, Any]] | None:
        """The custom filters as `templates.filters` reads them."""
        asked = self.custom_filters
        return None if asked is None else [item.model_dump(mode="json") for item in asked]


class ExtractIn(BaseModel):
    """Extracts to create: one for each account, all into one data table."""

    data_table_title: str = Field(min_length=1, max_length=255, examples=["Meta campaigns"])
    template_id: IdIn
    accounts: list[IdIn] = Field(
        min_length=1, max_length=1000, description="Ids of accounts of one connection."
    )
    template_settings: TemplateSettings = Field(default_factory=TemplateSettings)


class MigrateWideIn(BaseModel):
    """Other dimensions for a wide extract; settings left out are the old extract's."""

    extract_id: IdIn = Field(description="The wide extract, which is paused.")
    fields: list[str] = Field(
        min_length=1, max_length=2000, examples=[["date", "country", "spend"]]
    )
    data_table_title: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="Of the new data table; left out: the old one's with a number.",
    )
    template_settings: TemplateSettings = Field(default_factory=TemplateSettings)


class ExtractPut(BaseModel):
    """All that can be changed of an extract; what is left out goes back to the template's."""

    scheduling: list[Scheduling] | None = Field(None, min_length=1, max_length=24)
    fields: list[str] | None = Field(None, max_length=2000)
    additional_params: JsonObject | None = None
    sync_historical_data: date | None = None

    @field_validator("scheduling", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


class ExtractPatch(ExtractPut):
    """Changes to an extract; what is left out stays as it is."""


class ExtractOut(BaseModel):
    """A template applied to one account, on a schedule, into a data table."""

    id: int
    title: str
    connection_id: int
    account_id: str = Field(description="The account's id at the platform.")
    account_name: str
    created_at: datetime
    last_sync: datetime | None
    status: Status
    error_text: str | None
    schedules_limit: int
    sync_historical_data: date | None
    account_entity_id: int
    account_embedded_id: int
    is_wide_template: bool
    scheduling: list[Scheduling]
    additional_params: dict[str, Any]
    data_table: DataTableOut
    template_id: int
    datasource_name: str
    hashed_fields: list[str]
    custom_filters: list[CustomFilter]
    bad_values: BadValues


class ExtractDetail(ExtractOut):
    """An extract with its fields."""

    fields: list[FieldOut]


class ExtractMigration(BaseModel):
    """What a migration of a wide extract left: the new extract, and the old one, paused."""

    extract: ExtractDetail
    source_extract: ExtractDetail
