"""Logging: one line an event, as text on a terminal and JSON elsewhere; secrets are masked."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from headrace.kit import tracing

_SECRET_WORDS = ("password", "secret", "token", "authorization", "credential", "api_key", "cookie")
_MASK = "********"


def configure(log_format: str, log_level: str) -> None:
    """Set logging up for this process. Format `auto` is text on a terminal and JSON elsewhere."""
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if as_text
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,  # a line that nobody reads is not made
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log_level.upper())
    # The job engine and the web server say at INFO what our own lines say better.
    # urllib3 and httpx say whole request lines, and some vendors take their token in the query.
    for noisy in ("urllib3", "httpx", "procrastinate", "uvicorn.access", "psycopg.pool", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say which trace a line belongs to, where there is one."""
    trace_id = tracing.trace_id()
    if trace_id:
        event.setdefault("trace_id", trace_id)
    return event


def mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask values whose key names a secret; the last guard, not the first."""
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = _MASK
    return event
