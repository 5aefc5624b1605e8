"""What a worker and its reader process say to each other, and how it is framed in their pipes.

A frame is a kind (one byte), a length, and so many bytes: MessagePack, or Arrow for rows. The reader
is asked one thing at a time; until `DONE` or `FAILED` it sends batches and calls of the journal.
"""

import struct
from typing import Any, Protocol

import msgspec

from headrace.connectors.contract import Access, Account, BadValues, Journal, ReadRequest
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import OutsideError, Pauses, Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import Told, told_by
from headrace.kit.told_json import from_json, kept, to_json

ASK, SAVED = b"A", b"K"
"""From the worker: a read to do; that a bookmark is stored."""
SCHEMA, BATCH, BOOKMARK, BAD_VALUES, RETRY, DONE, FAILED = (
    b"S", b"B", b"M", b"V", b"R", b"D", b"F",
)  # fmt: skip
"""From the reader."""

_HEAD = struct.Struct("<cQ")
HEAD_BYTES = _HEAD.size
_OUTCOMES: dict[str, type[OutsideError]] = {
    kind.__name__: kind for kind in (Reauthorize, SlowDown, TryLater, Refused)
}
OUT_OF_MEMORY = "out of memory"
DEFECT = "defect"


class Sink(Protocol):
    """What frames are written to."""

    def write(self, part: Any, /) -> Any:
        """Write all of some bytes."""


class Asked(msgspec.Struct):
    """One read: connector, access and request as plain values. It holds credentials."""

    datasource: str
    credentials: dict[str, Any]
    connection_settings: dict[str, Any]
    base_url: str
    policy: OutboundPolicy
    file_roots: list[str]
    account: Account
    report: str
    fields: list[str]
    window: DayRange | None
    bookmark: dict[str, Any] | None
    settings: dict[str, Any]
    bad_values: BadValues


class BadValuesSeen(msgspec.Struct):
    """Values that became null: how many, and the places of the first few."""

    count: int
    places: list[tuple[str, int, int]]


class Failure(msgspec.Struct):
    """How a read failed: one of the outcomes by name with its fields, or one of the two above.

    told: the message as JSON; None where the text is all there is.
    """

    kind: str
    message: str
    told: dict[str, Any] | None = None
    after_seconds: float = 0.0
    pauses: str | None = None


def asked(datasource: str, access: Access, request: ReadRequest) -> Asked:
    """Put a read into plain values."""
    bookmark = request.journal.bookmark()
    return Asked(
        datasource=datasource,
        credentials=dict(access.credentials),
        connection_settings=dict(access.settings),
        base_url=access.base_url,
        policy=access.policy,
        file_roots=[str(root) for root in access.file_roots],
        account=request.account,
        report=request.report,
        fields=list(request.fields),
        window=request.window,
        bookmark=None if bookmark is None else dict(bookmark),
        settings=dict(request.settings),
        bad_values=request.bad_values,
    )


def request_of(read: Asked, journal: Journal) -> ReadRequest:
    """Make a connector's request of plain values."""
    return ReadRequest(
        account=read.account,
        report=read.report,
        fields=read.fields,
        window=read.window,
        journal=journal,
        settings=read.settings,
        bad_values=read.bad_values,
    )


def failure_of(error: OutsideError) -> Failure:
    """Tell an outcome; a class of a connector's own counts as the one of the four it is."""
    kind = next(name for name, kind in _OUTCOMES.items() if isinstance(error, kind))
    failure = Failure(kind, str(error), to_json(told_by(error)))
    if isinstance(error, SlowDown):
        failure.after_seconds = error.after_seconds
        failure.pauses = error.pauses
    return failure


def outcome_of(failure: Failure) -> OutsideError | None:
    """Give back the outcome that was told; None where it was none of the four."""
    message: Told | str = kept(failure.message, from_json(failure.told)) or failure.message
    if failure.kind == SlowDown.__name__:
        pauses = Pauses(failure.pauses) if failure.pauses else None
        return SlowDown(message, failure.after_seconds, pauses)
    kind = _OUTCOMES.get(failure.kind)
    return None if kind is None else kind(message)


def send(sink: Sink, kind: bytes, content: Any = b"") -> None:
    """Write a frame. content: bytes, or anything with their buffer."""
    with memoryview(content) as view:
        sink.write(_HEAD.pack(kind, view.nbytes))
        sink.write(view)


def head_of(content: Any) -> tuple[bytes, int]:
    """Read the head of a frame: its kind, and how many bytes follow."""
    kind, length = _HEAD.unpack(content)
    return kind, length
