"""The navigation of a workspace's pages, in the order in which it is shown."""

from headrace.access.permissions import Permission
from headrace.pages.languages import N_
from headrace.pages.visits import Section

SECTIONS: tuple[Section, ...] = (
    Section(N_("Dashboards"), "/dashboards", Permission.DASHBOARD_VIEW),
)
