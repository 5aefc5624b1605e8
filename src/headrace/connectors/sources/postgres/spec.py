"""What the `postgres` data source offers, as data."""

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

ROWS = "rows"
DATE_COLUMN = "date_column"
_LOOKBACK_DAYS = 30
_CHUNK_DAYS = 366
"""Reading is streamed, so a large window costs no memory, and each one may be a whole scan."""

SSL_MODES = (
    Choice("verify-full", "Encrypted, certificate and host name checked"),
    Choice("verify-ca", "Encrypted, certificate checked"),
    Choice("require", "Encrypted"),
    Choice("prefer", "Encrypted if the server can"),
    Choice("disable", "Not encrypted"),
)

_SETTINGS = (
    Setting(name="host", title="Host", required=True, description="A host name or an address."),
    Setting(name="port", title="Port", type=SettingType.INTEGER, initial_value=5432),
    Setting(name="database", title="Database", required=True),
    Setting(name="user", title="User", required=True, description="One that may read is enough."),
    Setting(
        name="ssl_mode",
        title="Encryption",
        type=SettingType.SELECT,
        choices=SSL_MODES,
        description=(
            "Empty means require, and prefer for hosts the operator opened in his own network."
        ),
    ),
    Setting(name="schema", title="Schema", initial_value="public"),
    Setting(name="table", title="Table or view", description="Give this or a query."),
    Setting(name="query", title="Query", description="One SELECT; give this or a table."),
    Setting(
        name=DATE_COLUMN,
        title="Date column",
        description=(
            "A date or timestamp column of the table or query. With it a run replaces the days it "
            "reads; without it a run replaces all rows."
        ),
    ),
)

SPEC = ConnectorSpec(
    name="postgres",
    title="PostgreSQL",
    categories=("Databases",),
    auth=AuthForm(
        kind=AuthKind.CREDENTIALS,
        fields=(Setting(name="password", title="Password", required=True, secret=True),),
    ),
    reports=(
        Report(
            name=ROWS,
            title="Rows of a table or query",
            data_class=DataClass.DEFAULT,
            fields=(),
            date_field=None,
            date_field_setting=DATE_COLUMN,
            lookback_days=_LOOKBACK_DAYS,
            chunk_days=_CHUNK_DAYS,
            includes_today=True,
        ),
    ),
    templates=(
        Template(
            code=ROWS,
            title="All columns",
            description="Every column of the table or query under its own name.",
            report=ROWS,
            selected_fields=(),
        ),
    ),
    settings=_SETTINGS,
)
