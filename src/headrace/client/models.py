"""The bodies that the API takes and gives; written by `make client`, not by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field


class AccountChange(Struct, kw_only=True):
    """
    The same, for one account of several.
    """

    enabled_for_embedded_extraction: bool
    id: int


class Account(Struct, kw_only=True):
    """
    One remote account of a connection.
    """

    id: int
    account_id: Annotated[str, Meta(description="The account's id at the platform.")]
    title: str
    currency: str | None
    connection_id: int
    datasource_name: str
    created_at: datetime
    updated_at: datetime
    is_active: bool
    enabled_for_embedded_extraction: bool
    item: Annotated[dict[str, Any], Meta(description="What else the platform says of it.")] | None


class AccountPatch(Struct, kw_only=True):
    """
    Whether an account may be extracted.
    """

    enabled_for_embedded_extraction: bool


class AccountsPatch(Struct, kw_only=True):
    """
    Changes to several accounts: `accounts`, or `account_ids` with one value for all of them.
    """

    accounts: list[AccountChange] | None | UnsetType = UNSET
    account_ids: list[int] | None | UnsetType = UNSET
    enabled_for_embedded_extraction: bool | None | UnsetType = UNSET


AuthKind: TypeAlias = Annotated[
    Literal["none", "credentials", "oauth2"],
    Meta(description="How a person authorises a connection."),
]


BadValues: TypeAlias = Annotated[
    Literal["fail", "null_and_count"],
    Meta(description="What to do with a value that is not what its column says."),
]


Category: TypeAlias = Annotated[
    Literal["warehouse", "database", "file_storage", "bi"],
    Meta(description="The family of a destination (contract 3.12)."),
]


class Column(Struct, kw_only=True):
    """
    A column of a page of rows.
    """

    name: str
    title: str
    type: Literal["string", "number", "boolean", "date", "datetime"]


class ConnectionIn(Struct, kw_only=True):
    """
    A connection to create.
    """

    title: Annotated[str, Meta(description="Empty: the data source's title.")] | UnsetType = UNSET
    credentials: dict[str, Any] | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    account_sync_mode: (
        Annotated[
            Literal["all", "selected"],
            Meta(description="`all`: accounts that appear later are enabled by themselves."),
        ]
        | UnsetType
    ) = UNSET
    accounts: (
        Annotated[
            list[str],
            Meta(description="With `selected`: remote ids of the accounts to enable."),
        ]
        | None
        | UnsetType
    ) = UNSET


class Connection(Struct, kw_only=True):
    """
    A customer's authorization at a data source. Some names are misspelled as published.
    """

    id: int
    uid: str
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


class CoverageRange(Struct, kw_only=True):
    """
    Days read with one outcome; without dates for tables that have no days.
    """

    date_from: date | None
    date_to: date | None
    state: Literal["final", "provisional", "empty"]


class Dashboard(Struct, kw_only=True):
    """
    A page that shows something of a workspace.
    """

    dashboard_id: Annotated[int, Meta(description="Constant for a workspace.")]
    title: str
    data_name: Annotated[
        str,
        Meta(
            description="The kind of data it shows: `performance`, `freshness` or `pipeline_health`."
        ),
    ]
    url: Annotated[str, Meta(description="Where its page is, for users of the agency.")] | None


DataClass: TypeAlias = Annotated[
    Literal["daily", "lifetime", "default"],
    Meta(description="How a report's rows relate to time (contract section 2)."),
]


class DataSource(Struct, kw_only=True):
    """
    A platform that can be connected.
    """

    name: str
    title: str
    categories: list[str]


class DataTableIn(Struct, kw_only=True):
    """
    Which fields every load of the table delivers: the whole list.
    """

    selected_fields: list[str] | None | UnsetType = UNSET
    title: str | None | UnsetType = UNSET
    auto_extract_new_accounts: bool | None | UnsetType = UNSET


class DataTable(Struct, kw_only=True):
    """
    A table that extracts fill and loads deliver.
    """

    id: int
    title: str
    datasource_name: str


class DateRangeIn(Struct, kw_only=True):
    """
    Days to run for; both or neither.
    """

    date_from: date | None | UnsetType = UNSET
    date_to: date | None | UnsetType = UNSET


class DestinationConnectionIn(Struct, kw_only=True):
    """
    A destination connection to create.
    """

    title: Annotated[str, Meta(description="Empty: the destination's title.")] | UnsetType = UNSET
    create_load_for_new_tables: (
        Annotated[
            bool,
            Meta(description="Whether every new data table gets a load into this destination."),
        ]
        | UnsetType
    ) = UNSET
    destination_name: (
        Annotated[str, Meta(description="If given, the name in the path.")] | None | UnsetType
    ) = UNSET
    connection_params: (
        Annotated[
            dict[str, Any],
            Meta(
                description="By name, as `info.connection_params` of the destination lists them. Also accepted as `connections_params` and `conenctions_params`."
            ),
        ]
        | UnsetType
    ) = UNSET


class DestinationConnectionPatch(Struct, kw_only=True):
    """
    Changes of a destination connection that need no check; what is left out stays.
    """

    title: str | None | UnsetType = UNSET
    create_load_for_new_tables: bool | None | UnsetType = UNSET


class DestinationReauthorizeIn(Struct, kw_only=True):
    """
    New parameters for a destination connection, all of them; a secret sent as `********` stays.
    """

    title: str | None | UnsetType = UNSET
    connection_params: (
        Annotated[
            dict[str, Any],
            Meta(
                description="By name, as `info.connection_params` of the destination lists them. Also accepted as `connections_params` and `conenctions_params`."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class EmbedSessionOpened(Struct, kw_only=True):
    """
    A session that was just opened. Its cookie is set as well; a page keeps one of the two.
    """

    session_id: str
    workspace_id: int
    purpose: Literal["workspace", "datasource", "destination"]
    datasource_name: str | None
    destination_name: str | None
    connection_id: int | str | None
    origin: (
        Annotated[
            str,
            Meta(description="The page that may show the iframe, and to which its messages go."),
        ]
        | None
    )
    return_url: str | None
    theme: Literal["auto", "light", "dark"]
    lang: str | None
    permissions: list[str]
    token: Annotated[
        str,
        Meta(
            description="For browsers that keep no cookie of a frame: send it as Bearer, hold it in memory alone."
        ),
    ]
    expires_in: Annotated[int, Meta(description="Seconds until it expires if it is not used.")]
    expires_at: datetime


class EmbedSession(Struct, kw_only=True):
    """
    The session of an iframe: what it is for.
    """

    session_id: str
    workspace_id: int
    purpose: Literal["workspace", "datasource", "destination"]
    datasource_name: str | None
    destination_name: str | None
    connection_id: int | str | None
    origin: (
        Annotated[
            str,
            Meta(description="The page that may show the iframe, and to which its messages go."),
        ]
        | None
    )
    return_url: str | None
    theme: Literal["auto", "light", "dark"]
    lang: str | None
    permissions: list[str]


class ExternalAuthDone(Struct, kw_only=True):
    """
    The credentials work and were stored; the link is spent.
    """

    status: Literal["used"]
    datasource_name: str


class ExternalAuthIn(Struct, kw_only=True):
    """
    What the holder of a link gives.
    """

    credentials: dict[str, Any] | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET


class ExternalAuthLink(Struct, kw_only=True):
    """
    A request for credentials: one use, 14 days.
    """

    id: str
    datasource_name: str
    email: str | None
    url: Annotated[str, Meta(description="At creation only; null ever after.")] | None
    status: Literal["pending", "used", "expired", "revoked"]
    send_email: bool
    connection_id: (
        Annotated[
            int,
            Meta(description="The connection to reconnect, or the one that was made."),
        ]
        | None
    )
    message: str | None
    mail_status: Annotated[
        Literal["none", "queued", "sent", "failed"],
        Meta(description="What became of the mail, if one was asked for."),
    ]
    mail_error: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class ExternalAuthLinksIn(Struct, kw_only=True):
    """
    Whom to ask for credentials, and how.
    """

    emails: (
        Annotated[
            list[str],
            Meta(description="One link for each; none makes one link, which you deliver yourself."),
        ]
        | UnsetType
    ) = UNSET
    send_email: Annotated[bool, Meta(description="Whether to mail each its link.")] | UnsetType = (
        UNSET
    )
    connection_id: (
        Annotated[int, Meta(description="To reconnect this connection.")] | None | UnsetType
    ) = UNSET
    message: Annotated[str, Meta(description="A word to those asked.")] | None | UnsetType = UNSET


FieldKind: TypeAlias = Annotated[
    Literal["dimension", "metric", "property", "date_key"],
    Meta(description="The part a field plays in its report (contract section 2)."),
]


class Field(Struct, kw_only=True):
    """
    A field of a template or an extract.
    """

    title: str
    name: str
    user_kind: FieldKind
    user_type: Literal["string", "number", "boolean", "date", "datetime"]
    selected: bool
    can_edit: bool
    sql_name: str
    format: str | None
    is_dynamic: bool


class IframeUrlIn(Struct, kw_only=True):
    """
    What the iframe is to be for. None of the names: the page that manages connections.
    """

    workspace_id: (
        Annotated[int, Meta(description="Required with Basic credentials.")] | None | UnsetType
    ) = UNSET
    datasource_name: (
        Annotated[str, Meta(description="To connect this source.")] | None | UnsetType
    ) = UNSET
    destination_name: (
        Annotated[str, Meta(description="To connect this destination instead.")] | None | UnsetType
    ) = UNSET
    connection_id: (
        Annotated[
            int | str,
            Meta(
                description="To reconnect or change this connection: of a data source, or with `destination_name` the id of a destination connection."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    return_url: (
        Annotated[
            str,
            Meta(description="Where to go when all is done; on `origin` or a listed origin."),
        ]
        | None
        | UnsetType
    ) = UNSET
    origin: (
        Annotated[
            str,
            Meta(
                description="Origin of the page that shows the iframe; no other can. Left out: the only one that the server's operator listed, else none: the page opens in a window of its own."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    theme: Literal["auto", "light", "dark"] | UnsetType = UNSET
    lang: (
        Annotated[str, Meta(description="Language of the page, as in `de` or `pt-BR`.")]
        | None
        | UnsetType
    ) = UNSET


class IframeUrl(Struct, kw_only=True):
    """
    A URL that opens the iframe once.
    """

    url: str
    expires_at: Annotated[datetime, Meta(description="Until when it may lie unused.")]


JsonValue: TypeAlias = Any


class LoadRunIn(Struct, kw_only=True):
    """
    What to deliver now: nothing given, what changed; dates, exactly these days anew.
    """

    date_from: date | None | UnsetType = UNSET
    date_to: date | None | UnsetType = UNSET
    full: (
        Annotated[bool, Meta(description="Extension. Deliver the whole table anew.")] | UnsetType
    ) = UNSET


class LookbackWindow(Struct, kw_only=True):
    """
    Which days a scheduled run covers: the template's own window, today, all, or the last N.
    """

    name: Literal["default", "live", "max", "custom"] | UnsetType = UNSET
    days: (
        Annotated[int, Meta(description="With `custom`: how many days; absent otherwise.")]
        | None
        | UnsetType
    ) = UNSET


Operator: TypeAlias = Annotated[
    Literal["eq", "ne", "in", "not_in", "contains", "not_contains", "gt", "gte", "lt", "lte"],
    Meta(description="How a filter compares (contract section 2, `custom_filters` operators)."),
]


class PaginatedAccountList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Account]


class PaginatedConnectionsList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Connection]


class PaginatedDataSourceList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[DataSource]


class PaginatedDataTableList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[DataTable]


class PaginatedExternalAuthLinkList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[ExternalAuthLink]


ParamType: TypeAlias = Annotated[
    Literal["string", "integer", "boolean", "select"],
    Meta(description="The kinds of input a connection form can ask for."),
]


class ReauthorizeIn(Struct, kw_only=True):
    """
    New credentials for a connection; what is left out stays as it is.
    """

    title: str | None | UnsetType = UNSET
    credentials: dict[str, Any] | None | UnsetType = UNSET
    settings: dict[str, Any] | None | UnsetType = UNSET


class Rows(Struct, kw_only=True):
    """
    A page of a data table's rows; decimals are text, so that no digit is lost.
    """

    columns: list[Column]
    rows: list[dict[str, Any]]
    count: Annotated[int, Meta(description="Rows in the whole table.")]


class Run(Struct, kw_only=True):
    """
    One execution: what started it, how far it is, what came of it.
    """

    id: int
    kind: str
    subject_id: Annotated[str, Meta(description="Id of the extract, load or connection it is of.")]
    trigger: str
    status: Literal["waiting", "admitted", "running", "succeeded", "failed", "cancelled"]
    due_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: Annotated[
        int,
        Meta(description="Failures since the last progress, each followed by another try."),
    ]
    rows_read: int
    rows_written: int
    rows_deleted: int
    rows_rejected: Annotated[
        int, Meta(description="Values that were not what their column says, nulled.")
    ]
    bytes_written: int
    retries: int
    error_class: str | None
    error_text: str | None
    windows_done: int
    windows_total: int


class RunWindow(Struct, kw_only=True):
    """
    One window of a run.
    """

    date_from: date | None
    date_to: date | None
    is_done: bool
    rows: int
    finished_at: datetime | None


class SchedulingIn(Struct, kw_only=True):
    """
    When something runs (contract 3.8 and 5.1).
    """

    days: (
        Annotated[
            int,
            Meta(
                description="Day within the interval, from 0: 0 for hour and day, 0-6 for week (0 is Monday), 0-30 for month."
            ),
        ]
        | UnsetType
    ) = UNSET
    hours: Annotated[int, Meta(description="Hour of the start.")] | UnsetType = UNSET
    minutes: Annotated[int, Meta(description="Minute of the start.")] | UnsetType = UNSET
    interval: Literal["hour", "day", "week", "month"] | UnsetType = UNSET
    timezone: (
        Annotated[str, Meta(description="IANA time zone the schedule is read in.")] | UnsetType
    ) = UNSET
    recurrence: Annotated[int, Meta(description="Every how many intervals.")] | UnsetType = UNSET
    lookback_window: (
        Annotated[LookbackWindow, Meta(description="Days to extract; ignored on loads.")]
        | UnsetType
    ) = UNSET


class Scheduling(Struct, kw_only=True):
    """
    When something runs (contract 3.8 and 5.1).
    """

    days: Annotated[
        int,
        Meta(
            description="Day within the interval, from 0: 0 for hour and day, 0-6 for week (0 is Monday), 0-30 for month."
        ),
    ]
    hours: Annotated[int, Meta(description="Hour of the start.")]
    minutes: Annotated[int, Meta(description="Minute of the start.")]
    interval: Literal["hour", "day", "week", "month"]
    timezone: Annotated[str, Meta(description="IANA time zone the schedule is read in.")]
    recurrence: Annotated[int, Meta(description="Every how many intervals.")]
    lookback_window: Annotated[
        LookbackWindow, Meta(description="Days to extract; ignored on loads.")
    ]


class Session(Struct, kw_only=True):
    """
    A browser session; its id is in the `dts_session_id` cookie.
    """

    expires_in: Annotated[int, Meta(description="Seconds until it expires if it is not used.")]
    expires_at: datetime


SettingType: TypeAlias = Annotated[
    Literal[
        "boolean",
        "string",
        "integer",
        "date",
        "select",
        "multi_select",
        "dynamic_select",
        "dynamic_multi_select",
    ],
    Meta(
        description="The kinds of input a form can ask for (contract section 2, `AdditionalParams.type`)."
    ),
]


class TableField(Struct, kw_only=True):
    """
    A column of a data table.
    """

    kind: FieldKind
    title: str
    name: str
    sql_name: str
    field_type: Literal["string", "number", "boolean", "date", "datetime"]
    format: str | None
    is_dynamic: bool
    is_selected: bool
    is_system: bool


class ExtractTemplateCompact(Struct, kw_only=True):
    """
    The little one needs to tell templates apart.
    """

    id: int
    datasource_name: str
    is_wide_template: bool


class ExtractTemplate(Struct, kw_only=True):
    """
    A ready-made choice of a report and its fields.
    """

    id: int
    title: str
    description: str
    data_class: DataClass
    datasource_name: str
    schedules_limit: int
    is_wide_template: bool


class TokenIn(Struct, kw_only=True):
    """
    Which workspace the token is for.
    """

    workspace_id: int


class Token(Struct, kw_only=True):
    """
    A workspace token; it is shown once.
    """

    token: str
    expires_in: Annotated[int, Meta(description="Seconds until it expires if it is not used.")]
    expires_at: datetime
    workspace_id: int


class WorkspaceIn(Struct, kw_only=True):
    """
    A workspace to create, or its new title and description.
    """

    title: str
    description: str | UnsetType = UNSET


class Workspace(Struct, kw_only=True):
    """
    One customer of the agency.
    """

    id: int
    title: str
    description: str
    created_at: datetime
    updated_at: datetime


WriteMode: TypeAlias = Annotated[
    Literal["append", "replace", "upsert"],
    Meta(
        description="How a load treats rows already delivered (contract section 2, load behaviour)."
    ),
]


class WritePolicy(Struct, kw_only=True):
    """
    How a run's rows meet those that are there.
    """

    method: str
    scope: str


class Error(Struct, kw_only=True):
    details: Annotated[str, Meta(description="What is wrong and what to do.")]
    errors: (
        Annotated[dict[str, list[str]], Meta(description="The same by field, for forms.")]
        | UnsetType
    ) = UNSET
    request_id: Annotated[str, Meta(description="With 500 only.")] | None | UnsetType = UNSET


class AccountCoverage(Struct, kw_only=True):
    """
    Which days of an account were read; days that no range names never were.
    """

    account_id: str
    ranges: list[CoverageRange]


class AdditionalParams(Struct, kw_only=True):
    """
    A custom setting of the report.
    """

    type: SettingType
    name: str
    required: bool
    title: str
    description: str
    params: dict[str, Any]
    initial_value: Any


class CustomFilter(Struct, kw_only=True):
    """
    One condition that rows must meet to be stored; values without a field's value equal null.
    """

    field_: str = field(name="field")
    operator: Operator
    value: Annotated[
        JsonValue,
        Meta(description="A scalar, or a list of scalars with `in` and `not_in`."),
    ]


class DataTableDetail(Struct, kw_only=True):
    """
    A data table with its whole schema, system fields among it.
    """

    id: int
    title: str
    datasource_name: str
    freshness: datetime | None
    report_type: str
    data_class: DataClass
    workspace: int
    sql_name: str
    auto_extract_new_accounts: bool
    fields: list[TableField]


class ExtractDetail(Struct, kw_only=True):
    """
    An extract with its fields.
    """

    id: int
    title: str
    connection_id: int
    account_id: Annotated[str, Meta(description="The account's id at the platform.")]
    account_name: str
    created_at: datetime
    last_sync: datetime | None
    status: Literal["init", "syncing", "synced", "paused", "error"]
    error_text: str | None
    schedules_limit: int
    sync_historical_data: date | None
    account_entity_id: int
    account_embedded_id: int
    is_wide_template: bool
    scheduling: list[Scheduling]
    additional_params: dict[str, Any]
    data_table: DataTable
    template_id: int
    datasource_name: str
    hashed_fields: list[str]
    custom_filters: list[CustomFilter]
    bad_values: BadValues
    fields: list[Field]


class ExtractMigration(Struct, kw_only=True):
    """
    What a migration of a wide extract left: the new extract, and the old one, paused.
    """

    extract: ExtractDetail
    source_extract: ExtractDetail


class Extract(Struct, kw_only=True):
    """
    A template applied to one account, on a schedule, into a data table.
    """

    id: int
    title: str
    connection_id: int
    account_id: Annotated[str, Meta(description="The account's id at the platform.")]
    account_name: str
    created_at: datetime
    last_sync: datetime | None
    status: Literal["init", "syncing", "synced", "paused", "error"]
    error_text: str | None
    schedules_limit: int
    sync_historical_data: date | None
    account_entity_id: int
    account_embedded_id: int
    is_wide_template: bool
    scheduling: list[Scheduling]
    additional_params: dict[str, Any]
    data_table: DataTable
    template_id: int
    datasource_name: str
    hashed_fields: list[str]
    custom_filters: list[CustomFilter]
    bad_values: BadValues


class ExtractPatch(Struct, kw_only=True):
    """
    Changes to an extract; what is left out stays as it is.
    """

    scheduling: list[SchedulingIn] | None | UnsetType = UNSET
    fields: list[str] | None | UnsetType = UNSET
    additional_params: dict[str, Any] | None | UnsetType = UNSET
    sync_historical_data: date | None | UnsetType = UNSET


class ExtractPut(Struct, kw_only=True):
    """
    All that can be changed of an extract; what is left out goes back to the template's.
    """

    scheduling: list[SchedulingIn] | None | UnsetType = UNSET
    fields: list[str] | None | UnsetType = UNSET
    additional_params: dict[str, Any] | None | UnsetType = UNSET
    sync_historical_data: date | None | UnsetType = UNSET


class FormField(Struct, kw_only=True):
    """
    One input of a form.
    """

    name: str
    title: str
    type: SettingType
    required: bool
    secret: bool
    description: str
    initial_value: Any
    options: list[dict[str, str]]


class LoadIn(Struct, kw_only=True):
    """
    A load to create.
    """

    data_table_id: int
    destination_connection_id: str
    run_policy: Literal["after_extraction", "schedule", "manual"] | None | UnsetType = UNSET
    scheduling: (
        Annotated[
            list[SchedulingIn],
            Meta(description="With `schedule`: one or more; `lookback_window` is ignored."),
        ]
        | None
        | UnsetType
    ) = UNSET
    load_mode: (
        Annotated[
            WriteMode,
            Meta(description="Extension. How rows already delivered are treated."),
        ]
        | None
        | UnsetType
    ) = UNSET
    destination_table: (
        Annotated[str, Meta(description="Default: the data table's `sql_name`.")] | None | UnsetType
    ) = UNSET
    load_historical_data: (
        Annotated[
            date | bool,
            Meta(
                description="Rows of earlier days are never delivered; null or true: all are; false: only those from today on. Without effect on tables without days."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class LoadPut(Struct, kw_only=True):
    """
    A load's new run policy or schedules; what is left out stays.
    """

    run_policy: Literal["after_extraction", "schedule", "manual"] | None | UnsetType = UNSET
    scheduling: (
        Annotated[
            list[SchedulingIn],
            Meta(description="With `schedule`: one or more; `lookback_window` is ignored."),
        ]
        | None
        | UnsetType
    ) = UNSET
    load_mode: (
        Annotated[
            WriteMode,
            Meta(description="Extension. How rows already delivered are treated."),
        ]
        | None
        | UnsetType
    ) = UNSET


class PaginatedExtractList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Extract]


class PaginatedRunList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Run]


class PaginatedExtractTemplateList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[ExtractTemplate]


class PaginatedWorkspaceList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Workspace]


class Param(Struct, kw_only=True):
    """
    One input of a destination's form.
    """

    type: ParamType
    name: str
    required: bool
    secret: bool
    title: str
    description: str
    params: Annotated[dict[str, Any], Meta(description="With `select`: `options`.")]
    initial_value: Any


class RunDetail(Struct, kw_only=True):
    """
    A run with its windows.
    """

    id: int
    kind: str
    subject_id: Annotated[str, Meta(description="Id of the extract, load or connection it is of.")]
    trigger: str
    status: Literal["waiting", "admitted", "running", "succeeded", "failed", "cancelled"]
    due_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: Annotated[
        int,
        Meta(description="Failures since the last progress, each followed by another try."),
    ]
    rows_read: int
    rows_written: int
    rows_deleted: int
    rows_rejected: Annotated[
        int, Meta(description="Values that were not what their column says, nulled.")
    ]
    bytes_written: int
    retries: int
    error_class: str | None
    error_text: str | None
    windows_done: int
    windows_total: int
    windows: list[RunWindow]


class ExtractTemplateDetail(Struct, kw_only=True):
    """
    A template with its fields and custom settings; system fields are not among them.
    """

    id: int
    title: str
    description: str
    data_class: DataClass
    datasource_name: str
    schedules_limit: int
    is_wide_template: bool
    fields: list[Field]
    additional_params: list[AdditionalParams]
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


class TemplateSettings(Struct, kw_only=True):
    """
    How an extract departs from its template; what is left out is the template's.
    """

    fields: list[str] | None | UnsetType = UNSET
    dynamic_fields: list[str] | UnsetType = UNSET
    additional_params: (
        Annotated[
            dict[str, Any],
            Meta(
                description="The report's custom settings by name; `custom_settings` is read too."
            ),
        ]
        | UnsetType
    ) = UNSET
    scheduling: list[SchedulingIn] | None | UnsetType = UNSET
    sync_historical_data: (
        Annotated[date, Meta(description="First day of history to read.")] | None | UnsetType
    ) = UNSET
    bad_values: (
        Annotated[
            BadValues,
            Meta(description="What becomes of values that are not what their column says."),
        ]
        | UnsetType
    ) = UNSET
    hashed_fields: (
        Annotated[
            list[str],
            Meta(
                description="Fields whose values are stored as salted SHA-256 digests, beside those that the template hashes."
            ),
        ]
        | UnsetType
    ) = UNSET
    custom_filters: (
        Annotated[
            list[CustomFilter],
            Meta(description="Only rows that meet all of them are stored."),
        ]
        | None
        | UnsetType
    ) = UNSET


class AuthForm(Struct, kw_only=True):
    """
    How a connection is authorised: `none`, `credentials` or `oauth2`, and the fields to give.
    """

    kind: AuthKind
    fields: list[FormField]


class DataSourceDetail(Struct, kw_only=True):
    """
    A platform with the form to connect it.
    """

    name: str
    title: str
    categories: list[str]
    auth: AuthForm
    settings: list[FormField]
    docs_url: str | None


class DestinationInfo(Struct, kw_only=True):
    """
    What a destination can do and what it asks for.
    """

    category: Category
    connection_params: list[Param]
    supported_load_modes: list[WriteMode]
    supports_partitioning: bool
    docs_url: str | None


class Destination(Struct, kw_only=True):
    """
    A kind of place that loads can deliver to.
    """

    name: str
    title: str
    info: DestinationInfo


class ExternalAuthRequest(Struct, kw_only=True):
    """
    What the holder of a link is asked for, and by whom.
    """

    requested_by: str
    agency_title: str
    message: str | None
    is_reconnect: bool
    expires_at: datetime
    datasource: DataSourceDetail


class ExtractIn(Struct, kw_only=True):
    """
    Extracts to create: one for each account, all into one data table.
    """

    data_table_title: str
    template_id: int
    accounts: Annotated[list[int], Meta(description="Ids of accounts of one connection.")]
    template_settings: TemplateSettings | UnsetType = UNSET


class MigrateWideIn(Struct, kw_only=True):
    """
    Other dimensions for a wide extract; settings left out are the old extract's.
    """

    extract_id: Annotated[int, Meta(description="The wide extract, which is paused.")]
    fields: list[str]
    data_table_title: (
        Annotated[
            str,
            Meta(description="Of the new data table; left out: the old one's with a number."),
        ]
        | None
        | UnsetType
    ) = UNSET
    template_settings: TemplateSettings | UnsetType = UNSET


class PaginatedDestinationList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Destination]


class DestinationConnectionDetail(Struct, kw_only=True):
    """
    A destination connection with its parameters; secrets are shown as `********`.
    """

    id: str
    destination: Destination
    title: str
    updated_at: datetime
    status: Annotated[
        Literal["initializing", "active", "error"],
        Meta(description="`initializing` while it is checked."),
    ]
    error_text: str | None
    is_editable: bool
    create_load_for_new_tables: bool
    connection_params: dict[str, Any]


class DestinationConnection(Struct, kw_only=True):
    """
    A customer's database, bucket or folder that loads deliver to.
    """

    id: str
    destination: Destination
    title: str
    updated_at: datetime
    status: Annotated[
        Literal["initializing", "active", "error"],
        Meta(description="`initializing` while it is checked."),
    ]
    error_text: str | None
    is_editable: bool
    create_load_for_new_tables: bool


class Load(Struct, kw_only=True):
    """
    The delivery of a data table into a table of a destination.
    """

    id: int
    data_table: DataTable
    destination_connection: DestinationConnection
    destination_table: str
    run_policy: Literal["after_extraction", "schedule", "manual"]
    scheduling: list[Scheduling]
    load_mode: Annotated[WriteMode, Meta(description="Extension.")]
    load_historical_data: date | None
    status: Literal["init", "syncing", "synced", "paused", "error"]
    last_update: Annotated[datetime, Meta(description="The end of the last run.")] | None
    error_text: str | None
    uploaded_rows_count: Annotated[int, Meta(description="Rows in the last run.")] | None


class PaginatedDestinationConnectionList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[DestinationConnection]


class PaginatedLoadList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Load]
