"""The bodies that the API takes and gives; written by `make client`, not by hand."""

from __future__ import annotations

from datetime import date as date_aliased
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field


class AccountChange(Struct, kw_only=True):
    """
    The same, for one account of several.
    """

    enabled_for_embedded_extraction: bool
    id: int


class AccountFreshness(Struct, kw_only=True):
    """
    How fresh an account of a data table is; days are those of the account's time zone.
    """

    account_id: str
    account_name: str | None
    is_extracted: Annotated[
        bool, Meta(description="Whether an extract still reads it into the table.")
    ]
    wanted_from: (
        Annotated[date_aliased, Meta(description="First day of the history to read.")] | None
    )
    newest_final_day: (
        Annotated[date_aliased, Meta(description="The newest day that was read for good.")] | None
    )
    newest_read_day: date_aliased | None
    newest_day_with_rows: date_aliased | None
    last_sync: Annotated[datetime, Meta(description="When a run of it last ended well.")] | None
    oldest_unsynced_day: (
        Annotated[
            date_aliased,
            Meta(
                description="First wanted day, up to yesterday, that was never read; null: none is missing."
            ),
        ]
        | None
    )
    oldest_failed_day: (
        Annotated[
            date_aliased,
            Meta(description="First day whose run failed for good, and that was not read since."),
        ]
        | None
    )
    failed_run_id: int | None
    is_doubted: bool
    age_days: (
        Annotated[
            int,
            Meta(
                description="Days from the newest day read to yesterday: 0 where nothing newer can be read."
            ),
        ]
        | None
    )


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


class Aggregate(Struct, kw_only=True):
    """
    A figure of each group; nulls are left out, and a figure of no values is null (a count 0).
    """

    function: Literal["sum", "min", "max", "avg", "count", "count_distinct"]
    column: (
        Annotated[str, Meta(description="`count` without it counts rows.")] | None | UnsetType
    ) = UNSET
    name: (
        Annotated[str, Meta(description="Absent: the column's, or `rows`.")] | None | UnsetType
    ) = UNSET


AuthKind: TypeAlias = Annotated[
    Literal["none", "credentials", "oauth2"],
    Meta(description="How a person authorises a connection."),
]


class AuthorizationIn(Struct, kw_only=True):
    """
    What is to come of an authorization.
    """

    title: (
        Annotated[str, Meta(description="Of the connection; empty: the source's.")] | UnsetType
    ) = UNSET
    settings: (
        Annotated[
            dict[str, Any],
            Meta(description="The connection's settings, as at its creation."),
        ]
        | UnsetType
    ) = UNSET
    connection_id: (
        Annotated[int, Meta(description="To reconnect this connection.")] | None | UnsetType
    ) = UNSET


class AuthorizationProblem(Struct, kw_only=True):
    """
    Why an authorization came to nothing.
    """

    error_type: str
    error_code: str
    error_message: Annotated[str, Meta(description="For developers.")]
    display_message: Annotated[str, Meta(description="For the person at the screen, in English.")]
    retryable: bool


class AutomatedRecipeBuildResponse(Struct, kw_only=True):
    """
    What became of a request to build.
    """

    status: Literal["started", "already_running", "not_ready"]
    message: str


class AutomatedRecipeConnectionAccount(Struct, kw_only=True):
    """
    An account that is read.
    """

    id: int
    account_id: Annotated[str, Meta(description="The account's id at the platform.")]


class AutomatedRecipeCreateResponse(Struct, kw_only=True):
    """
    An automated recipe that was created.
    """

    recipe_id: str
    template_id: int
    title: str
    state: Literal["Extracting Data", "Ready to Build", "Building", "Active", "Error", "Paused"]


class AutomatedRecipe(Struct, kw_only=True):
    """
    A template applied to accounts of a workspace.
    """

    recipe_id: str
    template_id: int
    template_title: str
    title: str
    state: Literal["Extracting Data", "Ready to Build", "Building", "Active", "Error", "Paused"]
    workspace_id: int
    created_at: datetime
    updated_at: datetime


class AutomatedRecipeTemplateDataSource(Struct, kw_only=True):
    """
    A data source whose accounts a template takes.
    """

    name: str
    title: str


class AutomatedRecipeTemplate(Struct, kw_only=True):
    """
    A data table that can be built of chosen accounts.
    """

    id: int
    title: str
    description: str
    data_sources: list[AutomatedRecipeTemplateDataSource]
    created_at: datetime
    updated_at: datetime


class AutomatedRecipeTemplateTreeNode(Struct, kw_only=True):
    """
    Node in the template dependency tree.
    """

    id: int
    title: str
    level: Annotated[int, Meta(description="0 for the template itself.")]
    parent_id: (
        Annotated[
            int,
            Meta(description="The template that is built on this one; absent on the root."),
        ]
        | UnsetType
    ) = UNSET


class AutomatedRecipeTemplateTreeStructure(Struct, kw_only=True):
    """
    What a template is built on, in depth-first order.
    """

    nodes: list[AutomatedRecipeTemplateTreeNode]


BadValues: TypeAlias = Annotated[
    Literal["fail", "null_and_count"],
    Meta(description="What to do with a value that is not what its column says."),
]


