"""Bodies of extract templates."""

from datetime import date
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
)

from headrace.connectors.contract import DataClass, FieldKind, SettingType
from headrace.kit.columns import FieldType
from headrace.rest.ids import IDS_END, IdIn
from headrace.rest.json_values import JsonObject
from headrace.runs.schemas import Scheduling
from headrace.templates.filters import MOST_FILTERS, Operator

MOST_OPTIONS_A_PAGE = 100
_MOST_FIELDS = 2000
_MOST_HISTORY_DAYS = 36_600

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Text = Annotated[str, StringConstraints(max_length=500)]
EmbeddedId = Annotated[int, Field(strict=True, ge=1, lt=IDS_END)]
"""An account's own id: a number, since text is a remote id (contract A28)."""


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


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class TemplateIn(BaseModel):
    """A template to create for the agency, from a global one (contract 3.6)."""

    parent_id: IdIn = Field(description="A global template of the data source.")
    title: Title = Field(examples=["Campaigns, hashed"], description="Unique within the agency.")
    description: str = Field("", max_length=2000)
    fields: list[Text] = Field(
        max_length=_MOST_FIELDS, description="Names of fields; mandatory ones are added back."
    )
    scheduling: list[Scheduling] | None = Field(
        None, min_length=1, max_length=24, description="Schedules of extracts that name none."
    )
    additional_params: JsonObject = Field(
        default_factory=dict,
        validation_alias=AliasChoices("additional_params", "custom_settings"),
        description="Custom settings by name; what is left out is the parent's.",
    )
    hashed_fields: list[Text] = Field(
        default_factory=list,
        max_length=_MOST_FIELDS,
        description="Fields among `fields` whose values are stored as salted digests only.",
    )
    historical_data_depth_limit: int | None = Field(
        None, ge=1, le=_MOST_HISTORY_DAYS, description="The most days of history; null for any."
    )
    connection_id: IdIn | None = Field(
        None, description="Needed with a wide parent: the fields are checked there."
    )

    _scheduling = field_validator("scheduling", mode="before")(_one_or_several)


class TemplatePatch(BaseModel):
    """Changes to a template of the agency; what it reads stays."""

    title: Title | None = None
    description: str | None = Field(None, max_length=2000)


class CustomFilter(BaseModel):
    """A condition that rows must meet; values without a field's value equal null."""

    field: Text = Field(examples=["country"])
    operator: Operator = Field(examples=["in"])
    value: JsonValue = Field(
        description="A scalar, or a list of scalars with `in` and `not_in`.",
        examples=[["DE", "AT"]],
    )


class _Filtering(BaseModel):
    """What may hold custom filters."""

    custom_filters: list[CustomFilter] | None = Field(
        None, max_length=MOST_FILTERS, description="Rows must meet all of them."
    )

    def filters(self) -> list[dict[str, Any]] | None:
        """The custom filters as plain objects."""
        if self.custom_filters is None:
            return None
        return [item.model_dump(mode="json") for item in self.custom_filters]


class PreviewIn(_Filtering):
    """What to read for a preview (contract 3.16)."""

    connection_id: IdIn
    custom_settings: JsonObject = Field(
        default_factory=dict,
        validation_alias=AliasChoices("custom_settings", "additional_params"),
        description="Custom settings by name; what is left out is the template's.",
    )
    fields: list[Text] = Field(max_length=_MOST_FIELDS)
    dynamic_fields: list[Text] = Field(default_factory=list, max_length=_MOST_FIELDS)
    accounts: list[Text] = Field(
        min_length=1, max_length=50, description="Remote ids of accounts of the connection."
    )


class PreviewColumnOut(BaseModel):
    """A column of a preview."""

    name: str
    title: str
    sql_name: str
    kind: FieldKind
    type: FieldType


class ExtractTemplatePreviewOut(BaseModel):
    """Rows as an extract would store them; at most 100."""

    columns: list[PreviewColumnOut]
    rows: list[dict[str, Any]] = Field(
        description="Values by field name; decimals are text, so that no digit is lost."
    )
    rows_count: int
    date_from: date | None = Field(description="The first day that was read; null without days.")
    date_to: date | None
    truncated: bool = Field(description="Whether there are more rows than these.")


class ValidationSettings(_Filtering):
    """Settings an extract would be created with; what is left out is the template's."""

    fields: list[Text] | None = Field(None, max_length=_MOST_FIELDS)
    dynamic_fields: list[Text] = Field(default_factory=list, max_length=_MOST_FIELDS)
    custom_settings: JsonObject = Field(
        default_factory=dict,
        validation_alias=AliasChoices("custom_settings", "additional_params"),
    )
    hashed_fields: list[Text] = Field(default_factory=list, max_length=_MOST_FIELDS)
    scheduling: list[Scheduling] | None = Field(None, max_length=24)

    _scheduling = field_validator("scheduling", mode="before")(_one_or_several)


class ValidationIn(BaseModel):
    """What to validate: accounts of one connection, and settings."""

    accounts: list[EmbeddedId] = Field(
        min_length=1, max_length=1000, description="Ids of accounts of one connection."
    )
    template_settings: ValidationSettings = Field(default_factory=ValidationSettings)


class ValidationErrorOut(BaseModel):
    """Something that is wrong, or may be."""

    code: str = Field(examples=["unknown_field"])
    field: str | None
    message: str


class ExtractTemplateValidationOut(BaseModel):
    """Whether an extract with these settings would work."""

    is_valid: bool
    errors: list[ValidationErrorOut]
    warnings: list[ValidationErrorOut]


class OptionsIn(BaseModel):
    """Which options to load (contract 3.17)."""

    template_id: IdIn
    connection_id: IdIn
    account_ids: list[Text] = Field(
        min_length=1, max_length=50, description="Remote ids of accounts of the connection."
    )
    custom_setting_name: Text = Field(examples=["conversion_action_types"])
    search_query: str = Field("", max_length=200, description="Part of an option, in any case.")
    page: int = Field(1, ge=1, le=1_000_000)
    page_size: int = Field(
        MOST_OPTIONS_A_PAGE, ge=1, description="Options an account and page; at most 100 count."
    )


class CustomSettingOptionOut(BaseModel):
    """One option of a setting."""

    value: Any
    label: str
    description: str | None


class CustomSettingOptionsAccountResultOut(BaseModel):
    """A page of the options of one account."""

    account_id: str
    count: int = Field(description="How many options there are, after the search.")
    next: str | None = Field(description="The number of the next page.")
    previous: str | None = Field(description="The number of the previous page.")
    results: list[CustomSettingOptionOut]
    search_applied: bool


class CustomSettingOptionsResponse(BaseModel):
    """Options of a custom setting by account."""

    custom_setting_name: str
    accounts: list[CustomSettingOptionsAccountResultOut]
