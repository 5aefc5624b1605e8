"""All pages of a workspace, mounted twice: in an iframe's session, and for users who signed in."""

from fastapi import APIRouter

from headrace.access.embed_cookies import PATH_NAME
from headrace.access.page_access import WORKSPACE_NAME
from headrace.iframe import (
    connect,
    connect_accounts,
    connect_oauth,
    connect_returning,
    connect_sources,
    connections,
    dashboard_pictures,
    dashboard_watching,
    dashboards,
    data_tables,
    destinations,
    extract_creation,
    extracts,
    home,
    loads,
    members,
    runs,
    webhooks,
)
from headrace.pages.guards import EMBED, WORKSPACES

_AREAS = (
    home.router,
    dashboards.router,
    dashboard_watching.router,
    dashboard_pictures.router,
    connect.router,
    connect_oauth.router,
    connect_accounts.router,
    connections.router,
    extract_creation.router,
    extracts.router,
    data_tables.router,
    destinations.router,
    loads.router,
    runs.router,
    webhooks.router,
    members.router,
    home.elsewhere,
)

router = APIRouter(include_in_schema=False)
for _area in _AREAS:
    router.include_router(_area, prefix=f"{EMBED}/{{{PATH_NAME}:uuid}}")
    router.include_router(_area, prefix=f"{WORKSPACES}/{{{WORKSPACE_NAME}:int}}")
router.include_router(connect_returning.router)
router.include_router(connect_sources.icons)
