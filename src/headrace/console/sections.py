"""The navigation of the console, in the order in which it is shown."""

from headrace.access.permissions import Permission
from headrace.pages.languages import N_
from headrace.pages.visits import Section

SECTIONS: tuple[Section, ...] = (
    Section(N_("Workspaces"), "/workspaces", Permission.ADMIN_VIEW),
    Section(N_("Users"), "/users", Permission.ADMIN_MANAGE_ROLES),
    Section(N_("Roles"), "/roles", Permission.ADMIN_MANAGE_ROLES),
    Section(N_("Platforms"), "/platforms", Permission.ADMIN_MANAGE_ROLES),
    Section(N_("Branding"), "/branding", Permission.ADMIN_MANAGE_ROLES),
    Section(N_("Audit log"), "/audit", Permission.ADMIN_MANAGE_ROLES),
)
