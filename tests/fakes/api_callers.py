"""A program that works in one workspace of a server, over real HTTP, through the Python client."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar

from headrace.client import Headrace, WorkspaceOperations, every, models

PASSWORD = "correct horse battery"
_PATIENCE_SECONDS = 180.0
_PAGE = 1000
_DEMO = "demo_ads"


class _WithStatus(Protocol):
    @property
    def status(self) -> str: ...


Seen = TypeVar("Seen", bound=_WithStatus)


def wait_for(look: Callable[[], Seen], *wanted: str) -> Seen:
    """Read an object until its status is one of those wanted."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (found := look()).status not in wanted:
        assert time.monotonic() < deadline, f"stays {found.status}: {found}"
        time.sleep(0.05)
    return found


@dataclass
class RemoteWorkspace:
    """A program of a workspace; `api` has every operation, its verbs are what tests do often."""

    headrace: Headrace
    id: int
    api: WorkspaceOperations = field(init=False)

    def __post_init__(self) -> None:
        self.api = self.headrace.workspace(self.id)

    # Sources.

    def connect_network(self, **settings: Any) -> dict[str, models.Account]:
        """Connect the demo network; return its accounts by the network's ids."""
        made = self.api.create_connection(
            _DEMO, models.ConnectionIn(title="Demo", settings=settings)
        )
        return {account.account_id: account for account in every(self.api.list_accounts, made.id)}

    def template(self, title: str, datasource_name: str = _DEMO) -> models.ExtractTemplate:
        """Find a template by its title."""
        return next(
            each for each in every(self.api.list_templates, datasource_name) if each.title == title
        )

    def extract(
        self,
        account: models.Account,
        since: str,
        title: str = "Ads",
        template: str = "Ads by day",
        **settings: Any,
    ) -> models.Extract:
        """Create an extract of one account's days since a day; its first run starts at once."""
        (made,) = self.extracts([account], since, title, template, **settings)
        return made

    def extracts(
        self,
        accounts: list[models.Account],
        since: str,
        title: str = "Ads",
        template: str = "Ads by day",
        **settings: Any,
    ) -> list[models.Extract]:
        """Create extracts of several accounts into one data table."""
        given: dict[str, Any] = {
            "sync_historical_data": date.fromisoformat(since),
            "scheduling": [half_a_day_away()],  # a schedule that fires would disturb
        } | settings
        return self.api.create_extracts(
            models.ExtractIn(
                data_table_title=title,
                template_id=self.template(template).id,
                accounts=[account.id for account in accounts],
                template_settings=models.TemplateSettings(**given),
            )
        )

    def wait_extract(self, extract: models.Extract) -> models.ExtractDetail:
        """Wait until an extract has run well."""
        found = wait_for(lambda: self.api.get_extract(extract.id), "synced", "error")
        assert found.status == "synced", found.error_text
        return found

    def run_extract(self, extract: models.Extract) -> models.Run:
        """Run an extract once more, and wait until it has run well."""
        self.api.run_extract(extract.id)
        return self.wait_extract_run(extract)

    def wait_extract_run(self, extract: models.Extract) -> models.Run:
        """Wait until the newest run of an extract has ended, and well."""
        # The extract shows how its last run ended until this one has begun.
        newest = self.extract_runs(extract)[0].id
        wait_for(lambda: self.api.get_run(newest), "succeeded", "failed")
        self.wait_extract(extract)
        return self.extract_runs(extract)[0]

    def extract_runs(self, extract: models.Extract) -> list[models.Run]:
        """The runs of an extract, newest first."""
        return self.api.list_extract_runs(extract.id).results

    def rows(self, extract: models.Extract) -> list[dict[str, Any]]:
        """Every row of an extract's data table, without the moment it was inserted, sorted."""
        return self.rows_of(extract.data_table.id)

    def rows_of(self, data_table_id: int) -> list[dict[str, Any]]:
        """Every row of a data table, without the moment it was inserted, sorted."""
        found: list[dict[str, Any]] = []
        while len(found) % _PAGE == 0:
            page = len(found) // _PAGE + 1
            more = self.api.get_rows(data_table_id, limit=_PAGE, page=page).rows
            if not more:
                break
            found += more
        for row in found:
            row.pop("__insert_date", None)
        return sorted(found, key=str)

    # Destinations.

    def connect_destination(self, name: str, **params: Any) -> models.DestinationConnection:
        """Connect a destination and wait until it was found to work."""
        made = self.api.create_destination_connection(
            name, models.DestinationConnectionIn(title=name, connection_params=params)
        )
        return self.wait_destination(made)

    def wait_destination(
        self, destination: models.DestinationConnection
    ) -> models.DestinationConnection:
        """Wait until a destination was checked, and found to work."""
        found = wait_for(lambda: self._destination(destination), "active", "error")
        assert found.status == "active", found.error_text
        return found

    def _destination(
        self, destination: models.DestinationConnection
    ) -> models.DestinationConnection:
        listed = every(self.api.list_destination_connections, destination.destination.name)
        return next(each for each in listed if each.id == destination.id)

    def load(
        self,
        extract: models.Extract,
        destination: models.DestinationConnection,
        table: str,
        run_policy: Any = "manual",
        load_mode: Any = "replace",
    ) -> models.Load:
        """Create a load of an extract's data table."""
        return self.api.create_load(
            models.LoadIn(
                data_table_id=extract.data_table.id,
                destination_connection_id=destination.id,
                destination_table=table,
                run_policy=run_policy,
                load_mode=load_mode,
            )
        )

    def start_load(self, load: models.Load, **asked: Any) -> None:
        """Start a run of a load."""
        self.api.run_load(load.id, models.LoadRunIn(**asked))

    def wait_load(self, load: models.Load) -> models.Load:
        """Wait until a load has run well."""
        found = wait_for(lambda: self.api.get_load(load.id), "synced", "error")
        assert found.status == "synced", found.error_text
        return found

    def run_load(self, load: models.Load, **asked: Any) -> models.Load:
        """Run a load, and wait until it has run well."""
        self.start_load(load, **asked)
        return self.wait_load(load)

    def load_runs(self, load: models.Load) -> list[models.Run]:
        """The runs of a load, newest first."""
        return self.api.list_load_runs(load.id).results

    def close(self) -> None:
        """Close the connections to the server."""
        self.headrace.close()


def half_a_day_away() -> models.SchedulingIn:
    """A schedule that is due in about twelve hours."""
    return models.SchedulingIn(interval="day", hours=(datetime.now(UTC).hour + 12) % 24)


def enter_workspace(base_url: str, username: str, **options: Any) -> RemoteWorkspace:
    """Make a workspace with an agency's Basic credentials, and act there with a token."""
    headrace = Headrace(base_url, username, PASSWORD, timeout_seconds=_PATIENCE_SECONDS, **options)
    title = f"Customer {uuid.uuid4()}"
    made = headrace.agency.create_workspace(models.WorkspaceIn(title=title))
    return RemoteWorkspace(headrace, made.id)
