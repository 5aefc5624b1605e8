"""What the `file_import` data source offers, as data."""

from headrace.connectors.contract import (
    AuthForm,
    AuthKind,
    Choice,
    ConnectorSpec,
    DataClass,
    Report,
    Setting,
    SettingType,
    Template,
)

WHOLE_FILE = "whole_file"
DATE_COLUMN = "date_column"
WHOLE_HISTORY_DAYS = 366 * 400
"""One window reads every day of a file at once: reading it again for each month gains nothing."""

_FORMATS = (
    Choice("csv", "CSV"),
    Choice("tsv", "TSV (tab separated)"),
    Choice("jsonl", "JSON lines"),
    Choice("parquet", "Parquet"),
)

_CREDENTIALS = (
    Setting(
        name="aws_access_key_id",
        title="S3 access key id",
        secret=True,
        description="Only for s3:// addresses; without it the bucket is read as the public would.",
    ),
    Setting(
        name="aws_secret_access_key",
        title="S3 secret access key",
        secret=True,
        description="The secret that belongs to the access key id.",
    ),
    Setting(
        name="aws_session_token",
        title="S3 session token",
        secret=True,
        description="Only for temporary keys.",
    ),
)

_SETTINGS = (
    Setting(
        name="url",
        title="Address",
        required=True,
        description=(
            "https://…, s3://bucket/key or file:///…; "
            "in s3 and file addresses *, ** and ? match several files."
        ),
    ),
    Setting(
        name="format",
        title="Format",
        type=SettingType.SELECT,
        choices=_FORMATS,
        description="Found out from the name and the content when left empty.",
    ),
    Setting(
        name="delimiter",
        title="Delimiter",
        description="The one character between values of a CSV; found out when left empty.",
    ),
    Setting(
        name="encoding",
        title="Encoding",
        description="Such as utf-8, utf-16 or cp1252; found out when left empty.",
    ),
    Setting(
        name=DATE_COLUMN,
        title="Date column",
        description=(
            "The column that holds each row's day. With it a run replaces the days from the file's "
            "first to its last; without it the whole file replaces the rows of its account."
        ),
    ),
    Setting(
        name="types",
        title="Column types",
        description=(
            "A JSON object of column name to type (string, integer, decimal, float, boolean, "
            "date, datetime), for columns that should not be typed by what they hold."
        ),
    ),
    Setting(
        name="endpoint_url",
        title="S3 endpoint",
        description="For S3-compatible services; empty means Amazon S3.",
    ),
    Setting(
        name="region",
        title="S3 region",
        initial_value="us-east-1",
        description="The region of the bucket.",
    ),
)

SPEC = ConnectorSpec(
    name="file_import",
    title="File import",
    categories=("Flat Data",),
    auth=AuthForm(kind=AuthKind.CREDENTIALS, fields=_CREDENTIALS),
    reports=(
        Report(
            name=WHOLE_FILE,
            title="Whole file",
            data_class=DataClass.DEFAULT,
            fields=(),
            date_field=None,
            date_field_setting=DATE_COLUMN,
            chunk_days=WHOLE_HISTORY_DAYS,
            includes_today=True,
            holds_some_days=True,
        ),
    ),
    templates=(
        Template(
            code=WHOLE_FILE,
            title="Whole file",
            description="Every column of the file under the name in its header.",
            report=WHOLE_FILE,
            selected_fields=(),
        ),
    ),
    settings=_SETTINGS,
)
