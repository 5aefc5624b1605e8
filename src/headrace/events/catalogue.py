"""The catalogue of event types as data: what each says, its JSON Schema and a sample.

Names are those of contract 6.1; keys of `data` are those of contract 6.3, and ours beside them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

SAMPLE_UID = "5F0C2E6B9D1A4C7F8E3B6A2D9C0F1E47"
SAMPLE_TIMESTAMP = "2026-05-21 10:00:00.000000"

_COMMON = {
    "product_domain_event_inserted_at": (
        "When it happened, in UTC; the same as `timestamp`.",
        SAMPLE_TIMESTAMP,
    ),
    "product_domain_event_aggregate_class": ("The kind of object it is about.", "Extraction"),
    "product_domain_event_class": ("The type in the form of a class name.", "ExtractionPaused"),
    "product_domain_event_usecase": ("What led to it.", "PauseExtractionUseCase"),
    "product_domain_event": ("The type again.", "extraction_paused"),
    "is_action_log": ("Always `1`.", "1"),
    "agency_title": ("The agency's title.", "Northwind Media"),
    "workspace_title": ("The workspace's title.", "Acme Ltd"),
    "workspace_id": ("The workspace's id.", "12"),
}
"""Keys that every event has: their meaning and a sample."""

_KEYS = {
    "dts_order_params_id": ("The extract's id, under the published name.", "7"),
    "order_id": ("The extract's id, under the published name.", "7"),
    "extract_id": ("The extract's id.", "7"),
    "data_table_id": ("The data table's id.", "31"),
    "datatable_title": ("The data table's title.", "Campaigns"),
    "connection_id": ("The connection's id.", "5"),
    "connection_title": ("The connection's title.", "Acme Europe"),
    "datasource_name": ("The data source's name.", "facebook"),
    "load_id": ("The load's id.", "19"),
    "load_destination_title": ("Title of the destination connection.", "Warehouse"),
    "order_ui_link": ("Where the load can be read.", "https://etl.example.com/api/v3/loads/19"),
    "destination_connection_id": (
        "The destination connection's id.",
        "7b0e3c1a-52c1-4d2e-9d0f-3f1c2b7a9e10",
    ),
    "destination_connection_title": ("The destination connection's title.", "Warehouse"),
    "destination_type": ("The destination's name.", "postgre_sql"),
    "destination_status": ("`active` or `error`.", "active"),
    "run_id": ("The run's id.", "4711"),
    "rows": ("Rows written by the run.", "1250"),
    "error_class": ("What should happen next.", "Refused"),
    "error_text": ("What went wrong and what to do; holds no secret.", "The table is locked."),
    "freshness": ("When the newest successful extraction ended, in UTC.", SAMPLE_TIMESTAMP),
    "fields_added": ("Names of the fields, separated by commas.", "spend,clicks"),
    "fields_widened": ("Names of the fields, separated by commas.", ""),
    "fields_dropped": ("Names of fields that the source no longer has.", ""),
    "fields_narrowed": ("Names of fields whose type at the source is narrower than it was.", ""),
    "fields_not_taken": ("Names of fields whose change the table's policy keeps out.", ""),
    "date_from": ("The first day.", "2026-05-01"),
    "date_to": ("The last day.", "2026-05-20"),
    "recipe_id": ("The recipe's id.", "3"),
    "recipe_title": ("The recipe's title.", "Cross-channel performance"),
    "webhook_endpoint_id": ("The endpoint's id.", "2"),
    "webhook_endpoint_url": ("Where the endpoint's receiver is.", "https://hooks.example.com/in"),
    "reason": ("Why, in one sentence.", "Every attempt failed for 5 days."),
}
"""Keys that some events have: their meaning and a sample."""

_EXTRACT = (
    "dts_order_params_id",
    "order_id",
    "extract_id",
    "data_table_id",
    "connection_id",
    "datasource_name",
)
_LOAD = ("load_id", "load_destination_title", "order_ui_link", "data_table_id", "datatable_title")
_CONNECTION = ("connection_id", "connection_title", "datasource_name")
_TABLE = ("data_table_id", "datatable_title", "datasource_name")
_RECIPE = ("recipe_id", "recipe_title")
_RUN_END = ("run_id", "rows")
_ERROR = ("error_class", "error_text")


@dataclass(frozen=True)
class EventType:
    """One kind of event. keys: those of `data` that it has beside the common ones."""

    name: str
    description: str
    aggregate: str
    usecase: str
    keys: tuple[str, ...]

    @property
    def class_name(self) -> str:
        """The type in the form of a class name: `ExtractionPaused`."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    def payload_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of a delivery's body."""
        described = _COMMON | {key: _KEYS[key] for key in self.keys}
        data = {
            "type": "object",
            "required": list(described),
            "properties": {
                key: {"type": "string", "description": text} for key, (text, _) in described.items()
            },
            "additionalProperties": {"type": "string"},
        }
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.class_name,
            "description": self.description,
            "type": "object",
            "required": ["id", "type", "timestamp", "data"],
            "properties": {
                "id": {"type": "string", "pattern": "^[0-9A-F]{32}$"},
                "type": {"const": self.name},
                "timestamp": {
                    "type": "string",
                    "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$",
                },
                "data": data,
            },
            "additionalProperties": False,
        }

    def sample_facts(self) -> dict[str, str]:
        """Return samples of the keys that are the type's own."""
        return {key: _KEYS[key][1] for key in self.keys}

    def sample(self) -> dict[str, Any]:
        """Return a whole body, as it could be delivered."""
        own = {
            "product_domain_event_aggregate_class": self.aggregate,
            "product_domain_event_class": self.class_name,
            "product_domain_event_usecase": self.usecase,
            "product_domain_event": self.name,
        }
        common = {key: sample for key, (_, sample) in _COMMON.items()}
        return {
            "id": SAMPLE_UID,
            "type": self.name,
            "timestamp": SAMPLE_TIMESTAMP,
            "data": common | own | self.sample_facts(),
        }


