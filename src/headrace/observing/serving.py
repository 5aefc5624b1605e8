"""Serves metrics over HTTP on a port of its own, apart from the API and its callers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from prometheus_client import start_http_server

from headrace.kit import metrics
from headrace.observing.gauges import SystemGauges
from headrace.rest.resources import Resources

log = structlog.get_logger(__name__)
_PAUSE_SECONDS = 5.0


@contextmanager
def serving(resources: Resources, database_url: str, port: int) -> Iterator[None]:
    """Serve this process's metrics while a block runs; port 0 serves none.

    A port that is taken is tried again and again, and the log says so: during a restart the process
    before may still hold it, and no work is given up for want of a witness.
    """
    if not port:
        yield
        return
    settings = resources.settings
    gauges = SystemGauges(resources.engine, database_url, settings.worker_timeout_seconds)
    metrics.REGISTRY.register(gauges)
    over = threading.Event()
    thread = threading.Thread(
        target=_serve, args=(settings.metrics_host, port, over), daemon=True, name="metrics"
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(2 * _PAUSE_SECONDS)
        metrics.REGISTRY.unregister(gauges)


def _serve(host: str, port: int, over: threading.Event) -> None:
    while not over.is_set():
        try:
            server, _ = start_http_server(port, host, metrics.REGISTRY)
        except OSError as error:
            log.warning("metrics cannot be served; trying again", port=port, details=str(error))
            over.wait(_PAUSE_SECONDS)
            continue
        log.info("metrics are served", host=host, port=port)
        over.wait()
        server.shutdown()
        server.server_close()
