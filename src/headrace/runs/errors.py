"""Refusals of runs, and how a worker learns that a run is no longer its own."""

from headrace.rest.errors import AppError


class AlreadyRunning(AppError, status=409):
    """A run of the same thing is under way."""

    def __init__(self, noun: str, subject_id: object) -> None:
        super().__init__(f"{noun} {subject_id} is already running; wait for the run to finish.")


class RunLost(Exception):  # not an AppError: it never reaches a client
    """Another worker has taken the run over, or it was cancelled: stop without a trace."""
