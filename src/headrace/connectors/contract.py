"""What a connector is: a description as data, and three calls; `abilities` has what more it may offer.

A connector knows no workspace, database or clock. It is handed an `Access` (credentials, settings,
a guarded HTTP client) and, to read, a `ReadRequest` for one account and one window of days. It
raises the four errors of `kit.outcomes`. `tests/contract/test_connectors.py` holds every connector
to this.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from headrace.connectors.paid_media import PaidMediaMapping
from headrace.kit.columns import ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy

SYSTEM_FIELDS = ("account_id", "account_name", "__insert_date")
"""Columns the platform adds to every data table (contract 1.6); no connector declares them."""


class FieldKind(StrEnum):
    """The part a field plays in its report (contract section 2)."""

    DIMENSION = "dimension"
    METRIC = "metric"
    PROPERTY = "property"
    DATE_KEY = "date_key"


class DataClass(StrEnum):
    """How a report's rows relate to time (contract section 2)."""

    DAILY = "daily"
    LIFETIME = "lifetime"
    DEFAULT = "default"


class SettingType(StrEnum):
    """The kinds of input a form can ask for (contract section 2, `AdditionalParams.type`)."""

    BOOLEAN = "boolean"
    STRING = "string"
    INTEGER = "integer"
    DATE = "date"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    DYNAMIC_SELECT = "dynamic_select"
    DYNAMIC_MULTI_SELECT = "dynamic_multi_select"


class BadValues(StrEnum):
    """What to do with a value that is not what its column says."""

    FAIL = "fail"
    NULL_AND_COUNT = "null_and_count"


