"""Bodies of extract templates."""

from typing import Any

from pydantic import BaseModel

from headrace.connectors.contract import DataClass, FieldKind, SettingType
from headrace.kit.columns import FieldType
from headrace.runs.schemas import Scheduling


class TemplateOut(BaseModel):
    """A ready-made choice of a report and its fields."""

    id: int
    title: str
    description: str
    data_class: DataClass
    datasource_name: str
    schedules_limit: int
    is_wide_template: bool


class FieldOut(BaseModel):
    """A field of a template or an extract."""

    title: str
    name: str
    user_kind: FieldKind
    user_type: FieldType
    selected: bool
    can_edit: bool
    sql_name: str
    format: str | None
    is_dynamic: bool


class AdditionalParam(BaseModel):
    """A custom setting of the report."""

    type: SettingType
    name: str
    required: bool
    title: str
    description: str
    params: dict[str, Any]
    initial_value: Any


class WritePolicy(BaseModel):
    """How a run's rows meet those that are there."""

    method: str
    scope: str


class TemplateDetail(TemplateOut):
    """A template with its fields and custom settings; system fields are not among them."""

    fields: list[FieldOut]
    additional_params: list[AdditionalParam]
    scheduling: list[Scheduling]
    sql_name: str
    report_type: str
    is_global: bool
    parent_id: int | None
    allow_to_select_dimensions: bool
    is_created_from_wide: bool
    historical_data_depth_limit: int | None
    hashed_fields: list[str]
    write_policy: WritePolicy


class TemplateCompact(BaseModel):
    """The little one needs to tell templates apart."""

    id: int
    datasource_name: str
    is_wide_template: bool
