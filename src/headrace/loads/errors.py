"""Refusals of loads."""

from headrace.kit.outcomes import Refused
from headrace.kit.told import named, told, told_by
from headrace.rest.errors import AppError, Invalid


class DestinationNotActive(Invalid):
    """Loads go to active destinations only."""

    def __init__(self, status: str) -> None:
        super().__init__(
            "destination_connection_id",
            told(
                "the destination connection is {status}, not active; wait for its check to end, or "
                "recheck it.",
                status=named(status),
            ),
        )


class TableNameUnfit(Invalid):
    """The destination cannot have a table of that name."""

    def __init__(self, reason: Refused) -> None:
        super().__init__("destination_table", told_by(reason))


class TableNameTooLong(Invalid):
    """The name is longer than the destination takes."""

    def __init__(self, most: int) -> None:
        super().__init__("destination_table", told("must be at most {most} bytes long.", most=most))


class DestinationTableTaken(Invalid):
    """Another load delivers into the same table; their rows would mix."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "destination_table",
            told(
                "another load delivers into {name!r} of this destination; choose another name.",
                name=name,
            ),
        )


class LoadModeUnfit(Invalid):
    """The destination does not offer the write mode."""

    def __init__(self, offered: tuple[str, ...]) -> None:
        super().__init__(
            "load_mode",
            told("must be one of {offered} at this destination.", offered=", ".join(offered)),
        )


class ScheduleMissing(Invalid):
    """A load that runs on schedule has none."""

    def __init__(self) -> None:
        super().__init__(
            "scheduling", told("give at least one schedule with run_policy 'schedule'.")
        )


class ScheduleUnused(Invalid):
    """A schedule is given for a load that does not run on schedule."""

    def __init__(self, policy: str) -> None:
        super().__init__(
            "scheduling",
            told(
                "run_policy is {policy!r}; schedules go with run_policy 'schedule'.", policy=policy
            ),
        )


class LoadPaused(AppError, status=400):
    """A paused load does not run."""

    def __init__(self, load_id: int) -> None:
        super().__init__(
            told("Load {load_id} is paused; unpause it before running it.", load_id=load_id)
        )
