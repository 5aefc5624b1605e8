"""What the pages of the connect flow show of a data source, and the form it is connected with."""

from dataclasses import dataclass
from importlib import resources

from fastapi import APIRouter, Response

from headrace.connections import presentation
from headrace.connections.service import connector_named
from headrace.connectors.contract import Connector
from headrace.connectors.registry import connectors
from headrace.pages.forms import Field, Form
from headrace.rest.errors import NotFound

icons = APIRouter(include_in_schema=False)

_ICON_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_A_DAY = "public, max-age=86400"


@dataclass(frozen=True)
class Source:
    """A data source as pages show it. icon: the address of its picture."""

    name: str
    title: str
    categories: tuple[str, ...]
    icon: str
    docs_url: str | None


def source(connector: Connector) -> Source:
    """Return what pages show of a connector."""
    spec = connector.spec
    icon = f"/datasources/{spec.name}/icon.svg"
    return Source(spec.name, spec.title, spec.categories, icon, spec.docs_url)


def found(search: str, category: str) -> list[Source]:
    """Return the data sources that a search and a category leave, by title."""
    wanted = {category.lower()} if category else set()
    matching = [one for one in connectors().values() if presentation.matches(one, search, wanted)]
    return sorted((source(one) for one in matching), key=lambda one: one.title.casefold())


def categories() -> list[str]:
    """Return every category there is, sorted."""
    return sorted({name for one in connectors().values() for name in one.spec.categories})


def settings_form(connector: Connector) -> Form:
    """Return what is asked before a person is sent to the platform: the connection's settings."""
    return Form.of(Field.of_setting(item, "settings") for item in connector.spec.settings)


def credentials_form(connector: Connector) -> Form:
    """Return what is asked where credentials are typed in: those, and the connection's settings."""
    fields = [Field.of_setting(item, "credentials") for item in connector.spec.auth.fields]
    fields += [Field.of_setting(item, "settings") for item in connector.spec.settings]
    return Form.of(fields)


@icons.get("/datasources/{datasource_name}/icon.svg")
def show_icon(datasource_name: str) -> Response:
    """Answer a data source's picture, which stands in its connector's folder."""
    if datasource_name not in connectors():
        raise NotFound("Data source")
    package = f"headrace.connectors.sources.{connector_named(datasource_name).spec.name}"
    file = resources.files(package).joinpath("icon.svg")
    headers = {
        "Cache-Control": _A_DAY,
        "Content-Security-Policy": _ICON_POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return Response(file.read_bytes(), headers=headers, media_type="image/svg+xml")
