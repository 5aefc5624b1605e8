"""A server of real processes, a browser that looks at its pages, and a product that embeds them."""

import base64
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from browser.looking import CHROMIUM, Watched
from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct, host_product
from fakes.server import Server
from headrace.access import service as access
from headrace.access.authentication import COOKIE_NAME
from headrace.db.engine import make_engine, session_maker, transaction
from headrace.db.roles import SYSTEM

CHIEF = "chief@example.com"


@dataclass
class Site:
    """The server that a browser looks at."""

    server: Server

    @property
    def url(self) -> str:
        return self.server.base_url

    def workspace(self) -> RemoteWorkspace:
        """Make a workspace, and enter it with a token of the agency's chief."""
        return self.server.new_workspace(CHIEF)

    def sign_in(self, context: BrowserContext, username: str = CHIEF) -> None:
        """Give a browser the cookie of a user who signed in, without the form."""
        engine = make_engine(self.server.database_url, role=SYSTEM)
        rows = self.server.query("SELECT id FROM app_user WHERE username = %s", username)
        with transaction(session_maker(engine)) as session:
            minted = access.start_session(session, rows[0][0])
        engine.dispose()
        context.add_cookies(
            [{"name": COOKIE_NAME, "value": minted.secret, "url": self.url, "httpOnly": True}]
        )


@pytest.fixture(scope="session")
def site_server(make_database: Callable[[], str]) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="headrace-browser-"))
    folder.chmod(0o755)
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    server = Server.at(folder / "site", make_database(), secret_key=key)
    server.start("web")
    server.start("worker")
    server.wait_until_it_answers()
    server.sign_up(CHIEF)
    yield server
    server.stop_everything()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(site_server: Server) -> Site:
    """A web process and a worker, shared by the tests."""
    return Site(site_server)


@pytest.fixture
def workspace(site: Site) -> Iterator[RemoteWorkspace]:
    """A new workspace on the site, in which the tests' program acts."""
    entered = site.workspace()
    yield entered
    entered.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium, without a window."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without a past."""
    made = browser.new_context(locale="en-GB")
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail and nothing may be forbidden; see `Watched`."""
    opened = context.new_page()
    watched = Watched(opened)
    yield opened
    watched.check()


@pytest.fixture(scope="session")
def shared_product() -> Iterator[HostProduct]:
    with host_product() as product:
        yield product


@pytest.fixture
def product(shared_product: HostProduct) -> HostProduct:
    """A product that embeds our pages, on another origin."""
    shared_product.pages.clear()
    return shared_product
