"""The navigation of a workspace's pages, in the order in which it is shown."""

from headrace.access.permissions import Permission
from headrace.pages.languages import N_
from headrace.pages.visits import Section

SECTIONS: tuple[Section, ...] = (
    Section(N_("Start"), "", None),
    Section(N_("Dashboards"), "/dashboards", Permission.DASHBOARD_VIEW),
    Section(N_("Connections"), "/connections", Permission.CONNECTION_VIEW),
    Section(N_("Extracts"), "/extracts", Permission.EXTRACT_VIEW),
    Section(N_("Data tables"), "/data-tables", Permission.DATA_TABLE_VIEW),
    Section(N_("Destinations"), "/destinations", Permission.DESTINATION_VIEW),
    Section(N_("Loads"), "/loads", Permission.LOAD_VIEW),
    Section(N_("Runs"), "/runs", Permission.EXTRACT_VIEW),
    Section(N_("Webhooks"), "/webhooks", Permission.WEBHOOK_VIEW),
    Section(N_("Members"), "/members", Permission.WORKSPACE_MANAGE_USERS),
)