class BrandingIn(Struct, kw_only=True):
    """
    How an agency's pages are to look. What is left out is as ours; logos stay as they are.
    """

    name: Annotated[str, Meta(description="What the pages call the product.")] | UnsetType = UNSET
    accent: (
        Annotated[str, Meta(description="Of buttons and links on light pages.")] | None | UnsetType
    ) = UNSET
    accent_dark: (
        Annotated[str, Meta(description="On dark pages; left out: `accent`.")] | None | UnsetType
    ) = UNSET
    radius: Annotated[int, Meta(description="Of corners, in pixels.")] | UnsetType = UNSET
    font: Literal["system", "humanist", "geometric", "serif"] | UnsetType = UNSET
    theme: (
        Annotated[
            Literal["auto", "light", "dark"],
            Meta(description="`auto`: as the visitor's device has it."),
        ]
        | UnsetType
    ) = UNSET
    logo: (
        Annotated[
            str,
            Meta(
                description="A PNG, WebP or JPEG picture of at most 256 kB, as base64. Null removes it; left out, it stays."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    logo_dark: Annotated[str, Meta(description="The same, for dark pages.")] | None | UnsetType = (
        UNSET
    )


class Branding(Struct, kw_only=True):
    """
    How an agency's pages look. Logos are at addresses that change with them.
    """

    name: str
    accent: str | None
    accent_dark: str | None
    radius: int
    font: Literal["system", "humanist", "geometric", "serif"]
    theme: Literal["auto", "light", "dark"]
    logo_url: str | None
    logo_dark_url: str | None
    updated_at: Annotated[datetime, Meta(description="Null: it was never set.")] | None


class CatalogPermission(Struct, kw_only=True):
    """
    One thing a role can allow.
    """

    code: str
    title: str
    description: str


Category: TypeAlias = Annotated[
    Literal["warehouse", "database", "file_storage", "bi"],
    Meta(description="The family of a destination (contract 3.12)."),
]


CellState: TypeAlias = Annotated[
    Literal["failed", "missing", "provisional", "final", "none"],
    Meta(
        description="What is known of a table's day, over its accounts: the worst there is.\n\nFAILED: a run that was to read it failed for good. MISSING: wanted and never read. PROVISIONAL:\nthe platform may still change it. FINAL: read for good. NONE: no account wants it."
    ),
]


Change: TypeAlias = Annotated[
    Literal["added", "dropped", "widened", "narrowed"],
    Meta(
        description="What became of a column at its source. A renamed one was dropped, and another was added."
    ),
]


class Channel(Struct, kw_only=True):
    """
    A data source that figures come from.
    """

    name: str
    title: str


Chart: TypeAlias = Annotated[
    Literal["by_day", "by_channel", "days", "moved"],
    Meta(
        description="The charts of all dashboards, each by the member of the dashboard's answer that it draws."
    ),
]


class ColumnChange(Struct, kw_only=True):
    """
    A change of a data table's columns.
    """

    at: datetime
    data_table_id: int
    data_table: str
    column: str
    change: str
    type_before: str | None
    type_after: str | None
    is_taken: Annotated[bool, Meta(description="Whether the data table took it.")]


class Column(Struct, kw_only=True):
    """
    A column of a page of rows.
    """

    name: str
    title: str
    type: Literal["string", "number", "boolean", "date", "datetime"]


ColumnType: TypeAlias = Annotated[
    Literal["string", "integer", "decimal", "float", "boolean", "date", "datetime"],
    Meta(description="The type of a stored column."),
]


Comparison: TypeAlias = Annotated[
    Literal["previous_period", "previous_year", "none"],
    Meta(description="What days are compared with."),
]


class ConnectionChoice(Struct, kw_only=True):
    """
    Accounts of one connection to read.
    """

    connection_id: int
    accounts: (
        Annotated[
            list[int],
            Meta(
                description="Ids of accounts, or objects with an `id`; absent: all that are enabled for extraction now."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


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


class ConnectorSettingsIn(Struct, kw_only=True):
    """
    The OAuth client that the agency registered at the platform.
    """

    client_id: str
    client_secret: (
        Annotated[
            str,
            Meta(
                description="Never shown again. Left out: the stored one stays, for the same client id."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class ConnectorSettings(Struct, kw_only=True):
    """
    Under which OAuth client customers authorise a data source; the secret is never shown.
    """

    datasource_name: str
    origin: Annotated[
        Literal["agency", "server", "connector", "none"],
        Meta(
            description="Whose client is used: the agency's own, the server operator's, one that the platform gives everyone, or none: then OAuth is not offered."
        ),
    ]
    client_id: str | None
    has_client_secret: bool
    redirect_uri: Annotated[str, Meta(description="To be registered at the platform, exactly so.")]
    scopes: list[str]
    updated_at: datetime | None


class CoverageRange(Struct, kw_only=True):
    """
    Days of which one thing is known; without dates for tables that have no days.
    """

    date_from: date_aliased | None
    date_to: date_aliased | None
    state: Annotated[
        Literal["final", "provisional", "empty", "failed"],
        Meta(
            description="`failed`: the run that was to read them failed for good, and none has since."
        ),
    ]
    kept: (
        Annotated[
            Literal["final", "provisional", "empty"],
            Meta(description="Where they failed, what an earlier run had read there, which stays."),
        ]
        | None
    )
    run_id: Annotated[int, Meta(description="The run that failed, or was told of no rows.")] | None
    is_doubted: Annotated[
        bool,
        Meta(
            description="The source suddenly answered without rows; they are kept, and it is asked again."
        ),
    ]


class CustomSettingOption(Struct, kw_only=True):
    """
    One option of a setting.
    """

    value: Any
    label: str
    description: str | None


class CustomSettingOptionsAccountResult(Struct, kw_only=True):
    """
    A page of the options of one account.
    """

    account_id: str
    count: Annotated[int, Meta(description="How many options there are, after the search.")]
    next: Annotated[str, Meta(description="The number of the next page.")] | None
    previous: Annotated[str, Meta(description="The number of the previous page.")] | None
    results: list[CustomSettingOption]
    search_applied: bool


class CustomSettingOptionsResponse(Struct, kw_only=True):
    """
    Options of a custom setting by account.
    """

    custom_setting_name: str
    accounts: list[CustomSettingOptionsAccountResult]


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


DataName: TypeAlias = Annotated[
    Literal["performance", "freshness", "pipeline_health"],
    Meta(description="The dashboards, by the kind of data they show."),
]


class DataSource(Struct, kw_only=True):
    """
    A platform that can be connected.
    """

    name: str
    title: str
    categories: list[str]


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

    date_from: date_aliased | None | UnsetType = UNSET
    date_to: date_aliased | None | UnsetType = UNSET


class DateRange(Struct, kw_only=True):
    """
    Which days a run covers, by the names of the published product's engine (contract 5.2).
    """

    type: Literal[
        "auto",
        "live",
        "max",
        "custom_refresh_window",
        "manual",
        "sync_historical",
        "lifetime",
    ]
    params: dict[str, Any]


DayState: TypeAlias = Annotated[
    Literal["final", "provisional", "missing"],
    Meta(description="What is known of a day: all of it, what may still change, or nothing."),
]


class DeleteRoleResponse(Struct, kw_only=True):
    """
    What deleting a role did.
    """

    reassigned_users_count: Annotated[
        int, Meta(description="Users who were moved to the role Viewer.")
    ]


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


class EnableRecipeIn(Struct, kw_only=True):
    """
    Which recipe to enable.
    """

    recipe_id: int


class EnabledRecipe(Struct, kw_only=True):
    """
    A recipe is enabled in a workspace.
    """

    workspace_id: int
    recipe_id: int
    enabled: bool


ExportFormat: TypeAlias = Annotated[
    Literal["jsonl", "csv"], Meta(description="How an export is written.")
]


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


class FedAccount(Struct, kw_only=True):
    """
    An account that figures come from.
    """

    channel: str
    account_id: str
    title: str


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


class Figures(Struct, kw_only=True):
    """
    Sums that platforms report, and ratios made of the sums; decimals are text.

    A ratio is null where it would be divided by zero.
    """

    spend: str
    impressions: str
    clicks: str
    ctr: Annotated[str, Meta(description="Clicks by impressions.")] | None
    cpc: Annotated[str, Meta(description="Spend by clicks.")] | None
    conversions: str
    cpa: Annotated[str, Meta(description="Spend by conversions.")] | None
    revenue: str
    roas: Annotated[str, Meta(description="Revenue by spend.")] | None


Form: TypeAlias = Annotated[Literal["csv", "json"], Meta(description="The form of a file.")]


class GroupByStep(Struct, kw_only=True, tag_field="kind", tag="group_by"):
    """
    One row for each combination of the keys' values, null being a value like others.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    input: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    keys: list[str] | UnsetType = UNSET
    aggregates: list[Aggregate] | UnsetType = UNSET


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


class JoinColumn(Struct, kw_only=True):
    """
    A column of the result of a join.
    """

    side: Literal["left", "right"]
    column: str
    name: Annotated[str, Meta(description="Absent: it keeps its name.")] | None | UnsetType = UNSET


class JoinKey(Struct, kw_only=True):
    """
    A pair of columns whose values must be equal.
    """

    left: str
    right: str


class JoinStep(Struct, kw_only=True, tag_field="kind", tag="join"):
    """
    Rows of two inputs side by side where keys are equal; a null key equals nothing.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    left: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    right: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    on: list[JoinKey]
    how: Literal["inner", "left", "right", "full"] | UnsetType = UNSET
    columns: (
        Annotated[
            list[JoinColumn],
            Meta(
                description="Columns to keep; absent: those of the left, then those of the right that the left has no namesake of."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


JsonValue: TypeAlias = Any


class Lacking(Struct, kw_only=True):
    """
    A data table that does not hold every figure; what it lacks counts as zero.
    """

    data_table: str
    figures: list[str]


class LayerPermissions(Struct, kw_only=True):
    """
    The permissions of one layer, in the list form; the layer may be called `code` as well.
    """

    permissions: list[str]
    layer: str | None | UnsetType = UNSET
    code: str | None | UnsetType = UNSET


class Left(Struct, kw_only=True):
    """
    A run that was not replayed, and why.
    """

    run_id: int
    details: str


class LoadRunIn(Struct, kw_only=True):
    """
    What to deliver now: nothing given, what changed; dates, exactly these days anew.
    """

    date_from: date_aliased | None | UnsetType = UNSET
    date_to: date_aliased | None | UnsetType = UNSET
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


class MemberIn(Struct, kw_only=True):
    """
    A user of the agency who is to work in the workspace.
    """

    username: str
    role_id: int


class Member(Struct, kw_only=True):
    """
    A user who works in the workspace.
    """

    user_id: int
    name: Annotated[str, Meta(description="The e-mail address if the user has no name.")]
    email: str
    is_active: bool
    role_id: int
    role_title: str


class MemberRole(Struct, kw_only=True):
    """
    A role that the caller can give.
    """

    id: int
    title: str
    description: str


class MemberRoleIn(Struct, kw_only=True):
    """
    The role a member is to have.
    """

    role_id: int


Metric: TypeAlias = Annotated[
    Literal[
        "spend",
        "impressions",
        "clicks",
        "ctr",
        "cpc",
        "conversions",
        "cpa",
        "revenue",
        "roas",
    ],
    Meta(description="What a dashboard shows of advertising, in the order in which it is shown."),
]


class Moved(Struct, kw_only=True):
    """
    What ended on a day, in UTC.
    """

    date: date_aliased
    rows_extracted: int
    rows_loaded: int
    failed_runs: int


NextStep: TypeAlias = Annotated[
    Literal["reconnect", "run_again", "check_destination"],
    Meta(description="What mends a failure."),
]


Operator: TypeAlias = Annotated[
    Literal["eq", "ne", "in", "not_in", "contains", "not_contains", "gt", "gte", "lt", "lte"],
    Meta(description="How a filter compares (contract section 2, `custom_filters` operators)."),
]


class OptionsIn(Struct, kw_only=True):
    """
    Which options to load (contract 3.17).
    """

    template_id: int
    connection_id: int
    account_ids: Annotated[list[str], Meta(description="Remote ids of accounts of the connection.")]
    custom_setting_name: str
    search_query: (
        Annotated[str, Meta(description="Part of an option, in any case.")] | UnsetType
    ) = UNSET
    page: int | UnsetType = UNSET
    page_size: (
        Annotated[int, Meta(description="Options an account and page; at most 100 count.")]
        | UnsetType
    ) = UNSET


Outcome: TypeAlias = Annotated[
    Literal["succeeded", "refused"], Meta(description="How an act ended.")
]


class PaginatedAccountList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Account]


class PaginatedAutomatedRecipeList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[AutomatedRecipe]


class PaginatedAutomatedRecipeTemplateList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[AutomatedRecipeTemplate]


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


class PaginatedMemberList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Member]


ParamType: TypeAlias = Annotated[
    Literal["string", "integer", "boolean", "select"],
    Meta(description="The kinds of input a connection form can ask for."),
]


Part: TypeAlias = Annotated[
    Literal["campaigns", "days"],
    Meta(description="The part of the performance dashboard that a CSV file holds."),
]


class PasswordIn(Struct, kw_only=True):
    """
    The new password.
    """

    password: str


class PatchedRoleWriteRequest(Struct, kw_only=True):
    """
    What to change of a role; what is left out stays.
    """

    title: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    permissions: dict[str, list[str]] | list[LayerPermissions] | None | UnsetType = UNSET


Period: TypeAlias = Annotated[
    Literal[
        "last_7_days",
        "last_14_days",
        "last_30_days",
        "last_90_days",
        "this_month",
        "last_month",
        "custom",
    ],
    Meta(
        description="A range of days by name; all but `this_month` end yesterday, the last day that is whole."
    ),
]


class PictureLinkIn(Struct, kw_only=True):
    """
    What a picture is to show; all of it is locked in the link.

    Of performance a metric's trend (`by_day`) or its bars (`by_channel`), of freshness the grid of
    `days`, of pipeline health the rows `moved` by day.
    """

    chart: (
        Annotated[
            Chart,
            Meta(description="A chart that the dashboard has; null for its first one."),
        ]
        | None
        | UnsetType
    ) = UNSET
    form: Literal["png", "svg"] | UnsetType = UNSET
    metric: Metric | UnsetType = UNSET
    theme: Literal["light", "dark"] | UnsetType = UNSET
    title: (
        Annotated[str, Meta(description="In the place of the chart's own.")] | None | UnsetType
    ) = UNSET
    lifetime_days: Annotated[int, Meta(description="How long the link is good.")] | UnsetType = (
        UNSET
    )
    period: Period | UnsetType = UNSET
    date_from: (
        Annotated[date_aliased, Meta(description="First day of a custom period.")]
        | None
        | UnsetType
    ) = UNSET
    date_to: (
        Annotated[date_aliased, Meta(description="Last day of a custom period.")] | None | UnsetType
    ) = UNSET
    compare: Comparison | UnsetType = UNSET
    channels: Annotated[list[str], Meta(description="Data sources; none for all.")] | UnsetType = (
        UNSET
    )
    accounts: (
        Annotated[list[str], Meta(description="By their ids at the platforms; none for all.")]
        | UnsetType
    ) = UNSET
    currency: str | None | UnsetType = UNSET


class PictureLink(Struct, kw_only=True):
    """
    A link to a picture, for everybody who has it.
    """

    url: str
    expires_at: datetime


class PreviewColumn(Struct, kw_only=True):
    """
    A column of a preview.
    """

    name: str
    title: str
    sql_name: str
    kind: FieldKind
    type: Literal["string", "number", "boolean", "date", "datetime"]


class ReauthorizeIn(Struct, kw_only=True):
    """
    New credentials for a connection; what is left out stays as it is.
    """

    title: str | None | UnsetType = UNSET
    credentials: dict[str, Any] | None | UnsetType = UNSET
    settings: dict[str, Any] | None | UnsetType = UNSET


class RecipeBuild(Struct, kw_only=True):
    """
    A build that was asked for.
    """

    run_id: int
    status: str


class RecipeInput(Struct, kw_only=True):
    """
    A name for a data table, which is looked for in each workspace: by `sql_name`, or by report.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    sql_name: str | None | UnsetType = UNSET
    datasource_name: Annotated[str, Meta(description="With `report_type`.")] | None | UnsetType = (
        UNSET
    )
    report_type: (
        Annotated[
            str,
            Meta(
                description="A report of the data source; the workspace must have one data table of it."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class Recipe(Struct, kw_only=True):
    """
    Steps that build a data table in every workspace where the recipe is enabled.
    """

    id: int
    title: str
    description: str
    state: Annotated[
        Literal["new", "staging", "production"],
        Meta(
            description="`new` without steps, `staging` while the steps as they are were not activated, `production` once they were."
        ),
    ]
    is_active: Annotated[
        bool,
        Meta(description="Whether tables are built, from what was activated last."),
    ]
    steps_count: int
    created_at: datetime
    updated_at: datetime


class RegenerateSecretRequest(Struct, kw_only=True):
    """
    How a secret is replaced; without a body at once.
    """

    grace_period_seconds: (
        Annotated[
            int,
            Meta(
                description="Extension: for how long the old secret signs too, in `webhook-signature`. The endpoint then stays as it is. 0: the old secret is dead at once and the endpoint unverified."
            ),
        ]
        | UnsetType
    ) = UNSET


class ReplayAnswer(Struct, kw_only=True):
    """
    What a replay queued.
    """

    count: Annotated[int, Meta(description="Deliveries queued.")]
    is_complete: Annotated[
        bool,
        Meta(
            description="False if there were more; repeat with the moment of the last one as `since`."
        ),
    ]


class ReplayIn(Struct, kw_only=True):
    """
    Which failed runs to do again: of each thing the last run, if it failed.
    """

    kind: str
    subject_ids: Annotated[list[str], Meta(description="Left out: of all.")] | None | UnsetType = (
        UNSET
    )
    error_class: str | None | UnsetType = UNSET
    since: (
        Annotated[datetime, Meta(description="Ended at this moment or later.")] | None | UnsetType
    ) = UNSET
    until: Annotated[datetime, Meta(description="Ended before this moment.")] | None | UnsetType = (
        UNSET
    )


class ReplayRequest(Struct, kw_only=True):
    """
    Which events an endpoint is to get again.
    """

    since: Annotated[datetime, Meta(description="Events from this moment on.")]
    until: (
        Annotated[datetime, Meta(description="Events before this moment; null: up to now.")]
        | None
        | UnsetType
    ) = UNSET
    deliveries: (
        Annotated[
            Literal["failed", "all"],
            Meta(
                description="`failed`: deliveries that were given up. `all`: every event of a type the endpoint subscribes to, also those that it got, or never was to get."
            ),
        ]
        | UnsetType
    ) = UNSET


class Replayed(Struct, kw_only=True):
    """
    A run that was started, and the one that it does again.
    """

    run_id: int
    replays_run_id: int


class RoleCreated(Struct, kw_only=True):
    """
    The new role.
    """

    id: int


class Role(Struct, kw_only=True):
    """
    A role: of the system, or of the agency's own.
    """

    id: int
    title: str
    description: str | None
    is_system: bool
    is_internal: Annotated[bool, Meta(description="Always false: internal roles are not listed.")]
    permissions: Annotated[dict[str, list[str]], Meta(description="Permission codes by layer.")]
    user_count: Annotated[
        int, Meta(description="Users of the agency who hold it in any workspace.")
    ]


class RoleUser(Struct, kw_only=True):
    """
    A user who holds a role in a workspace.
    """

    user_id: int
    name: Annotated[str, Meta(description="The e-mail address if the user has no name.")]
    email: str
    workspace_id: int
    workspace_title: str


class RoleUsersResponse(Struct, kw_only=True):
    """
    Who holds a role: one item for each workspace.
    """

    users: list[RoleUser]


class RoleWriteRequest(Struct, kw_only=True):
    """
    A role to create.
    """

    title: str
    permissions: Annotated[
        dict[str, list[str]] | list[LayerPermissions],
        Meta(
            description="A map of layer to permission codes; a list of `{layer, permissions}` is taken too. Every pair must be in the catalogue; a permission brings the view of its layer."
        ),
    ]
    description: str | UnsetType = UNSET


class Rows(Struct, kw_only=True):
    """
    A page of a data table's rows; decimals are text, so that no digit is lost.
    """

    columns: list[Column]
    rows: list[dict[str, Any]]
    count: Annotated[int, Meta(description="Rows in the whole table.")]


class RunAttempt(Struct, kw_only=True):
    """
    One attempt at a run; the last of a running one has no end yet.
    """

    worker: Annotated[str, Meta(description="Machine and process id.")] | None
    started_at: datetime
    ended_at: datetime | None
    outcome: (
        Literal[
            "succeeded",
            "put_off",
            "tried_again",
            "failed",
            "cancelled",
            "paused",
            "worker_died",
        ]
        | None
    )
    error_class: str | None
    error_text: str | None


class Run(Struct, kw_only=True):
    """
    One execution: what started it, how far it is, what came of it.
    """

    id: int
    kind: str
    subject_id: Annotated[str, Meta(description="Id of the extract, load or connection it is of.")]
    trigger: str
    date_range: (
        Annotated[
            DateRange,
            Meta(description="Of extracts, once planned: which days were asked for."),
        ]
        | None
    )
    status: Annotated[
        Literal[
            "waiting",
            "paused",
            "admitted",
            "running",
            "succeeded",
            "failed",
            "cancelled",
        ],
        Meta(
            description="`failed` runs are not tried again by themselves; `paused` ones go on when what they are of is unpaused."
        ),
    ]
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
    next_step: Annotated[str, Meta(description="What a person can do about a failed run.")] | None
    replays_run_id: Annotated[int, Meta(description="The run that this one does again.")] | None
    waits: Annotated[int, Meta(description="How often it was put off.")]
    seconds_waited: Annotated[
        float, Meta(description="Seconds until it was due, all waits together.")
    ]
    seconds_queued: Annotated[float, Meta(description="Seconds from then until a worker took it.")]
    seconds_reading: float
    seconds_storing: float
    progress_rows: Annotated[
        int,
        Meta(description="Rows of the part under way, noted every few seconds, not stored yet."),
    ]
    progress_at: datetime | None
    windows_done: int
    windows_total: int


class RunWindow(Struct, kw_only=True):
    """
    One window of a run.
    """

    date_from: date_aliased | None
    date_to: date_aliased | None
    state: Annotated[
        Literal["waiting", "reading", "done", "failed", "not_read"],
        Meta(description="`failed`: the run ended here; `not_read`: it ended before."),
    ]
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


class SchemaChange(Struct, kw_only=True):
    """
    A change of a data table's columns, found by a read or made by a person.
    """

    id: int
    created_at: datetime
    run_id: (
        Annotated[
            int,
            Meta(description="The run whose read found it; null: a person made it."),
        ]
        | None
    )
    account_id: str | None
    column: str
    change: Annotated[
        Change,
        Meta(description="A column that was renamed was dropped, and another one was added."),
    ]
    type_before: ColumnType | None
    type_after: ColumnType | None
    is_taken: Annotated[
        bool,
        Meta(description="Whether the table went along; if not, it was left out or ended the run."),
    ]


SchemaPolicy: TypeAlias = Annotated[
    Literal["evolve", "freeze", "fail"],
    Meta(
        description="What becomes of columns that a source changes by itself (docs/how-to/data-tables.md).\n\nEVOLVE: new columns are taken in, types widened. FREEZE: the table stays as it is, what does not\nfit is left out, counted and reported. FAIL: the run is refused before anything is stored."
    ),
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


class SqlStep(Struct, kw_only=True, tag_field="kind", tag="sql"):
    """
    One SELECT over earlier steps, inputs and data tables, in DuckDB's dialect.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    sql: str


class StoredGroupByStep(Struct, kw_only=True, tag_field="kind", tag="group_by"):
    """
    A group_by, as it is kept.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    input: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    id: int
    position: Annotated[int, Meta(description="From 1.")]
    created_at: datetime
    updated_at: datetime
    keys: list[str] | UnsetType = UNSET
    aggregates: list[Aggregate] | UnsetType = UNSET


class StoredJoinStep(Struct, kw_only=True, tag_field="kind", tag="join"):
    """
    A join, as it is kept.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    left: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    right: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    on: list[JoinKey]
    id: int
    position: Annotated[int, Meta(description="From 1.")]
    created_at: datetime
    updated_at: datetime
    how: Literal["inner", "left", "right", "full"] | UnsetType = UNSET
    columns: (
        Annotated[
            list[JoinColumn],
            Meta(
                description="Columns to keep; absent: those of the left, then those of the right that the left has no namesake of."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class StoredSqlStep(Struct, kw_only=True, tag_field="kind", tag="sql"):
    """
    A sql step, as it is kept.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    sql: str
    id: int
    position: Annotated[int, Meta(description="From 1.")]
    created_at: datetime
    updated_at: datetime


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


class TemplateIn(Struct, kw_only=True):
    """
    A template to create for the agency, from a global one (contract 3.6).
    """

    parent_id: Annotated[int, Meta(description="A global template of the data source.")]
    title: Annotated[str, Meta(description="Unique within the agency.")]
    fields: Annotated[
        list[str], Meta(description="Names of fields; mandatory ones are added back.")
    ]
    description: str | UnsetType = UNSET
    scheduling: (
        Annotated[
            list[SchedulingIn],
            Meta(description="Schedules of extracts that name none."),
        ]
        | None
        | UnsetType
    ) = UNSET
    additional_params: (
        Annotated[
            dict[str, Any],
            Meta(description="Custom settings by name; what is left out is the parent's."),
        ]
        | UnsetType
    ) = UNSET
    hashed_fields: (
        Annotated[
            list[str],
            Meta(
                description="Fields among `fields` whose values are stored as salted digests only."
            ),
        ]
        | UnsetType
    ) = UNSET
    historical_data_depth_limit: (
        Annotated[int, Meta(description="The most days of history; null for any.")]
        | None
        | UnsetType
    ) = UNSET
    connection_id: (
        Annotated[
            int,
            Meta(description="Needed with a wide parent: the fields are checked there."),
        ]
        | None
        | UnsetType
    ) = UNSET


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


class TemplatePatch(Struct, kw_only=True):
    """
    Changes to a template of the agency; what it reads stays.
    """

    title: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET


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


class TryRequest(Struct, kw_only=True):
    """
    Which event is sent to try an endpoint.
    """

    event_type: (
        Annotated[str, Meta(description="A type of the catalogue; subscribed to or not.")]
        | UnsetType
    ) = UNSET


class UnionInput(Struct, kw_only=True):
    """
    Rows that a union takes, and which of their columns become which.
    """

    input: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    columns: (
        Annotated[
            dict[str, str],
            Meta(
                description="Column of the result → column of this input; absent: all, under their names."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class UnionStep(Struct, kw_only=True, tag_field="kind", tag="union"):
    """
    All rows of several inputs, one after another; columns an input lacks are null in its rows.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    inputs: list[UnionInput]


class UserCreated(Struct, kw_only=True):
    """
    The new user.
    """

    id: int
    username: str
    name: str
    is_chief: bool
    is_active: bool
    created_at: datetime
    password: (
        Annotated[
            str,
            Meta(description="What the server made; it is shown this once. Null if one was sent."),
        ]
        | None
    )


class UserIn(Struct, kw_only=True):
    """
    A user to create. They may nothing until they are given a role in a workspace.
    """

    username: Annotated[
        str,
        Meta(description="What they sign in with, usually an e-mail address; without a colon."),
    ]
    name: str | UnsetType = UNSET
    password: (
        Annotated[
            str,
            Meta(description="Made by the server, and shown once, if it is left out."),
        ]
        | None
        | UnsetType
    ) = UNSET


class User(Struct, kw_only=True):
    """
    A user of the agency.
    """

    id: int
    username: str
    name: str
    is_chief: bool
    is_active: bool
    created_at: datetime


class UserPatch(Struct, kw_only=True):
    """
    What to change of a user; what is left out stays.
    """

    name: str | None | UnsetType = UNSET
    is_active: (
        Annotated[
            bool,
            Meta(description="False ends the user's sessions, tokens and iframes at once."),
        ]
        | None
        | UnsetType
    ) = UNSET


class ValidationError(Struct, kw_only=True):
    """
    Something that is wrong, or may be.
    """

    code: str
    field_: str | None = field(name="field")
    message: str


class WebhookAttempt(Struct, kw_only=True):
    """
    One attempt at a delivery.
    """

    number: int
    started_at: datetime
    duration_ms: int
    response_status: int | None
    response_body: (
        Annotated[str, Meta(description="The first KiB of what was answered, as text.")] | None
    )
    error: (
        Annotated[
            str,
            Meta(
                description="Why there was no answer: refused, dns, connection, tls, timeout, protocol."
            ),
        ]
        | None
    )
    is_redelivery: bool


class WebhookDeliveryDetail(Struct, kw_only=True):
    """
    A delivery with everything that was tried, and the very body that is sent.
    """

    id: int
    endpoint_id: int
    event_id: Annotated[str, Meta(description="`id` of the body.")]
    event_type: str
    idempotency_key: Annotated[
        str,
        Meta(description="Sent with every attempt, as X-Improvado-Idempotency-Key and webhook-id."),
    ]
    status: Annotated[
        Literal["pending", "delivered", "failed"],
        Meta(description="`failed`: no attempt is left."),
    ]
    is_test: bool
    attempts_count: int
    response_status: Annotated[int, Meta(description="HTTP status of the last answer.")] | None
    next_attempt_at: (
        Annotated[
            datetime,
            Meta(description="When it is tried again, unless the endpoint is not active."),
        ]
        | None
    )
    created_at: datetime
    finished_at: datetime | None
    attempts: list[WebhookAttempt]
    body: str


class WebhookDelivery(Struct, kw_only=True):
    """
    One event on its way to one endpoint.
    """

    id: int
    endpoint_id: int
    event_id: Annotated[str, Meta(description="`id` of the body.")]
    event_type: str
    idempotency_key: Annotated[
        str,
        Meta(description="Sent with every attempt, as X-Improvado-Idempotency-Key and webhook-id."),
    ]
    status: Annotated[
        Literal["pending", "delivered", "failed"],
        Meta(description="`failed`: no attempt is left."),
    ]
    is_test: bool
    attempts_count: int
    response_status: Annotated[int, Meta(description="HTTP status of the last answer.")] | None
    next_attempt_at: (
        Annotated[
            datetime,
            Meta(description="When it is tried again, unless the endpoint is not active."),
        ]
        | None
    )
    created_at: datetime
    finished_at: datetime | None


class WebhookEndpointCreateRequest(Struct, kw_only=True):
    """
    An endpoint to register.
    """

    url: Annotated[str, Meta(description="HTTPS URL of the receiver.")]
    event_types: (
        Annotated[
            list[str],
            Meta(
                description="Names of event types; see GET /webhook_event_types. May be empty. Duplicates are dropped; unknown names are kept and never delivered."
            ),
        ]
        | UnsetType
    ) = UNSET
    extended_retries: (
        Annotated[
            bool,
            Meta(
                description="Extension: whether attempts go on for four days after the first four have failed."
            ),
        ]
        | UnsetType
    ) = UNSET


class WebhookEndpointListItem(Struct, kw_only=True):
    """
    A webhook endpoint as lists show it: without its secret.
    """

    id: int
    url: str
    status: Annotated[
        Literal["unverified", "active", "disabled"],
        Meta(description="Only `active` endpoints get deliveries."),
    ]
    consecutive_failures: Annotated[
        int, Meta(description="Deliveries that failed since the last success.")
    ]
    subscriptions_count: int
    created_at: datetime
    updated_at: datetime


class WebhookEndpointUpdateRequest(Struct, kw_only=True):
    """
    Changes of an endpoint; what is left out stays.
    """

    url: (
        Annotated[str, Meta(description="Another URL has to be verified anew.")] | None | UnsetType
    ) = UNSET
    event_types: (
        Annotated[list[str], Meta(description="All of the event types from now on.")]
        | None
        | UnsetType
    ) = UNSET
    extended_retries: (
        Annotated[bool, Meta(description="Extension: as at creation.")] | None | UnsetType
    ) = UNSET


class WebhookEventType(Struct, kw_only=True):
    """
    A kind of event that endpoints can subscribe to.
    """

    name: str
    description: str
    payload_schema: Annotated[
        dict[str, Any], Meta(description="Extension: JSON Schema of a delivery's body.")
    ]
    sample: Annotated[
        dict[str, Any], Meta(description="Extension: a body as it could be delivered.")
    ]


class WebhookSubscription(Struct, kw_only=True):
    """
    An event type that an endpoint receives.
    """

    id: int
    event_type_name: str
    is_active: Annotated[bool, Meta(description="Whether there is such an event type.")]
    created_at: datetime


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


class WorkspaceRecipe(Struct, kw_only=True):
    """
    A recipe in a workspace: the table it builds there, and how that went.
    """

    workspace_id: int
    workspace_title: str
    recipe_id: int
    data_table_id: (
        Annotated[int, Meta(description="Null until the recipe was active there.")] | None
    )
    last_build_at: datetime | None
    error_text: (
        Annotated[str, Meta(description="Why the last build failed; null if it did not.")] | None
    )


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
    What is known of the days of an account; days that no range names were never read.
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


class AuditEntry(Struct, kw_only=True):
    """
    One privileged act, done or refused.
    """

    id: int
    occurred_at: datetime
    workspace_id: Annotated[int, Meta(description="Null: an act on the agency itself.")] | None
    user_id: (
        Annotated[int, Meta(description="Null: nobody, or the operator at the command line.")]
        | None
    )
    username: str
    credential: Annotated[
        str, Meta(description="basic, bearer, cookie, code, link, or command line.")
    ]
    address: str
    request_id: str
    action: Annotated[str, Meta(description="The operation's id, or the command.")]
    permission: str | None
    object_type: str
    object_id: str
    outcome: Outcome
    details: Annotated[str, Meta(description="Why it was refused; empty otherwise.")]
    changes: Annotated[
        list[dict[str, Any]],
        Meta(
            description="Rows created, changed and deleted: object_type, object_id, verb, and the columns that differ before and after. Secrets read (secret)."
        ),
    ]


class AuthorizationBegun(Struct, kw_only=True):
    """
    An authorization that was just begun.
    """

    id: str
    datasource_name: str
    status: Literal[
        "pending",
        "returned",
        "connecting",
        "choosing",
        "connected",
        "denied",
        "failed",
        "expired",
    ]
    is_reconnect: bool
    connection_id: (
        Annotated[
            int,
            Meta(description="The connection to reconnect, or the one that was made."),
        ]
        | None
    )
    expires_at: datetime
    error: AuthorizationProblem | None
    authorize_url: Annotated[
        str, Meta(description="Send the person's browser here, in a window of its own.")
    ]


class Authorization(Struct, kw_only=True):
    """
    A person's way to a platform and back: how far it is, and what came of it.
    """

    id: str
    datasource_name: str
    status: Literal[
        "pending",
        "returned",
        "connecting",
        "choosing",
        "connected",
        "denied",
        "failed",
        "expired",
    ]
    is_reconnect: bool
    connection_id: (
        Annotated[
            int,
            Meta(description="The connection to reconnect, or the one that was made."),
        ]
        | None
    )
    expires_at: datetime
    error: AuthorizationProblem | None


class AutomatedRecipeConnection(Struct, kw_only=True):
    """
    A connection and those of its accounts that are read.
    """

    connection_id: int
    connection_data_source: str
    accounts: list[AutomatedRecipeConnectionAccount]


class AutomatedRecipeCreateRequest(Struct, kw_only=True):
    """
    An automated recipe to create; it begins at once.
    """

    template_id: Annotated[int, Meta(description="A numeric text will do.")]
    data_sources: (
        Annotated[
            list[str],
            Meta(
                description="Names of data sources the template takes. Default: those of `connections`, or all."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    connections: (
        Annotated[
            list[ConnectionChoice],
            Meta(
                description="Connections and their accounts. Default: all enabled accounts of the data sources' active connections."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    sync_from_date: (
        Annotated[
            date_aliased,
            Meta(
                description="First day to read; null: as far back as each platform usually is read."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    trigger: (
        Annotated[
            Literal["on_extraction", "schedule", "manual"],
            Meta(
                description="`on_extraction` builds when the extractions of its accounts have ended."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    scheduling: (
        Annotated[
            list[SchedulingIn],
            Meta(
                description="One schedule or several, for the trigger `schedule`, which it implies; `lookback_window` is ignored."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    title: Annotated[str, Meta(description="Default: the template's.")] | None | UnsetType = UNSET


class AutomatedRecipeDetail(Struct, kw_only=True):
    """
    An automated recipe with what it reads and how its last build went.
    """

    recipe_id: str
    template_id: int
    datatable_id: Annotated[int, Meta(description="Null until the first build began.")] | None
    title: str
    state: Literal["Extracting Data", "Ready to Build", "Building", "Active", "Error", "Paused"]
    data_sources: list[str]
    allowed_data_sources: list[str]
    connections: list[AutomatedRecipeConnection]
    sync_from_date: date_aliased | None
    last_build_at: datetime | None
    created_at: datetime
    updated_at: datetime
    trigger: Annotated[
        Literal["on_extraction", "schedule", "manual"], Meta(description="Extension.")
    ]
    scheduling: Annotated[
        list[Scheduling], Meta(description="Extension. Empty but with `schedule`.")
    ]
    error_text: Annotated[str, Meta(description="Extension. Why the state is `Error`.")] | None


class AutomatedRecipeTemplateDetail(Struct, kw_only=True):
    """
    A template with the templates it is built on.
    """

    id: int
    title: str
    description: str
    data_sources: list[AutomatedRecipeTemplateDataSource]
    created_at: datetime
    updated_at: datetime
    tree_structure: AutomatedRecipeTemplateTreeStructure
    dependencies_count: Annotated[int, Meta(description="How many other templates it is built on.")]


class AutomatedRecipeUpdateRequest(Struct, kw_only=True):
    """
    What an automated recipe is to read, from when on, and when it builds; the rest stays.
    """

    data_sources: (
        Annotated[list[str], Meta(description="Names of data sources the template takes.")]
        | None
        | UnsetType
    ) = UNSET
    connections: (
        Annotated[
            list[ConnectionChoice],
            Meta(description="Connections and their accounts, in place of those there are."),
        ]
        | None
        | UnsetType
    ) = UNSET
    sync_from_date: (
        Annotated[
            date_aliased,
            Meta(
                description="First day to read; null: as far back as each platform usually is read."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    trigger: (
        Annotated[
            Literal["on_extraction", "schedule", "manual"],
            Meta(
                description="`on_extraction` builds when the extractions of its accounts have ended."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    scheduling: (
        Annotated[
            list[SchedulingIn],
            Meta(
                description="One schedule or several, for the trigger `schedule`, which it implies; `lookback_window` is ignored."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class Campaign(Struct, kw_only=True):
    """
    The figures of a campaign, under the name it had last.
    """

    channel: str
    account_id: str
    account_title: str
    campaign_id: str | None
    campaign_name: str | None
    figures: Figures


class CatalogLayer(Struct, kw_only=True):
    """
    An area of the product with its permissions.
    """

    code: str
    title: str
    description: str
    permissions: list[CatalogPermission]


class Cell(Struct, kw_only=True):
    """
    A data table's day: the worst of its accounts.
    """

    date: date_aliased
    state: Annotated[
        CellState,
        Meta(
            description="`failed`: a run that was to read it failed for good. `missing`: wanted and never read. `provisional`: the platform may still change it. `none`: not wanted."
        ),
    ]
    accounts: Annotated[int, Meta(description="How many accounts are in that state.")]
    of: Annotated[int, Meta(description="How many accounts want the day, or were read of it.")]


class ChannelFigures(Struct, kw_only=True):
    """
    The figures of a data source.
    """

    channel: str
    figures: Figures


class Condition(Struct, kw_only=True):
    """
    A test of one column; a missing value equals null and nothing else.
    """

    column: str
    operator: Operator
    value: (
        Annotated[
            str | int | float | bool | list[str | int | float | bool | None],
            Meta(description="A list with `in` and `not_in`."),
        ]
        | None
        | UnsetType
    ) = UNSET


class CustomFilter(Struct, kw_only=True):
    """
    A condition that rows must meet; values without a field's value equal null.
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
    schema_policy: SchemaPolicy
    fields: list[TableField]


class DataTableIn(Struct, kw_only=True):
    """
    Which fields every load of the table delivers: the whole list.
    """

    selected_fields: list[str] | None | UnsetType = UNSET
    title: str | None | UnsetType = UNSET
    auto_extract_new_accounts: bool | None | UnsetType = UNSET
    schema_policy: (
        Annotated[
            SchemaPolicy,
            Meta(
                description="What becomes of columns that a source changes by itself. `evolve`: the table takes new columns and wider types. `freeze`: it stays as it is; new columns are left out, values that no longer fit are treated as the extract's `bad_values` says. `fail`: the run is refused before anything is stored. An extension."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET


class Day(Struct, kw_only=True):
    """
    A day of the range.
    """

    date: date_aliased
    state: Annotated[
        DayState,
        Meta(description="`provisional`: the platform may still change it. `missing`: never read."),
    ]
    figures: Figures | None


class DeliveryPage(Struct, kw_only=True):
    """
    Deliveries, newest first. Large logs are not counted.
    """

    next: Annotated[str, Meta(description="The page of older ones.")] | None
    results: list[WebhookDelivery]


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
    sync_historical_data: date_aliased | None
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
    sync_historical_data: date_aliased | None
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
    sync_historical_data: date_aliased | None | UnsetType = UNSET


class ExtractPut(Struct, kw_only=True):
    """
    All that can be changed of an extract; what is left out goes back to the template's.
    """

    scheduling: list[SchedulingIn] | None | UnsetType = UNSET
    fields: list[str] | None | UnsetType = UNSET
    additional_params: dict[str, Any] | None | UnsetType = UNSET
    sync_historical_data: date_aliased | None | UnsetType = UNSET


class ExtractTemplatePreview(Struct, kw_only=True):
    """
    Rows as an extract would store them; at most 100.
    """

    columns: list[PreviewColumn]
    rows: Annotated[
        list[dict[str, Any]],
        Meta(description="Values by field name; decimals are text, so that no digit is lost."),
    ]
    rows_count: int
    date_from: (
        Annotated[
            date_aliased,
            Meta(description="The first day that was read; null without days."),
        ]
        | None
    )
    date_to: date_aliased | None
    truncated: Annotated[bool, Meta(description="Whether there are more rows than these.")]


class ExtractTemplateValidation(Struct, kw_only=True):
    """
    Whether an extract with these settings would work.
    """

    is_valid: bool
    errors: list[ValidationError]
    warnings: list[ValidationError]


class Failure(Struct, kw_only=True):
    """
    Something that does not work, why, and what to do.
    """

    kind: Literal["connection", "extract", "load"]
    id: int
    title: str
    state: str
    error_text: str
    next_step: NextStep
    connection_id: (
        Annotated[int, Meta(description="To reconnect, where that is the next step.")] | None
    )


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
            date_aliased | bool,
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


class PaginatedAuditEntryList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[AuditEntry]


class PaginatedExtractList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Extract]


class PaginatedRecipeList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Recipe]


class PaginatedRunList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[Run]


class PaginatedSchemaChangeList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[SchemaChange]


class PaginatedExtractTemplateList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[ExtractTemplate]


class PaginatedUserList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[User]


class PaginatedWebhookEndpointListItemList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[WebhookEndpointListItem]


class PaginatedWebhookEventTypeList(Struct, kw_only=True):
    count: int
    next: str | None
    previous: str | None
    results: list[WebhookEventType]


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


class Performance(Struct, kw_only=True):
    """
    What advertising cost and brought. All figures are of one currency: they are never mixed.
    """

    data_name: Literal["performance"]
    date_from: date_aliased
    date_to: date_aliased
    compared_from: date_aliased | None
    compared_to: date_aliased | None
    currency: (
        Annotated[
            str,
            Meta(
                description="The currency of the figures; `XXX` where no platform told one, null where there are no figures."
            ),
        ]
        | None
    )
    currencies: Annotated[list[str], Meta(description="All currencies there are figures in.")]
    totals: Figures
    compared_totals: Figures | None
    by_day: list[Day]
    compared_by_day: list[Day]
    channels: Annotated[list[Channel], Meta(description="All that can be asked for.")]
    accounts: Annotated[list[FedAccount], Meta(description="All that can be asked for.")]
    by_channel: list[ChannelFigures]
    campaigns: Annotated[
        list[Campaign], Meta(description="One page, by channel, then as asked for.")
    ]
    campaign_count: Annotated[int, Meta(description="Of all pages.")]
    lacking: list[Lacking]


class PermissionsCatalogResponse(Struct, kw_only=True):
    """
    Everything a role can allow, in a constant order.
    """

    layers: list[CatalogLayer]


class PipelineHealth(Struct, kw_only=True):
    """
    What works in a workspace, and what to do about what does not.
    """

    data_name: Literal["pipeline_health"]
    date_from: date_aliased
    date_to: date_aliased
    connections: Annotated[dict[str, int], Meta(description="How many by state.")]
    extracts: Annotated[dict[str, int], Meta(description="How many by state.")]
    loads: Annotated[dict[str, int], Meta(description="How many by state.")]
    failures: Annotated[list[Failure], Meta(description="At most fifty.")]
    moved: list[Moved]
    schema_changes: Annotated[list[ColumnChange], Meta(description="The newest twenty.")]
    running: Annotated[int, Meta(description="Runs under way.")]
    waiting: Annotated[int, Meta(description="Runs that could begin and wait for their turn.")]
    waiting_seconds: Annotated[
        int, Meta(description="How long the oldest of them has been waiting.")
    ]


class PreviewIn(Struct, kw_only=True):
    """
    What to read for a preview (contract 3.16).
    """

    connection_id: int
    fields: list[str]
    accounts: Annotated[list[str], Meta(description="Remote ids of accounts of the connection.")]
    custom_filters: (
        Annotated[list[CustomFilter], Meta(description="Rows must meet all of them.")]
        | None
        | UnsetType
    ) = UNSET
    custom_settings: (
        Annotated[
            dict[str, Any],
            Meta(description="Custom settings by name; what is left out is the template's."),
        ]
        | UnsetType
    ) = UNSET
    dynamic_fields: list[str] | UnsetType = UNSET


class Replay(Struct, kw_only=True):
    """
    What a replay began.
    """

    started: list[Replayed]
    left_out: list[Left]
    has_more: Annotated[bool, Meta(description="More fit than one call replays; call again.")]


class RoleListResponse(Struct, kw_only=True):
    """
    Every role the agency can give.
    """

    roles: list[Role]


class RunDetail(Struct, kw_only=True):
    """
    A run with its windows and attempts.
    """

    id: int
    kind: str
    subject_id: Annotated[str, Meta(description="Id of the extract, load or connection it is of.")]
    trigger: str
    date_range: (
        Annotated[
            DateRange,
            Meta(description="Of extracts, once planned: which days were asked for."),
        ]
        | None
    )
    status: Annotated[
        Literal[
            "waiting",
            "paused",
            "admitted",
            "running",
            "succeeded",
            "failed",
            "cancelled",
        ],
        Meta(
            description="`failed` runs are not tried again by themselves; `paused` ones go on when what they are of is unpaused."
        ),
    ]
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
    next_step: Annotated[str, Meta(description="What a person can do about a failed run.")] | None
    replays_run_id: Annotated[int, Meta(description="The run that this one does again.")] | None
    waits: Annotated[int, Meta(description="How often it was put off.")]
    seconds_waited: Annotated[
        float, Meta(description="Seconds until it was due, all waits together.")
    ]
    seconds_queued: Annotated[float, Meta(description="Seconds from then until a worker took it.")]
    seconds_reading: float
    seconds_storing: float
    progress_rows: Annotated[
        int,
        Meta(description="Rows of the part under way, noted every few seconds, not stored yet."),
    ]
    progress_at: datetime | None
    windows_done: int
    windows_total: int
    windows: list[RunWindow]
    attempts: list[RunAttempt]


class StoredUnionStep(Struct, kw_only=True, tag_field="kind", tag="union"):
    """
    A union, as it is kept.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    inputs: list[UnionInput]
    id: int
    position: Annotated[int, Meta(description="From 1.")]
    created_at: datetime
    updated_at: datetime


class TableFreshness(Struct, kw_only=True):
    """
    How fresh a data table is, over the accounts that are read into it.
    """

    data_table_id: int
    title: str
    channel: str
    accounts: int
    newest_day: (
        Annotated[
            date_aliased,
            Meta(description="The newest day that all accounts were read of."),
        ]
        | None
    )
    age_days: Annotated[int, Meta(description="From the newest day to yesterday.")] | None
    last_sync: datetime | None
    next_run: datetime | None
    oldest_unsynced_day: date_aliased | None
    days: Annotated[list[Cell], Meta(description="Oldest first; none where rows have no days.")]


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
        Annotated[date_aliased, Meta(description="First day of history to read.")]
        | None
        | UnsetType
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


class ValidationSettings(Struct, kw_only=True):
    """
    Settings an extract would be created with; what is left out is the template's.
    """

    custom_filters: (
        Annotated[list[CustomFilter], Meta(description="Rows must meet all of them.")]
        | None
        | UnsetType
    ) = UNSET
    fields: list[str] | None | UnsetType = UNSET
    dynamic_fields: list[str] | UnsetType = UNSET
    custom_settings: dict[str, Any] | UnsetType = UNSET
    hashed_fields: list[str] | UnsetType = UNSET
    scheduling: list[SchedulingIn] | None | UnsetType = UNSET


class WebhookEndpointDetail(Struct, kw_only=True):
    """
    A webhook endpoint with its secret and subscriptions.
    """

    id: int
    url: str
    secret: Annotated[
        str,
        Meta(description="64 hexadecimal characters, which as text are the key of the signature."),
    ]
    status: Annotated[
        Literal["unverified", "active", "disabled"],
        Meta(description="Only `active` endpoints get deliveries."),
    ]
    consecutive_failures: Annotated[
        int, Meta(description="Deliveries that failed since the last success.")
    ]
    subscriptions: list[WebhookSubscription]
    created_at: datetime
    updated_at: datetime
    standard_webhooks_secret: Annotated[
        str,
        Meta(description="Extension: the secret as libraries of the Standard Webhooks take it."),
    ]
    previous_secret_expires_at: (
        Annotated[
            datetime,
            Meta(description="Extension: until when the secret before this one signs too."),
        ]
        | None
    )
    extended_retries: Annotated[
        bool, Meta(description="Extension: whether attempts go on for days.")
    ]
    disabled_reason: (
        Annotated[str, Meta(description="Extension: why the endpoint was disabled.")] | None
    )


class AuthForm(Struct, kw_only=True):
    """
    How a connection is authorised: `none`, `credentials` or `oauth2`, and the fields to give.
    """

    kind: AuthKind
    fields: list[FormField]


class Case(Struct, kw_only=True):
    """
    What a mapped column is where all conditions hold: a value, or another column's value.
    """

    when: list[Condition]
    value: str | int | float | bool | None | UnsetType = UNSET
    column: str | None | UnsetType = UNSET


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


class Freshness(Struct, kw_only=True):
    """
    Which days of the data tables are there; a page of fifty tables, by title.
    """

    data_name: Literal["freshness"]
    date_from: date_aliased
    date_to: date_aliased
    count: Annotated[int, Meta(description="Data tables of all pages.")]
    data_tables: list[TableFreshness]


class Mapping(Struct, kw_only=True):
    """
    A column set by the first case that holds, else by `otherwise` (a value or a column).
    """

    column: Annotated[str, Meta(description="A new column, or one to set anew.")]
    cases: list[Case] | UnsetType = UNSET
    otherwise: str | int | float | bool | None | UnsetType = UNSET
    otherwise_column: (
        Annotated[str, Meta(description="In place of `otherwise`.")] | None | UnsetType
    ) = UNSET


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


class StoredConditionalMappingStep(
    Struct, kw_only=True, tag_field="kind", tag="conditional_mapping"
):
    """
    A conditional_mapping, as it is kept.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    input: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    id: int
    position: Annotated[int, Meta(description="From 1.")]
    created_at: datetime
    updated_at: datetime
    filters: list[Condition] | UnsetType = UNSET
    mappings: list[Mapping] | UnsetType = UNSET
    keep: (
        Annotated[
            list[str],
            Meta(description="Columns of the result; absent: all of the input, then the new ones."),
        ]
        | None
        | UnsetType
    ) = UNSET


class ValidationIn(Struct, kw_only=True):
    """
    What to validate: accounts of one connection, and settings.
    """

    accounts: Annotated[list[int], Meta(description="Ids of accounts of one connection.")]
    template_settings: ValidationSettings | UnsetType = UNSET


class ConditionalMappingStep(Struct, kw_only=True, tag_field="kind", tag="conditional_mapping"):
    """
    Keep the rows for which all filters hold, and set columns by cases.
    """

    name: Annotated[
        str,
        Meta(description="Unique in the recipe; later steps read the step's rows under it."),
    ]
    input: Annotated[
        str,
        Meta(
            description="An earlier step, an input of the recipe, or the `sql_name` of a data table."
        ),
    ]
    filters: list[Condition] | UnsetType = UNSET
    mappings: list[Mapping] | UnsetType = UNSET
    keep: (
        Annotated[
            list[str],
            Meta(description="Columns of the result; absent: all of the input, then the new ones."),
        ]
        | None
        | UnsetType
    ) = UNSET


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
    load_historical_data: date_aliased | None
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


Steps: TypeAlias = UnionStep | JoinStep | GroupByStep | ConditionalMappingStep | SqlStep


class RecipeNew(Struct, kw_only=True):
    """
    A recipe to create.
    """

    title: str
    description: str | UnsetType = UNSET
    inputs: (
        Annotated[
            list[RecipeInput],
            Meta(
                description="Names for data tables beside their `sql_name`s, which need no declaration."
            ),
        ]
        | UnsetType
    ) = UNSET
    date_column: (
        Annotated[
            str,
            Meta(
                description="Column of the last step that holds each row's day, a date in every row. With it the table has days, as those of daily reports."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    steps: (
        Annotated[
            list[Steps],
            Meta(description="In order; they may also be added one by one."),
        ]
        | UnsetType
    ) = UNSET


class RecipePatch(Struct, kw_only=True):
    """
    Changes to a recipe; what is left out stays.
    """

    title: str | None | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    inputs: list[RecipeInput] | None | UnsetType = UNSET
    date_column: str | None | UnsetType = UNSET
    steps: list[Steps] | None | UnsetType = UNSET


class RecipePut(Struct, kw_only=True):
    """
    All that can be changed of a recipe; steps that are not given stay.
    """

    title: str
    description: str | UnsetType = UNSET
    inputs: (
        Annotated[
            list[RecipeInput],
            Meta(
                description="Names for data tables beside their `sql_name`s, which need no declaration."
            ),
        ]
        | UnsetType
    ) = UNSET
    date_column: (
        Annotated[
            str,
            Meta(
                description="Column of the last step that holds each row's day, a date in every row. With it the table has days, as those of daily reports."
            ),
        ]
        | None
        | UnsetType
    ) = UNSET
    steps: (
        Annotated[list[Steps], Meta(description="In place of all steps there are.")]
        | None
        | UnsetType
    ) = UNSET


RecipeStep: TypeAlias = Annotated[
    StoredUnionStep
    | StoredJoinStep
    | StoredGroupByStep
    | StoredConditionalMappingStep
    | StoredSqlStep,
    Meta(description="A step of a recipe: what it was written with, and its id and place."),
]


class RecipeDetail(Struct, kw_only=True):
    """
    A recipe with its steps and the workspaces it is enabled in.
    """

    id: int
    title: str
    description: str
    state: Annotated[
        Literal["new", "staging", "production"],
        Meta(
            description="`new` without steps, `staging` while the steps as they are were not activated, `production` once they were."
        ),
    ]
    is_active: Annotated[
        bool,
        Meta(description="Whether tables are built, from what was activated last."),
    ]
    steps_count: int
    created_at: datetime
    updated_at: datetime
    inputs: list[RecipeInput]
    date_column: str | None
    steps: list[RecipeStep]
    workspaces: list[WorkspaceRecipe]
