"""Bodies of loads."""

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from headrace.data_tables.schemas import DataTableOut
from headrace.destinations.schemas import DestinationConnectionOut
from headrace.kit.told import told
from headrace.loaders.contract import WriteMode
from headrace.rest.ids import IdIn
from headrace.runs.schemas import DateRangeIn, Scheduling

Policy = Literal["after_extraction", "schedule", "manual"]
Status = Literal["init", "syncing", "synced", "paused", "error"]
_MAX_SCHEDULES = 24


class LoadPut(BaseModel):
    """A load's new run policy or schedules; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"run_policy": "schedule", "scheduling": [{"interval": "day", "hours": 6}]}
        }
    )

    run_policy: Policy | None = None
    scheduling: list[Scheduling] | None = Field(
        None,
        max_length=_MAX_SCHEDULES,
        description="With `schedule`: one or more; `lookback_window` is ignored.",
    )
    load_mode: WriteMode | None = Field(
        None, description="Extension. How rows already delivered are treated."
    )

    @field_validator("scheduling", mode="before")
    @classmethod
    def _one_is_a_list(cls, given: Any) -> Any:
        return [given] if isinstance(given, dict) else given


class LoadIn(LoadPut):
    """A load to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "data_table_id": 1,
                "destination_connection_id": "8b0d1c1e-93f7-4a7e-9d4b-0f1f6f4f8f3a",
                "destination_table": "facebook_ads_daily",
                "run_policy": "after_extraction",
                "load_mode": "replace",
                "load_historical_data": None,
            }
        }
    )

    data_table_id: IdIn = Field(examples=[1])
    destination_connection_id: str = Field(examples=["8b0d1c1e-93f7-4a7e-9d4b-0f1f6f4f8f3a"])
    destination_table: str | None = Field(
        None,
        min_length=1,
        max_length=1000,
        description="Default: the data table's `sql_name`.",
        examples=["facebook_ads_daily"],
    )
    load_historical_data: date | bool | None = Field(
        None,
        description="Rows of earlier days are never delivered; null or true: all are; false: only "
        "those from today on. Without effect on tables without days.",
    )


class LoadRunIn(DateRangeIn):
    """What to deliver now: nothing given, what changed; dates, exactly these days anew."""

    full: bool = Field(False, description="Extension. Deliver the whole table anew.")

    @model_validator(mode="after")
    def _all_or_some(self) -> Self:
        if self.full and self.date_from is not None:
            raise ValueError(told("give either dates or `full`"))
        return self


class LoadOut(BaseModel):
    """The delivery of a data table into a table of a destination."""

    id: int
    data_table: DataTableOut
    destination_connection: DestinationConnectionOut
    destination_table: str
    run_policy: Policy
    scheduling: list[Scheduling]
    load_mode: WriteMode = Field(description="Extension.")
    load_historical_data: date | None
    status: Status
    last_update: datetime | None = Field(description="The end of the last run.")
    error_text: str | None
    uploaded_rows_count: int | None = Field(description="Rows in the last run.")
