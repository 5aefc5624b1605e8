"""Refusals of extracts."""

from datetime import date

from headrace.kit.told import told
from headrace.rest.errors import AppError, Invalid


class AccountsUnknown(Invalid):
    """Accounts that are not in the workspace, foreign or missing."""

    def __init__(self, ids: list[int]) -> None:
        listed = ", ".join(str(item) for item in sorted(ids)[:10])
        super().__init__(
            "accounts", told("there are no accounts {listed} in this workspace.", listed=listed)
        )


class AccountsOfSeveral(Invalid):
    """Accounts of more than one connection in one call."""

    def __init__(self) -> None:
        super().__init__("accounts", told("all accounts must be of one connection."))


class AccountClosed(Invalid):
    """An account that may not be extracted."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "accounts",
            told(
                "the account {title!r} is inactive or not enabled for extraction; enable it with "
                "PATCH /api/v3/connections/{{connection_id}}/accounts/{{account_id}}.",
                title=title,
            ),
        )


class ConnectionNotActive(AppError, status=400):
    """Extraction needs credentials that work."""

    def __init__(self, connection_id: int) -> None:
        super().__init__(
            told(
                "Connection {connection_id} is not active; reconnect it before extracting from it.",
                connection_id=connection_id,
            )
        )


class AccountExtracted(Invalid):
    """An account whose rows of that table another extract reads already."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "accounts",
            told(
                "the account {title!r} is extracted into this data table already; change that "
                "extract, or choose another data_table_title.",
                title=title,
            ),
        )


class NotWide(Invalid):
    """Only wide extracts have dimensions of one's own choice."""

    def __init__(self, extract_id: int) -> None:
        super().__init__(
            "extract_id",
            told(
                "extract {extract_id} is not wide; change its fields with PATCH "
                "/api/v3/extracts/{extract_id}.",
                extract_id=extract_id,
            ),
        )


class OtherDataSource(Invalid):
    """A template of another platform than the accounts."""

    def __init__(self, template_source: str, account_source: str) -> None:
        super().__init__(
            "template_id",
            told(
                "the template is for {template_source}, the accounts are {account_source}.",
                template_source=template_source,
                account_source=account_source,
            ),
        )


class DimensionsFixed(Invalid):
    """Wide extracts keep their dimensions, since these decide what a row is."""

    def __init__(self) -> None:
        super().__init__(
            "fields",
            told(
                "the dimensions of a wide extract cannot change; use POST "
                "/api/v3/extracts/migrate-wide."
            ),
        )


class HistoryTooDeep(Invalid):
    """History from before what the source keeps."""

    def __init__(self, earliest: date) -> None:
        super().__init__(
            "sync_historical_data",
            told("the source answers from {earliest} on.", earliest=earliest),
        )


class HistoryInFuture(Invalid):
    """History that has not happened."""

    def __init__(self) -> None:
        super().__init__("sync_historical_data", told("must not be in the future."))


class HistoryWithoutDays(Invalid):
    """History of a report that has no days."""

    def __init__(self) -> None:
        super().__init__(
            "sync_historical_data", told("this report has no days, so it has no history.")
        )


class DatesWithoutDays(Invalid):
    """A dated run of a report that has no days."""

    def __init__(self) -> None:
        super().__init__("date_from", told("this report has no days; run it without dates."))


class DatesTooEarly(Invalid):
    """A dated run wholly before what the source keeps, or after its last day."""

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            "date_from", told("the source answers for {first} to {last}.", first=first, last=last)
        )


class ExtractPaused(AppError, status=400):
    """Paused extracts do not run."""

    def __init__(self, extract_id: int) -> None:
        super().__init__(
            told(
                "Extract {extract_id} is paused; unpause it before running it.",
                extract_id=extract_id,
            )
        )
