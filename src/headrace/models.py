"""Every table, gathered for migrations."""

from headrace.access import models as access
from headrace.audit import models as audit
from headrace.automated_recipes import models as automated_recipes
from headrace.branding import models as branding
from headrace.connections import models as connections
from headrace.connector_settings import models as connector_settings
from headrace.dashboards import models as dashboards
from headrace.data_tables import models as data_tables
from headrace.db.base import Base
from headrace.destinations import models as destinations
from headrace.embedding import models as embedding
from headrace.events import models as events
from headrace.external_links import models as external_links
from headrace.extracts import models as extracts
from headrace.loads import models as loads
from headrace.oauth import models as oauth
from headrace.recipes import models as recipes
from headrace.rest import models as rest
from headrace.runs import models as runs
from headrace.table_store import models as table_store
from headrace.templates import models as templates
from headrace.tenancy import models as tenancy
from headrace.webhooks import models as webhooks

metadata = Base.metadata

__all__ = [
    "access",
    "audit",
    "automated_recipes",
    "branding",
    "connections",
    "connector_settings",
    "dashboards",
    "data_tables",
    "destinations",
    "embedding",
    "events",
    "external_links",
    "extracts",
    "loads",
    "metadata",
    "oauth",
    "recipes",
    "rest",
    "runs",
    "table_store",
    "templates",
    "tenancy",
    "webhooks",
]
