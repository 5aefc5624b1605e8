"""Refusals of runs, and how a worker learns that a run is no longer its own."""

from headrace.kit.told import named, told
from headrace.rest.errors import AppError


class AlreadyRunning(AppError, status=409):
    """A run of the same thing is under way."""

    def __init__(self, noun: str, subject_id: object) -> None:
        super().__init__(
            told(
                "{noun} {subject_id} is already running; wait for the run to finish.",
                noun=named(noun),
                subject_id=subject_id,
            )
        )


class RunLost(Exception):  # not an AppError: it never reaches a client
    """Another worker has taken the run over, or it was cancelled: stop without a trace."""


class RunPaused(Exception):  # not an AppError either
    """The run's subject was paused: the run stopped between two parts of its work."""


class RunsEndByThemselves(AppError, status=409):
    """Runs of this kind are part of something else, which would wait for ever."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            told("Runs of kind {kind} cannot be cancelled or replayed; they end soon.", kind=kind)
        )


class RunFinished(AppError, status=409):
    """There is nothing left to cancel."""

    def __init__(self, run_id: int, status: str) -> None:
        super().__init__(
            told(
                "Run {run_id} has {status} already; there is nothing to cancel.",
                run_id=run_id,
                status=named(status),
            )
        )


class RunNotFailed(AppError, status=409):
    """Only what failed or was cancelled is done again."""

    def __init__(self, run_id: int, status: str) -> None:
        super().__init__(
            told(
                "Run {run_id} is {status}; only failed and cancelled runs are replayed. Start a "
                "new one of what it is of.",
                run_id=run_id,
                status=named(status),
            )
        )
