"""The permission catalogue in words: layers and permissions, their titles, what they let one do."""

from dataclasses import dataclass

from headrace.access.permissions import Permission


@dataclass(frozen=True)
class Entry:
    """A permission as the catalogue shows it."""

    permission: Permission
    title: str
    description: str


@dataclass(frozen=True)
class Layer:
    """An area of the product, with its permissions in their constant order."""

    code: str
    title: str
    description: str
    entries: tuple[Entry, ...]


CATALOGUE = (
    Layer(
        "connection",
        "Connections",
        "Authorizations to read from data sources.",
        (
            Entry(
                Permission.CONNECTION_VIEW,
                "View connections",
                "See connections and their accounts.",
            ),
            Entry(
                Permission.CONNECTION_CREATE,
                "Create connections",
                "Connect a data source, or ask a customer for access by a link.",
            ),
            Entry(
                Permission.CONNECTION_EDIT,
                "Edit connections",
                "Authorize a connection again, check it, choose its accounts.",
            ),
            Entry(
                Permission.CONNECTION_DELETE,
                "Delete connections",
                "Remove a connection; its extracts are paused.",
            ),
        ),
    ),
    Layer(
        "extract",
        "Extracts",
        "What is read, when, and by which template.",
        (
            Entry(
                Permission.EXTRACT_VIEW,
                "View extracts",
                "See extracts, their templates, their runs; preview rows.",
            ),
            Entry(
                Permission.EXTRACT_CREATE,
                "Create extracts",
                "Create extracts and extraction templates.",
            ),
            Entry(Permission.EXTRACT_EDIT, "Edit extracts", "Change, pause and unpause extracts."),
            Entry(
                Permission.EXTRACT_DELETE,
                "Delete extracts",
                "Remove an extract; its data table stays.",
            ),
            Entry(Permission.EXTRACT_RUN, "Run extracts", "Start a run by hand."),
        ),
    ),
    Layer(
        "data_table",
        "Data tables",
        "The rows that were read or built.",
        (
            Entry(
                Permission.DATA_TABLE_VIEW,
                "View data tables",
                "See data tables, their columns and their rows.",
            ),
            Entry(
                Permission.DATA_TABLE_EDIT,
                "Edit data tables",
                "Rename a data table; choose what is delivered.",
            ),
            Entry(
                Permission.DATA_TABLE_DELETE,
                "Delete data tables",
                "Remove a data table and its rows.",
            ),
        ),
    ),
    Layer(
        "destination",
        "Destinations",
        "Where data tables can be delivered.",
        (
            Entry(Permission.DESTINATION_VIEW, "View destinations", "See destination connections."),
            Entry(Permission.DESTINATION_CREATE, "Create destinations", "Connect a destination."),
            Entry(
                Permission.DESTINATION_EDIT,
                "Edit destinations",
                "Rename, authorize again or check a destination.",
            ),
            Entry(
                Permission.DESTINATION_DELETE,
                "Delete destinations",
                "Remove a destination connection.",
            ),
        ),
    ),
    Layer(
        "load",
        "Loads",
        "Deliveries of data tables to destinations.",
        (
            Entry(Permission.LOAD_VIEW, "View loads", "See loads and their runs."),
            Entry(Permission.LOAD_CREATE, "Create loads", "Deliver a data table to a destination."),
            Entry(Permission.LOAD_EDIT, "Edit loads", "Change, pause and unpause loads."),
            Entry(
                Permission.LOAD_DELETE, "Delete loads", "Remove a load; what it delivered stays."
            ),
            Entry(Permission.LOAD_RUN, "Run loads", "Start a delivery by hand."),
        ),
    ),
    Layer(
        "transform",
        "Recipes",
        "Transformations, one's own and automated ones.",
        (
            Entry(
                Permission.TRANSFORM_VIEW,
                "View recipes",
                "See recipes, automated recipes and their builds.",
            ),
            Entry(
                Permission.TRANSFORM_CREATE,
                "Create recipes",
                "Create recipes and automated recipes.",
            ),
            Entry(
                Permission.TRANSFORM_EDIT,
                "Edit recipes",
                "Change, activate and deactivate recipes.",
            ),
            Entry(Permission.TRANSFORM_DELETE, "Delete recipes", "Remove a recipe."),
            Entry(Permission.TRANSFORM_RUN, "Build recipes", "Start a build by hand."),
        ),
    ),
    Layer(
        "dashboard",
        "Dashboards",
        "Charts over data tables and pipelines.",
        (
            Entry(Permission.DASHBOARD_VIEW, "View dashboards", "See dashboards."),
            Entry(Permission.DASHBOARD_CREATE, "Create dashboards", "Add a dashboard."),
            Entry(Permission.DASHBOARD_EDIT, "Edit dashboards", "Change a dashboard."),
            Entry(Permission.DASHBOARD_DELETE, "Delete dashboards", "Remove a dashboard."),
        ),
    ),
    Layer(
        "webhook",
        "Webhooks",
        "Signed messages about what happened.",
        (
            Entry(
                Permission.WEBHOOK_VIEW,
                "View webhooks",
                "See webhook endpoints and their deliveries.",
            ),
            Entry(
                Permission.WEBHOOK_MANAGE,
                "Manage webhooks",
                "Create, change, verify and remove webhook endpoints, and see their secrets.",
            ),
        ),
    ),
    Layer(
        "workspace",
        "Workspace",
        "The workspace and who works in it.",
        (
            Entry(Permission.WORKSPACE_VIEW, "View the workspace", "See the workspace itself."),
            Entry(
                Permission.WORKSPACE_EDIT, "Edit the workspace", "Change the workspace's settings."
            ),
            Entry(
                Permission.WORKSPACE_MANAGE_USERS,
                "Manage users",
                "Give and take roles in the workspace, up to one's own rights.",
            ),
        ),
    ),
    Layer(
        "admin",
        "Agency",
        "What belongs to the agency as a whole.",
        (
            Entry(Permission.ADMIN_VIEW, "View the agency", "See the agency's workspaces."),
            Entry(
                Permission.ADMIN_MANAGE_ROLES,
                "Manage roles and users",
                "Create and deactivate users of the agency. Roles themselves are the chief's.",
            ),
            Entry(
                Permission.ADMIN_MANAGE_WORKSPACES,
                "Manage workspaces",
                "See every workspace of the agency; create and rename them.",
            ),
        ),
    ),
)
"""The layers in the order of contract 7.2."""