@dataclass(frozen=True)
class Choice:
    """One option of a select setting."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True)
class Setting:
    """One input of a form: a credential, a connection setting or an extract's custom setting.

    takes_other_values: of options that only the source knows, it may not list all that it takes; so
    a form lets people type others.
    """

    name: str
    title: str
    type: SettingType = SettingType.STRING
    required: bool = False
    secret: bool = False
    description: str = ""
    initial_value: Any = None
    choices: tuple[Choice, ...] = ()
    takes_other_values: bool = False


class AuthKind(StrEnum):
    """How a person authorises a connection."""

    NONE = "none"
    CREDENTIALS = "credentials"
    OAUTH2 = "oauth2"


@dataclass(frozen=True)
class AuthForm:
    """How a connection is authorised and what the form asks for.

    For `OAUTH2`, `fields` is what a headless caller may give instead of the browser flow, and the
    URLs (relative to the connector's base URL where they start with `/`) are what that flow needs.

    scopes: what is asked for. needed_scopes: those without which nothing can be read; None: all.
    token_by_get: the token endpoint takes its parameters in the query, as Meta's does.
    authorize_extra: more parameters of the authorization request, as the platform names them.
    issuer: what the platform calls itself in `iss` (RFC 9207); empty: the origin of `authorize_url`.
    client_fields: under which names the credentials keep the client's id and secret, for renewals.
    shared_client: an id and secret that the platform gives everyone; empty for real platforms.
    """

    kind: AuthKind
    fields: tuple[Setting, ...] = ()
    authorize_url: str = ""
    token_url: str = ""
    scopes: tuple[str, ...] = ()
    needed_scopes: tuple[str, ...] | None = None
    token_by_get: bool = False
    authorize_extra: Mapping[str, str] = field(default_factory=dict)
    issuer: str = ""
    client_fields: tuple[str, str] = ("client_id", "client_secret")
    shared_client: tuple[str, str] | None = None


@dataclass(frozen=True)
class Field:
    """A field of a report, under the vendor's own name.

    `mandatory` fields cannot be deselected. `additive` is false for ratios and unique counts, which
    must not be summed. `format` is `currency`, `percent`, a date format, or nothing.
    """

    name: str
    title: str
    kind: FieldKind
    type: ColumnType = ColumnType.STRING
    description: str = ""
    mandatory: bool = False
    additive: bool = True
    format: str | None = None
    is_dynamic: bool = False


@dataclass(frozen=True)
class Report:
    """A report one can read: its fields, its time behaviour, its custom settings.

    `fields` is empty where only the source itself knows them (files, SQL): then the batches that
    `read` yields say what the columns are. `date_field` is the field that holds each row's day, or
    None for reports without days. Days are in the account's own time zone.

    lookback_days: trailing days that may still change, read again on every run.
    history_days: how far back the source answers; None where it has no limit.
    chunk_days: the largest window worth asking for at once.
    includes_today: whether an unfinished day may be asked for.
    holds_some_days: the source holds whichever days it holds, such as a file of the last week. Every
        run reads it whole, and replaces the days from its first to its last and no others.
    date_field_setting: the connection setting that names the date field, for sources whose columns
        only the customer knows; see `date_field_of`.
    """

    name: str
    title: str
    data_class: DataClass
    fields: tuple[Field, ...]
    date_field: str | None
    lookback_days: int = 0
    history_days: int | None = None
    chunk_days: int = 30
    includes_today: bool = False
    is_wide: bool = False
    settings: tuple[Setting, ...] = ()
    date_field_setting: str | None = None
    holds_some_days: bool = False


@dataclass(frozen=True)
class Template:
    """A ready-made choice of a report's fields, offered to everyone as a global template.

    `code` is its lasting name: ids in the database are found by (data source, code).
    """

    code: str
    title: str
    description: str
    report: str
    selected_fields: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ConnectorSpec:
    """A connector's description of itself.

    sunset: the last day the vendor serves the API version used here, ISO date, or None.
    paid_media: for advertising platforms, what automated recipes make of its reports.
    runs_per_app, runs_per_credential: how many runs the source bears at once, of one application and
        of one authorization, where that is less than an operator would allow.
    """

    name: str
    title: str
    categories: tuple[str, ...]
    auth: AuthForm
    reports: tuple[Report, ...]
    templates: tuple[Template, ...]
    settings: tuple[Setting, ...] = ()
    base_url: str = ""
    sunset: str | None = None
    docs_url: str | None = None
    paid_media: PaidMediaMapping | None = None
    runs_per_app: int | None = None
    runs_per_credential: int | None = None

    def report(self, name: str) -> Report:
        """Return the report of that name.

        Raises:
            KeyError: if there is none.
        """
        return next(report for report in self.reports if report.name == name)


@dataclass(frozen=True)
class Account:
    """One remote account, as the platform knows it.

    `item` is what else the platform says of it, free of secrets; it is shown to the customer and
    handed back on every read. `timezone` is an IANA name and decides what a day is.
    """

    remote_id: str
    title: str
    currency: str | None = None
    timezone: str = "UTC"
    item: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Access:
    """What a connector needs to reach its source for one connection.

    `base_url` is the spec's, or the one the operator put in its place. `file_roots` are folders the
    operator opened for reading (`HEADRACE_FILE_IMPORT_ROOTS`).
    """

    credentials: Mapping[str, Any]
    settings: Mapping[str, Any]
    base_url: str
    http: OutboundHttp
    policy: OutboundPolicy
    file_roots: tuple[Path, ...] = ()


class Journal(Protocol):
    """What a read may tell and remember while it goes on."""

    def bookmark(self) -> Mapping[str, Any] | None:
        """Return what an earlier attempt at this window saved, such as a vendor's report id."""

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        """Store what a later attempt at this window needs to go on; durable when this returns."""

    def count_bad_value(self, column: str, row_number: int, value: str) -> None:
        """Count a value that was replaced by null under `BadValues.NULL_AND_COUNT`."""

    def count_retry(self, reason: str) -> None:
        """Count a request that was sent again."""

    def pause(self, seconds: float) -> None:
        """Sleep some seconds while staying cancellable; for longer waits raise `SlowDown`."""


@dataclass(frozen=True)
class ReadRequest:
    """One account, one report, one window.

    fields: the names of the fields to deliver, dynamic ones included; batches hold exactly these
    columns in this order, except where the report declares no fields.
    window: the days asked for, or None for reports without days.
    settings: the extract's custom settings by name, defaults filled in.
    """

    account: Account
    report: str
    fields: Sequence[str]
    window: DayRange | None
    journal: Journal
    settings: Mapping[str, Any] = field(default_factory=dict)
    bad_values: BadValues = BadValues.FAIL


class Connector(Protocol):
    """A data source. Instances are stateless and shared by threads."""

    spec: ClassVar[ConnectorSpec]

    def check(self, access: Access) -> None:
        """Prove that the credentials work, with one cheap call; raise if they do not."""

    def accounts(self, access: Access) -> Iterator[Account]:
        """Yield every account the credentials reach."""

    def dynamic_field(self, report: str, name: str) -> Field | None:
        """Describe a field that exists for some accounts only, or None if the name is not one."""

    def read(self, access: Access, request: ReadRequest) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one window as batches whose types are those of `kit.columns`.

        Rows outside the window must not be yielded; no rows is a good answer. All batches of one
        read share one schema. A batch is at most about 16 MB.
        """


def date_field_of(
    connector: Connector, report: str, connection_settings: Mapping[str, Any]
) -> str | None:
    """Name the field that holds each row's day in this connection, or None if it has no days.

    Most reports declare it. Where the customer chooses it (`Report.date_field_setting`), an empty
    or missing setting means that the report is read whole.

    Raises:
        KeyError: if the connector has no such report.
    """
    declared = connector.spec.report(report)
    if declared.date_field_setting is None:
        return declared.date_field
    return connection_settings.get(declared.date_field_setting) or None
