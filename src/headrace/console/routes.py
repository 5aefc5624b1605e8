"""All pages of the console."""

from fastapi import APIRouter

from headrace.console import (
    audit,
    branding,
    first_run,
    platforms,
    roles,
    signing_in,
    users,
    workspaces,
)
from headrace.pages.guards import CONSOLE

_AREAS = (
    signing_in.router,
    first_run.router,
    workspaces.router,
    users.router,
    roles.router,
    platforms.router,
    branding.router,
    audit.router,
)

router = APIRouter(include_in_schema=False)
for _area in _AREAS:
    router.include_router(_area, prefix=CONSOLE)
