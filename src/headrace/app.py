"""The web application: routes, error forms, the OpenAPI document, the demo network."""

import asyncio
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount

from headrace import __version__
from headrace.access import routes as access
from headrace.access.authentication import AccessKit
from headrace.access.sign_in import SignIns
from headrace.audit import routes as audit
from headrace.audit.recording import Recorder
from headrace.automated_recipes import routes as automated_recipes
from headrace.branding import routes as branding
from headrace.branding.service import look_of
from headrace.connections import routes as connections
from headrace.connector_settings import routes as connector_settings
from headrace.console import routes as console
from headrace.console.sections import SECTIONS as CONSOLE_SECTIONS
from headrace.dashboards import routes as dashboards
from headrace.dashboards.keeping import FiguresKept
from headrace.data_tables import routes as data_tables
from headrace.destinations import routes as destinations
from headrace.embedding import pages as embedding_pages
from headrace.embedding import routes as embedding
from headrace.embedding.frames import frame_of
from headrace.external_links import pages as link_pages
from headrace.external_links import routes as external_links
from headrace.extracts import routes as extracts
from headrace.iframe import routes as iframe
from headrace.iframe.sections import SECTIONS
from headrace.loads import routes as loads
from headrace.members import routes as members
from headrace.oauth import routes as oauth
from headrace.pages import assets
from headrace.pages.languages import Languages
from headrace.pages.visits import PagesKit
from headrace.recipes import routes as recipes
from headrace.rest import errors, health, openapi
from headrace.rest.addresses import ClientAddresses
from headrace.rest.body_limit import BodyLimit
from headrace.rest.cors import Cors
from headrace.rest.json_answers import StandingHeaders
from headrace.rest.origins import origin_of
from headrace.rest.outside import CallPlaces
from headrace.rest.paths import PathForms
from headrace.rest.rate_limits import RateLimits, ScarceOperations
from headrace.rest.request_ids import RequestIds
from headrace.rest.request_watch import RequestWatch
from headrace.rest.resources import Resources
from headrace.roles import routes as roles
from headrace.runs import routes as runs
from headrace.sandbox.app import create_app as create_sandbox
from headrace.settings import Settings
from headrace.templates import routes as templates
from headrace.templates.options import OptionsKept
from headrace.webhooks import routes as webhooks
from headrace.workspaces import routes as workspaces

# Requests look for their route in this order: the list that is asked most stands first.
_ROUTERS = (
    extracts.router,
    access.router,
    workspaces.router,
    roles.router,
    members.router,
    connections.router,
    templates.router,
    data_tables.router,
    destinations.router,
    loads.router,
    recipes.router,
    automated_recipes.router,
    runs.router,
    audit.router,
    webhooks.router,
    embedding.router,
    external_links.router,
    dashboards.router,
    dashboards.picture_router,
    connector_settings.router,
    branding.router,
    branding.pictures,
    oauth.router,
    embedding_pages.router,
    link_pages.router,
    iframe.router,
    console.router,
    assets.router,
    health.router,
)


def create_app(settings: Settings, resources: Resources | None = None) -> FastAPI:
    """Make the application; without resources it can only describe itself."""
    app = FastAPI(
        title="Headrace",
        version=__version__,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.resources = resources
    app.state.turns = asyncio.Semaphore(settings.web_threads)
    app.state.call_places = CallPlaces()
    app.state.options_kept = OptionsKept()
    app.state.figures_kept = FiguresKept()
    app.state.sessions = resources.sessions if resources else None
    sign_ins = SignIns()
    app.state.before_turn = sign_ins.before_turn
    app.state.access = AccessKit(
        sign_ins,
        origin_of(settings.public_address),
        frozenset(origin_of(item) for item in settings.cors_origins),
    )
    app.state.pages = PagesKit(
        Languages.read(), SECTIONS, CONSOLE_SECTIONS, frame_of=frame_of, look_of=look_of
    )
    app.state.scarce = ScarceOperations(settings.rate_limit_per_minute)
    app.state.witness = Recorder(resources.sessions) if resources else None
    app.openapi = lambda: openapi.build(app)  # type: ignore[method-assign]  # FastAPI's own way
    errors.install(app)
    # As they stand: including a router makes each of its routes anew, for each application, during
    # its first request. These need nothing of the application's.
    for router in _ROUTERS:
        app.router.routes.extend(router.routes)
    app.router.routes.append(Mount("/sandbox/demo_ads", create_sandbox(), name="demo network"))
    _put_layers_around(app, settings)
    return app


def _put_layers_around(app: FastAPI, settings: Settings) -> None:
    # The last one added is the first to see a request.
    app.add_middleware(BodyLimit)
    app.add_middleware(PathForms)
    app.add_middleware(
        RateLimits, per_minute=settings.rate_limit_per_minute, burst=settings.rate_limit_burst
    )
    app.add_middleware(Cors, origins=settings.cors_origins)
    app.add_middleware(ClientAddresses, trusted_proxies=settings.trusted_proxies)
    app.add_middleware(StandingHeaders)
    app.add_middleware(RequestIds)
    app.add_middleware(RequestWatch)


def document(settings: Settings) -> dict[str, Any]:
    """Return the OpenAPI document without a database."""
    return openapi.build(create_app(settings))
