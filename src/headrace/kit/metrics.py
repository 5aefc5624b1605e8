"""What a process counts and times, for Prometheus: every measure of it, declared in one place.

Labels are words of the program alone: kinds, outcomes, route templates, data sources. Never an id, a
name or an address of a customer, so that their number is bounded and nothing of a tenant shows.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library gives it no types

REGISTRY = CollectorRegistry()
"""What the process shows; collectors that ask the database are added to it where it is served."""
ProcessCollector(registry=REGISTRY)

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_RUN_SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
_WAIT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3600)

HTTP_REQUESTS = Counter(
    "headrace_http_requests", "HTTP requests answered.", ["method", "route", "status"],
    registry=REGISTRY,
)  # fmt: skip
HTTP_SECONDS = Histogram(
    "headrace_http_request_seconds", "Time to the last byte of an answer.", ["method", "route"],
    buckets=_REQUEST_SECONDS, registry=REGISTRY,
)  # fmt: skip
RUNS_FINISHED = Counter(
    "headrace_runs_finished", "Runs that ended for good, by kind and outcome.",
    ["kind", "outcome"], registry=REGISTRY,
)  # fmt: skip
RUN_SECONDS = Histogram(
    "headrace_run_seconds", "From the first start of a run to its end, its waits included.",
    ["kind"], buckets=_RUN_SECONDS, registry=REGISTRY,
)  # fmt: skip
RUN_START_SECONDS = Histogram(
    "headrace_run_start_seconds", "From the moment a run was due to its start.", ["kind"],
    buckets=_WAIT_SECONDS, registry=REGISTRY,
)  # fmt: skip
RUN_ERRORS = Counter(
    "headrace_run_errors", "Attempts at runs that did not end well, by class of error.",
    ["kind", "error_class"], registry=REGISTRY,
)  # fmt: skip
RUN_ROWS = Counter(
    "headrace_run_rows", "Rows that runs read, wrote, deleted or rejected, as they were committed.",
    ["kind", "what"], registry=REGISTRY,
)  # fmt: skip
RUN_BYTES = Counter(
    "headrace_run_bytes", "Bytes of files that runs wrote, as they were committed.", ["kind"],
    registry=REGISTRY,
)  # fmt: skip
RUN_RETRIES = Counter(
    "headrace_run_retries", "Requests to sources that were sent again.", ["kind"],
    registry=REGISTRY,
)  # fmt: skip
WEBHOOK_ATTEMPTS = Counter(
    "headrace_webhook_attempts", "Attempts at webhook deliveries, by outcome.", ["outcome"],
    registry=REGISTRY,
)  # fmt: skip
