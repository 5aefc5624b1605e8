"""Traces by OpenTelemetry, off unless the operator names where they go.

A span holds names, numbers and ids of ours: no address with a query, no header, no text of an error,
since those are where secrets hide. Without the extra `telemetry`, or without an address to send to,
everything here does nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from typing import Any, TypeVar, cast

Item = TypeVar("Item")

_tracer: Any = None
_END = object()


class TracesUnavailable(Exception):
    """Traces are asked for where what sends them is not installed; the message says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "HEADRACE_TRACES_URL is set, but what sends traces is not installed. Install it with "
            "pip install 'headrace[telemetry]', or leave the setting empty."
        )


class Span:
    """One timed piece of work; `note` adds to what is told of it."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def note(self, **attributes: str | int | float | bool | None) -> None:
        """Tell more of the work; names have `__` where OpenTelemetry's have a dot."""
        if self._span is not None:
            self._span.set_attributes(_named(attributes))

    def rename(self, name: str) -> None:
        """Give the work another name."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, reason: str) -> None:
        """Tell that the work did not end well; the reason is a class of error, not its text."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, reason))
            self._span.set_attribute("error.type", reason)


_NO_SPAN = nullcontext(Span())


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): value for key, value in attributes.items() if value is not None}


def check_installed() -> None:
    """See whether traces can be sent.

    Raises:
        TracesUnavailable: if the extra is not installed.
    """
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError as error:
        raise TracesUnavailable from error


@contextmanager
def sending(url: str, process: str, version: str) -> Iterator[None]:
    """Send this process's traces to an OTLP/HTTP receiver while a block runs; no URL: none.

    url: the whole address, such as http://collector:4318/v1/traces. What else OpenTelemetry can be
        told (headers, sampling, batches) comes from its own environment variables, OTEL_*.

    Raises:
        TracesUnavailable: if the extra is not installed.
    """
    global _tracer
    if not url:
        yield
        return
    check_installed()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    about = {"service.name": "headrace", "service.version": version, "headrace.process": process}
    provider = TracerProvider(resource=Resource.create(about))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    _tracer = provider.get_tracer("headrace", version)
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


def span(
    name: str, *, kind: str = "internal", parent: str | None = None, **attributes: Any
) -> AbstractContextManager[Span]:
    """Time a block as a span of the current trace.

    kind: internal, server, client or consumer. parent: a W3C traceparent that it goes on from,
        instead of what is current here. attributes: as `Span.note` takes them.
    """
    return _NO_SPAN if _tracer is None else _recorded(name, kind, parent, attributes)


@contextmanager
def _recorded(
    name: str, kind: str, parent: str | None, attributes: dict[str, Any]
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind

    with _tracer.start_as_current_span(
        name,
        context=_context_of(parent),
        kind=SpanKind[kind.upper()],
        attributes=_named(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as found:
        made = Span(found)
        try:
            yield made
        except Exception as error:
            made.fail(type(error).__name__)
            raise


def fail(reason: str) -> None:
    """Tell of the span we are in what `Span.fail` tells."""
    if _tracer is not None:
        from opentelemetry.trace import get_current_span

        Span(get_current_span()).fail(reason)


def _context_of(parent: str | None) -> Any:
    if parent is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def current() -> str | None:
    """Return the W3C traceparent of where we are, to go on from elsewhere; None without a trace."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def trace_id() -> str | None:
    """Return the id of the trace we are in, for log lines."""
    here = current()
    return here.split("-")[1] if here else None


def each(name: str, items: Iterable[Item], **attributes: Any) -> Iterator[Item]:
    """Pass items on, and time how long each took to come."""
    source = iter(items)
    for number in count():
        with span(name, number=number, **attributes):
            item = next(source, _END)
        if item is _END:
            return
        yield cast(Item, item)
