"""How each kind of run is carried out: slices register here, so that runs need not know them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from headrace.kit.outcomes import OutsideError
from headrace.runs.context import RunContext
from headrace.runs.models import ScheduleRow
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

CarryOut = Callable[[RunContext], None]
OnFailure = Callable[[RunContext, Session, OutsideError], None]
OnDue = Callable[[Session, WorkspaceScope, str, dict[str, Any]], None]
OnManyDue = Callable[[Session, Sequence[ScheduleRow]], Mapping[int, NewRun]]


@dataclass(frozen=True)
class RunKind:
    """What a slice does with its kind of run.

    carry_out: does the work; may be called again after a crash and goes on from its checkpoints.
    failed: records at the subject that a run of it failed for good, in the same transaction.
    due: starts a run because a schedule of the subject is due; gets the schedule's rule.
    due_many: the same for many schedules of many workspaces with few queries: names the run that each
        is to start, by the schedule's id; it sees all rows, and leaves out what is to start none.
    """

    name: str
    carry_out: CarryOut
    failed: OnFailure
    due: OnDue | None = None
    due_many: OnManyDue | None = None


_KINDS: dict[str, RunKind] = {}


def register(kind: RunKind) -> None:
    """Make a kind known to this process."""
    _KINDS[kind.name] = kind


def kind_named(name: str) -> RunKind:
    """Return a registered kind.

    Raises:
        KeyError: if no slice of this process registered it.
    """
    return _KINDS[name]
