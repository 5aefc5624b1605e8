"""Every setting of the server, described once; `headrace doctor --settings` and the docs print these.

Each is read from the environment variable `HEADRACE_<NAME>`.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from headrace.kit import setting_values
from headrace.kit.mail import MailServer
from headrace.kit.outbound import OutboundPolicy, operator_hosts
from headrace.kit.sealing_keys import decode_key, kept_key
from headrace.run_settings import RunSettings

PREFIX = "HEADRACE_"


class SettingsError(Exception):
    """The configuration cannot be used; the message names each setting and what to do."""


class Settings(RunSettings):
    """The server's settings."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Field(
        Path("~/.headrace"),
        description="Folder of the embedded database, the secret key and, unless LAKE_URL says "
        "otherwise, the data tables' files.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL 15 or newer, as postgresql://user:password@host:port/database. "
        "Empty: an embedded PostgreSQL under HOME.",
    )
    lake_url: str = Field(
        "",
        description="Where the data tables' files are kept: a folder, or s3://bucket/prefix. "
        "Empty: HOME/lake. With several machines it must be a bucket or a shared folder.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="The key that seals credentials: 32 random bytes in base64 or hex. Empty with "
        "the embedded database: made once in HOME/secret.key. Required with DATABASE_URL.",
    )
    public_url: str = Field(
        "",
        description="The address under which clients reach the server; links in answers start "
        "with it. Empty: http://HOST:PORT.",
    )
    host: str = Field("127.0.0.1", description="The address the web server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="The port the web server listens on.")
    workers: int = Field(
        1, ge=0, le=64, description="How many worker processes `headrace up` starts."
    )
    worker_threads: int = Field(
        4, ge=1, le=64, description="How many runs one worker process carries out at once."
    )
    web_threads: int = Field(
        10, ge=1, le=100, description="How many requests one web process answers at once."
    )
    base_urls: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description='Other addresses for data sources, as JSON: {"facebook": "http://127.0.0.1:9000"}. '
        "Their hosts may be private.",
    )
    allowed_private_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Hosts, addresses or networks inside your own network that sources and "
        "destinations may lead to, separated by commas. Cloud metadata addresses stay closed.",
    )
    file_import_roots: Annotated[list[Path], NoDecode] = Field(
        default_factory=list,
        description="Folders of this machine that file_import may read, separated by commas.",
    )
    local_files_root: Path | None = Field(
        None,
        description="Folder of this machine in which local_files and duckdb destinations live.",
    )
    worker_timeout_seconds: int = Field(
        30, ge=5, le=3600, description="Silence after which a worker counts as dead."
    )
    ca_bundle: Path | None = Field(
        None,
        description="File of certificates (PEM) that are trusted beside the system's, for servers "
        "and webhook receivers inside your own network.",
    )
    webhook_ports: Annotated[list[int], NoDecode] = Field(
        default_factory=lambda: [443, 8443],
        description="Ports that webhook URLs may name, separated by commas. Hosts listed by name in "
        "ALLOWED_PRIVATE_HOSTS may have any.",
    )
    webhook_timeout_seconds: int = Field(
        10, ge=1, le=60, description="How long a webhook receiver may take for its whole answer."
    )
    webhook_requests_per_endpoint: int = Field(
        16, ge=1, le=1000, description="How many requests one worker sends to one endpoint at once."
    )
    webhook_requests_per_host: int = Field(
        64, ge=1, le=1000, description="How many requests one worker sends to one host at once."
    )
    webhook_host_rate: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="How many deliveries a second one host gets, over all workspaces and workers. 0 "
        "turns the limit off.",
    )
    webhook_disable_after_days: int = Field(
        5,
        ge=0,
        le=365,
        description="After how many days of nothing but failures a webhook endpoint is disabled. 0: "
        "never.",
    )
    webhook_disable_after_failures: int = Field(
        0,
        ge=0,
        description="After how many failed deliveries in a row a webhook endpoint is disabled. 0: "
        "never.",
    )
    webhook_retention_days: int = Field(
        30, ge=1, description="How long events and the log of their deliveries are kept."
    )
    rate_limit_per_minute: int = Field(
        600,
        ge=0,
        le=1_000_000,
        description="How many API requests a minute one credential may make at one web process, on "
        "average. 0 turns the limit off.",
    )
    rate_limit_burst: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="How many API requests one credential may make at once, after a rest.",
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Addresses or networks of reverse proxies whose X-Forwarded-For names the "
        "client, separated by commas. Empty: the header is not believed.",
    )
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Origins (https://app.example.com) whose pages may call the API from a browser, "
        "with cookies too, separated by commas. Empty: none but this server's own.",
    )
    audit_retention_days: int = Field(
        400,
        ge=30,
        description="How long the audit trail is kept; never less than 30 days.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="The server that takes mail: smtps://user:password@host:465, "
        "smtp://user:password@host:587 (STARTTLS), or smtp+plain://host:25 for a relay inside a "
        "network you trust. Empty: no mail is sent.",
    )
    mail_from: str = Field(
        "",
        description="The sender of mail, as Acme <no-reply@example.com>. Required with SMTP_URL.",
    )
    frame_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Origins (https://app.example.com) whose pages may show the iframe and be "
        "returned to, separated by commas. Empty: the one named when an iframe's URL is made.",
    )
    oauth_clients: Annotated[dict[str, setting_values.OAuthClientValue], NoDecode] = Field(
        default_factory=dict,
        description="OAuth clients of data sources for agencies that set none of their own, as JSON: "
        '{"facebook": {"client_id": "1029", "client_secret": "..."}}.',
    )
    destination_connections_per_workspace: int = Field(
        0, ge=0, description="How many destination connections a workspace may have. 0: any number."
    )
    workspaces_per_agency: int = Field(
        0, ge=0, description="How many workspaces an agency may have. 0: any number."
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65_000,
        description="The port on which a process shows its metrics to Prometheus; under `headrace up` "
        "the web server has this one and the workers those after it. 0: none is shown.",
    )
    metrics_host: str = Field(
        "127.0.0.1",
        description="The address metrics are shown on. They ask for no password: keep it inside your "
        "network.",
    )
    traces_url: str = Field(
        "",
        description="Where traces are sent by OTLP over HTTP, as http://collector:4318/v1/traces; it "
        "needs the extra headrace[telemetry]. OpenTelemetry's own variables OTEL_* say the rest. "
        "Empty: none are.",
    )
    log_format: str = Field(
        "auto",
        pattern="^(auto|text|json)$",
        description="How log lines look: text, json, or auto, which is text on a terminal.",
    )
    log_level: str = Field(
        "info",
        pattern="^(debug|info|warning|error)$",
        description="The least severe lines that are written.",
    )

    @field_validator("base_urls", mode="before")
    @classmethod
    def _read_base_urls(cls, value: Any) -> Any:
        return setting_values.urls_by_name(value)

    @field_validator("oauth_clients", mode="before")
    @classmethod
    def _read_oauth_clients(cls, value: Any) -> Any:
        return setting_values.objects_by_name(value)

    @field_validator(
        "allowed_private_hosts",
        "file_import_roots",
        "trusted_proxies",
        "cors_origins",
        "frame_origins",
        "webhook_ports",
        mode="before",
    )
    @classmethod
    def _read_list(cls, value: Any) -> Any:
        return setting_values.listed(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        return [setting_values.network(item) for item in value]

    @field_validator("cors_origins", "frame_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        return [setting_values.origin(item) for item in value]

    @field_validator("ca_bundle")
    @classmethod
    def _certificates(cls, value: Path | None) -> Path | None:
        if value is not None and not value.expanduser().is_file():
            raise ValueError(f"there is no file {str(value)!r}")
        return value.expanduser().absolute() if value else None

    @field_validator("home", "local_files_root", "file_import_roots")
    @classmethod
    def _whole_paths(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [path.expanduser().absolute() for path in value]
        return value.expanduser().absolute() if value else None

    @field_validator("database_url")
    @classmethod
    def _postgresql_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            setting_values.check_postgresql_url(value.get_secret_value())
        return value

    @field_validator("public_url", "traces_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        return setting_values.web_address(value)

    @field_validator("secret_key")
    @classmethod
    def _good_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            decode_key(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _key_for_external_database(self) -> "Settings":
        if self.database_url is not None and self.secret_key is None:
            raise ValueError(
                f"{PREFIX}SECRET_KEY is required with {PREFIX}DATABASE_URL: every process needs the "
                "same one. Make it with: openssl rand -base64 32"
            )
        return self

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> "Settings":
        try:
            self.mail_server  # noqa: B018 - reading it is the check
        except ValueError as error:
            raise ValueError(f"{PREFIX}SMTP_URL, {PREFIX}MAIL_FROM: {error}") from error
        return self

    @property
    def mail_server(self) -> MailServer | None:
        """Where mail is handed in; None where the operator named no server."""
        url = self.smtp_url.get_secret_value() if self.smtp_url else ""
        return MailServer.from_url(url, self.mail_from, str(self.ca_bundle or "")) if url else None

    @property
    def lake(self) -> str:
        """The lake's URL, the default filled in."""
        return self.lake_url or str(self.home / "lake")

    @property
    def public_address(self) -> str:
        """The public URL, the default filled in, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def outbound_policy(self) -> OutboundPolicy:
        """Which private hosts may be contacted: those listed, and those of BASE_URLS."""
        listed = frozenset(host.lower() for host in self.allowed_private_hosts)
        opened = listed | operator_hosts(self.source_urls.values())
        return OutboundPolicy(opened, str(self.ca_bundle or ""))

    @property
    def source_urls(self) -> dict[str, str]:
        """Addresses of data sources that differ from the vendor's own.

        The demo network is served by this very server, so its address follows ours.
        """
        own = f"http://127.0.0.1:{self.port}/sandbox/demo_ads"
        return {"demo_ads": own} | self.base_urls

    def sealing_key(self) -> bytes:
        """Return the key that seals credentials, making it on first use beside the embedded database.

        Raises:
            SettingsError: if the key file is damaged.
        """
        if self.secret_key is not None:
            return decode_key(self.secret_key.get_secret_value())
        path = self.home / "secret.key"
        try:
            return kept_key(path)
        except ValueError as error:
            raise SettingsError(
                f"The secret key in {path} is damaged: {error}. Restore it from a backup; without it "
                "stored credentials cannot be read."
            ) from error


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: if a value is bad; the message names every bad one.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(map(_explain, error.errors()))) from error


def _explain(item: Any) -> str:
    name = "_".join(str(part) for part in item["loc"][:1]).upper()
    text = item["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{name}: {text}" if name else text
