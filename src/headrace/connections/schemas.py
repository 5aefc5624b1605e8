"""Bodies of data sources, connections and accounts."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from headrace.connectors.contract import AuthKind, SettingType
from headrace.kit.told import told
from headrace.rest.ids import IdIn
from headrace.rest.json_values import JsonObject


class DataSourceOut(BaseModel):
    """A platform that can be connected."""

    name: str = Field(examples=["facebook"])
    title: str = Field(examples=["Meta Ads"])
    categories: list[str] = Field(examples=[["Advertising"]])


class FormField(BaseModel):
    """One input of a form."""

    name: str
    title: str
    type: SettingType
    required: bool
    secret: bool
    description: str
    initial_value: Any
    options: list[dict[str, str]]


class AuthForm(BaseModel):
    """How a connection is authorised: `none`, `credentials` or `oauth2`, and the fields to give."""

    kind: AuthKind
    fields: list[FormField]


class DataSourceDetail(DataSourceOut):
    """A platform with the form to connect it."""

    auth: AuthForm
    settings: list[FormField]
    docs_url: str | None


class ConnectionIn(BaseModel):
    """A connection to create."""

    title: str = Field("", max_length=255, description="Empty: the data source's title.")
    credentials: JsonObject = Field(
        default_factory=dict, examples=[{"access_token": "EAABsbCS1iHgBA"}]
    )
    settings: JsonObject = Field(default_factory=dict)
    account_sync_mode: Literal["all", "selected"] = Field(
        "all", description="`all`: accounts that appear later are enabled by themselves."
    )
    accounts: list[str] | None = Field(
        None,
        description="With `selected`: remote ids of the accounts to enable.",
        examples=[["1180230942"]],
    )


class ReauthorizeIn(BaseModel):
    """New credentials for a connection; what is left out stays as it is."""

    title: str | None = Field(None, min_length=1, max_length=255)
    credentials: JsonObject | None = Field(None, examples=[{"access_token": "EAABsbCS1iHgBA"}])
    settings: JsonObject | None = None


class ConnectionOut(BaseModel):
    """A customer's authorization at a data source. Some names are misspelled as published."""

    id: int
    uid: UUID
    title: str
    datasource_name: str
    status: Literal["active", "error"]
    error_text: str | None
    created_at: datetime
    updated_at: datetime
    accounts_number: int
    enabled_for_extraction_accounts_number: int
    accounts_status: Literal["loading", "no_accounts", "active", "error"]
    update_accounts_last_successed: datetime | None
    update_accounts_was_successfull: bool | None


class AccountOut(BaseModel):
    """One remote account of a connection."""

    id: int
    account_id: str = Field(description="The account's id at the platform.")
    title: str
    currency: str | None
    connection_id: int
    datasource_name: str
    created_at: datetime
    updated_at: datetime
    is_active: bool
    enabled_for_embedded_extraction: bool
    item: dict[str, Any] | None = Field(description="What else the platform says of it.")


class AccountPatch(BaseModel):
    """Whether an account may be extracted."""

    enabled_for_embedded_extraction: bool


class AccountChange(AccountPatch):
    """The same, for one account of several."""

    id: IdIn


class AccountsPatch(BaseModel):
    """Changes to several accounts: `accounts`, or `account_ids` with one value for all of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"accounts": [{"id": 1, "enabled_for_embedded_extraction": True}]}
        }
    )

    accounts: list[AccountChange] | None = Field(None, max_length=10_000)
    account_ids: list[IdIn] | None = Field(None, max_length=10_000)
    enabled_for_embedded_extraction: bool | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.accounts is None) == (self.account_ids is None):
            raise ValueError(told("give either `accounts` or `account_ids`"))
        if self.account_ids is not None and self.enabled_for_embedded_extraction is None:
            raise ValueError(told("with `account_ids`, give `enabled_for_embedded_extraction`"))
        return self

    def changes(self) -> dict[int, bool]:
        """The wanted value by account id."""
        if self.accounts is not None:
            return {item.id: item.enabled_for_embedded_extraction for item in self.accounts}
        enabled = bool(self.enabled_for_embedded_extraction)
        return dict.fromkeys(self.account_ids or [], enabled)
