"""Many requests at once: more than there are threads, and more than there are connections."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from fakes.ads_network import serving
from fakes.callers import PASSWORD
from headrace.access import service as access
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.rest.resources import open_resources
from headrace.settings import Settings

THREADS = 2
CLIENTS = 90  # the threads that answer are 40


@pytest.fixture
def address(settings: Settings, committed_database: str) -> Iterator[str]:
    """A server with few connections, and one agency."""
    few = settings.model_copy(update={"web_threads": THREADS})
    resources = open_resources(few, committed_database, THREADS)
    with transaction(resources.sessions) as session:
        access.create_agency(session, "Agency", "chief", PASSWORD)
    with serving(create_app(few, resources)) as address:
        yield address
    resources.engine.dispose()


def test_a_crowd_is_answered(address: str) -> None:
    with httpx.Client(
        base_url=address, auth=("chief", PASSWORD), timeout=100, limits=httpx.Limits()
    ) as client:
        assert client.get("/api/v3/workspaces").status_code == 200  # the password is known now
        with ThreadPoolExecutor(CLIENTS) as crowd:
            answers = list(crowd.map(lambda _: client.get("/api/v3/workspaces"), range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {200}
