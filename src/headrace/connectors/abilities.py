"""What a connector may offer beside the calls that all of them have; found by `isinstance`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from headrace.connectors.contract import Access, Account, Choice


@runtime_checkable
class ChecksFields(Protocol):
    """A connector whose source, or its published rules, knows which fields go together."""

    def check_fields(
        self,
        access: Access,
        account: Account | None,
        report: str,
        fields: Sequence[str],
        settings: Mapping[str, Any],
    ) -> None:
        """Make sure that the source answers these fields of a report together; cheap.

        account: where the answer depends on the account; None where none is chosen yet.

        Raises:
            Refused: in the source's own words, if they do not go together.
            Reauthorize, SlowDown, TryLater: if the source could not be asked.
        """


@dataclass(frozen=True)
class OptionsRequest:
    """Which options to look up: those of one dynamic select setting for one account."""

    account: Account
    report: str
    setting: str


@runtime_checkable
class OffersOptions(Protocol):
    """A connector with settings whose options only the source knows (`DYNAMIC_SELECT`)."""

    def options(self, access: Access, request: OptionsRequest) -> Iterator[Choice]:
        """Yield every option for the account, in the order to show; raises as `read` does."""


@dataclass(frozen=True)
class Renewal:
    """Credentials to use from now on, whole; those before may be worthless.

    expires_at: when these end, aware; None if they do not or nobody knows.
    """

    credentials: Mapping[str, Any]
    expires_at: datetime | None = None


@runtime_checkable
class RenewsCredentials(Protocol):
    """A connector whose credentials live for a while and can be made new without a person.

    A renewal may end the credentials before it (rotating refresh tokens): renew one connection at a
    time, and store what comes back before it is used.
    """

    def renew(self, access: Access) -> Renewal | None:
        """Make the credentials new, or return None if these need it not yet or cannot be.

        Raises:
            Reauthorize: if a person has to connect again.
            SlowDown, TryLater, Refused: see `kit.outcomes`.
        """


@dataclass(frozen=True)
class Grant:
    """What a person granted by OAuth: the credentials to keep, whole.

    scopes: what was granted; None where the platform does not say, which means all (RFC 6749 5.1).
    subject: who granted it, by the platform's id, where taking one grant back takes back all that
        this person ever granted the client; empty where each grant stands alone.
    """

    credentials: Mapping[str, Any]
    scopes: frozenset[str] | None = None
    subject: str = ""


@runtime_checkable
class FinishesGrants(Protocol):
    """A connector whose fresh tokens need a step more before they are worth keeping."""

    def finish_grant(self, access: Access) -> Grant:
        """Turn the tokens just granted, in `access.credentials`, into those to keep.

        Raises:
            As `RenewsCredentials.renew` does.
        """


@runtime_checkable
class RevokesCredentials(Protocol):
    """A connector whose platform takes credentials back when it is asked."""

    def revoke(self, access: Access) -> None:
        """Make the credentials worthless at the platform; raises as `renew` does."""
