"""The figures of the pipeline health dashboard: what works, what does not, and what to do; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from headrace.kit.told import Told


class NextStep(StrEnum):
    """What mends a failure."""

    RECONNECT = "reconnect"
    RUN_AGAIN = "run_again"
    CHECK_DESTINATION = "check_destination"


@dataclass(frozen=True)
class Failure:
    """Something that does not work: a connection, extract or load, why, and what to do.

    connection_id: of the connection to renew, where that is the next step.
    """

    kind: str
    id: int
    title: str
    state: str
    error: Told
    next_step: NextStep
    connection_id: int | None = None
    channel: str | None = None


@dataclass(frozen=True)
class DayMoved:
    """What ended on a day, in UTC: rows that extracts stored and loads delivered, and failed runs."""

    date: date
    rows_extracted: int
    rows_loaded: int
    failed_runs: int


@dataclass(frozen=True)
class ColumnChange:
    """A change of a data table's columns."""

    at: datetime
    table_id: int
    table_title: str
    column: str
    change: str
    type_before: str | None
    type_after: str | None
    is_taken: bool


@dataclass(frozen=True)
class PipelineHealth:
    """What the dashboard shows.

    connections, extracts, loads: how many by state. waiting_seconds: how long the oldest run that
    could begin has been waiting; 0 where none does.
    """

    connections: Mapping[str, int]
    extracts: Mapping[str, int]
    loads: Mapping[str, int]
    failures: Sequence[Failure]
    failure_count: int
    moved: Sequence[DayMoved]
    changes: Sequence[ColumnChange]
    running: int
    waiting: int
    waiting_seconds: int


CONNECTION_STATES = ("active", "error")
SUBJECT_STATES = ("synced", "syncing", "init", "paused", "error")
"""The states of extracts and loads, in the order in which they are shown."""
