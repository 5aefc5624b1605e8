"""Refusals of automated recipes."""

from collections.abc import Iterable, Sequence

from headrace.kit.told import told
from headrace.rest.errors import AppError, Invalid


def _numbers(ids: Iterable[int]) -> str:
    return ", ".join(str(item) for item in sorted(ids)[:10])


class TemplateUnknown(Invalid):
    """There is no automated recipe template of that id."""

    def __init__(self, template_id: int) -> None:
        super().__init__(
            "template_id",
            told("there is no automated recipe template {template_id}.", template_id=template_id),
        )


class SourceNotAllowed(Invalid):
    """A data source whose accounts the template does not take."""

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        super().__init__(
            "data_sources",
            told(
                "{name!r} does not fit the template; it takes {allowed}.",
                name=name,
                allowed=", ".join(allowed),
            ),
        )


class SourceNotChosen(Invalid):
    """A connection of a data source that is not among those chosen."""

    def __init__(self, connection_id: int, name: str) -> None:
        super().__init__(
            "connections",
            told(
                "connection {connection_id} is {name}, which is not in data_sources.",
                connection_id=connection_id,
                name=name,
            ),
        )


class ConnectionsUnknown(Invalid):
    """Connections that are not in the workspace, foreign or missing."""

    def __init__(self, ids: Iterable[int]) -> None:
        super().__init__(
            "connections",
            told("there are no connections {ids} in this workspace.", ids=_numbers(ids)),
        )


class AccountsNotOfConnection(Invalid):
    """Accounts that the connection they are named with does not have."""

    def __init__(self, connection_id: int, ids: Iterable[int]) -> None:
        super().__init__(
            "connections",
            told(
                "connection {connection_id} has no accounts {ids}.",
                connection_id=connection_id,
                ids=_numbers(ids),
            ),
        )


class AccountTwice(Invalid):
    """Two of the accounts chosen have one id at their platforms: their rows would be one's."""

    def __init__(self, remote_id: str) -> None:
        super().__init__(
            "connections",
            told(
                "the account {remote_id!r} is chosen more than once, by way of several connections "
                "or data sources; choose it once.",
                remote_id=remote_id,
            ),
        )


class NothingChosen(Invalid):
    """No account is left to read."""

    def __init__(self) -> None:
        super().__init__(
            "connections", told("choose at least one account that is enabled for extraction.")
        )


class TooManyAccounts(Invalid):
    """More accounts than one table is built from."""

    def __init__(self, most: int) -> None:
        super().__init__("connections", told("choose at most {most} accounts.", most=most))


class NothingToWatch(Invalid):
    """An account that no extract reads, of a data source that has no extract of its own for it."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "connections",
            told(
                "no extract reads the account {title!r}; create one with POST /api/v3.1/extracts/.",
                title=title,
            ),
        )


class SyncFromFuture(Invalid):
    """A first day that has not come."""

    def __init__(self) -> None:
        super().__init__("sync_from_date", told("must not be in the future."))


class ScheduleMissing(Invalid):
    """A recipe that builds on schedule has none."""

    def __init__(self) -> None:
        super().__init__("scheduling", told("give a schedule with the trigger 'schedule'."))


class ScheduleUnused(Invalid):
    """A schedule is given for a recipe that does not build on schedule."""

    def __init__(self, trigger: str) -> None:
        super().__init__(
            "scheduling",
            told("has no use with the trigger {trigger!r}; leave it out.", trigger=trigger),
        )


class StateUnknown(Invalid):
    """A filter by a state that does not exist."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__("state", told("must be one of {known}.", known=", ".join(known)))


class FieldGone(AppError, status=409):
    """A data table no longer delivers a field that the recipe takes from it."""

    def __init__(self, table: str, field: str) -> None:
        super().__init__(
            told(
                "The data table {table!r} does not deliver the field {field!r}; select it with PUT "
                "/api/v3/data-tables/{{data_table_id}}.",
                table=table,
                field=field,
            )
        )