def _by_name(types: Iterable[EventType]) -> dict[str, EventType]:
    return {item.name: item for item in types}


EVENT_TYPES = _by_name(
    (
        EventType(
            "extraction_created",
            "An extract was created.",
            "Extraction",
            "CreateExtractionUseCase",
            _EXTRACT,
        ),
        EventType(
            "extraction_paused",
            "An extract was paused, by hand or because its connection was deleted.",
            "Extraction",
            "PauseExtractionUseCase",
            _EXTRACT,
        ),
        EventType(
            "extraction_unpaused",
            "A paused extract goes on.",
            "Extraction",
            "UnpauseExtractionUseCase",
            _EXTRACT,
        ),
        EventType(
            "historical_download_started",
            "A run that reads history earlier than what was read before was asked for.",
            "Extraction",
            "StartHistoricalDownloadUseCase",
            (*_EXTRACT, "date_from"),
        ),
        EventType(
            "extraction_completed",
            "A run of an extract ended well; its rows are in the data table.",
            "Extraction",
            "RunExtractionUseCase",
            (*_EXTRACT, *_RUN_END),
        ),
        EventType(
            "extraction_failed",
            "A run of an extract failed for good.",
            "Extraction",
            "RunExtractionUseCase",
            (*_EXTRACT, "run_id", *_ERROR),
        ),
        EventType(
            "data_restated",
            "A run for chosen days replaced rows of days that had been read before.",
            "DataTable",
            "RestateDataUseCase",
            (*_EXTRACT, "datatable_title", "run_id", "date_from", "date_to"),
        ),
        EventType(
            "table_freshness_changed",
            "A data table became fresher.",
            "DataTable",
            "UpdateFreshnessUseCase",
            (*_TABLE, "freshness"),
        ),
        EventType(
            "fields_changed",
            "The choice of an extract's fields was changed.",
            "Extraction",
            "ChangeFieldsUseCase",
            _EXTRACT,
        ),
        EventType(
            "schema_changed",
            "A data table got new columns or columns of wider types, or its source changed others.",
            "DataTable",
            "GrowDataTableUseCase",
            (
                *_TABLE,
                "fields_added",
                "fields_dropped",
                "fields_widened",
                "fields_narrowed",
                "fields_not_taken",
            ),
        ),
        EventType("load_created", "A load was created.", "Load", "CreateLoadUseCase", _LOAD),
        EventType(
            "load_started",
            "A run of a load began.",
            "Load",
            "RunLoadUseCase",
            (*_LOAD, "run_id"),
        ),
        EventType(
            "load_completed",
            "A run of a load ended well; the destination is up to date.",
            "Load",
            "RunLoadUseCase",
            (*_LOAD, *_RUN_END),
        ),
        EventType(
            "load_failed",
            "A run of a load failed for good.",
            "Load",
            "RunLoadUseCase",
            (*_LOAD, "run_id", *_ERROR),
        ),
        EventType(
            "create_load_changed",
            "Whether new data tables get a load into a destination was switched.",
            "DestinationConnection",
            "ChangeCreateLoadUseCase",
            (
                "destination_connection_id",
                "destination_connection_title",
                "destination_type",
                "destination_status",
            ),
        ),
        EventType(
            "status_changed",
            "A destination connection was found to work, or not to.",
            "DestinationConnection",
            "CheckDestinationConnectionUseCase",
            (
                "destination_connection_id",
                "destination_connection_title",
                "destination_type",
                "destination_status",
            ),
        ),
        EventType(
            "connection_error",
            "A connection stopped working.",
            "Connection",
            "CheckConnectionUseCase",
            (*_CONNECTION, "error_text"),
        ),
        EventType(
            "connection_invalidated",
            "A data source no longer accepts a connection's credentials; reconnect it.",
            "Connection",
            "InvalidateConnectionUseCase",
            (*_CONNECTION, "error_text"),
        ),
        EventType(
            "connection_recovered",
            "A connection that had stopped working works again.",
            "Connection",
            "RecoverConnectionUseCase",
            _CONNECTION,
        ),
        EventType(
            "connection_accounts_update_error",
            "The account list could not be read because the credentials are not accepted.",
            "Connection",
            "UpdateConnectionAccountsUseCase",
            (*_CONNECTION, "error_text"),
        ),
        EventType(
            "connection_accounts_update_fail",
            "The account list could not be read.",
            "Connection",
            "UpdateConnectionAccountsUseCase",
            (*_CONNECTION, "error_text"),
        ),
        EventType(
            "connection_deleted",
            "A connection was deleted; its data stays.",
            "Connection",
            "DeleteConnectionUseCase",
            _CONNECTION,
        ),
        EventType(
            "transformation_started",
            "A recipe began to build its data table.",
            "Recipe",
            "BuildRecipeUseCase",
            (*_RECIPE, "run_id"),
        ),
        EventType(
            "transformation_completed",
            "A recipe built its data table.",
            "Recipe",
            "BuildRecipeUseCase",
            (*_RECIPE, "data_table_id", *_RUN_END),
        ),
        EventType(
            "recipe_activated",
            "A recipe was activated.",
            "Recipe",
            "ActivateRecipeUseCase",
            _RECIPE,
        ),
        EventType(
            "recipe_deactivated",
            "A recipe was deactivated.",
            "Recipe",
            "DeactivateRecipeUseCase",
            _RECIPE,
        ),
        EventType(
            "webhook_endpoint_disabled",
            "A webhook endpoint gets no more deliveries until it is verified again.",
            "WebhookEndpoint",
            "DisableWebhookEndpointUseCase",
            ("webhook_endpoint_id", "webhook_endpoint_url", "reason"),
        ),
    )
)
"""Every type there is, by name."""


def facts_fit(name: str, given: Iterable[str]) -> bool:
    """Whether these are the keys that an event of a type has of its own."""
    return set(EVENT_TYPES[name].keys) == set(given)


def common_facts(
    item: EventType, timestamp: str, agency_title: str, workspace_title: str, workspace_id: int
) -> dict[str, str]:
    """Return the values of the keys that every event has."""
    return {
        "product_domain_event_inserted_at": timestamp,
        "product_domain_event_aggregate_class": item.aggregate,
        "product_domain_event_class": item.class_name,
        "product_domain_event_usecase": item.usecase,
        "product_domain_event": item.name,
        "is_action_log": "1",
        "agency_title": agency_title,
        "workspace_title": workspace_title,
        "workspace_id": str(workspace_id),
    }
