"""The database a process works with: the operator's, or the embedded one of its home."""

from collections.abc import Iterator
from contextlib import contextmanager

from headrace.db import embedded
from headrace.settings import Settings


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """Give the database's URL for a while; an embedded server started for it is stopped after.

    Raises:
        EmbeddedDatabaseError: if the embedded server does not come up.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    with embedded.running(settings.home) as server:
        yield server.url()
