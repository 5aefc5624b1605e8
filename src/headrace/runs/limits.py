"""How many runs may be under way at once, by what they share; keys are text, limits are numbers.

A run's keys say what it shares with others: its connection, the authorization behind that, and the
application at a source, or the place a load delivers to, which may be shared by many workspaces. A
key is the name of a limit and, after a colon, of what is limited: `connection:7`,
`app:facebook:1f0c…`. The slice that starts a run knows its keys; admission holds runs to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headrace.connectors.registry import connectors
from headrace.loaders.registry import loaders
from headrace.settings import Settings

CONNECTION = "connection"
DESTINATION = "destination"
CREDENTIAL = "credential"
APP = "app"
PLACE = "place"


@dataclass(frozen=True)
class Limits:
    """How many runs may be under way at once for a workspace, and for each name of a key.

    by_name: `app` for all applications, `app:facebook` for those at one source; the longer name
    goes first.
    other: for keys that no name is of.
    """

    per_workspace: int
    other: int
    by_name: Mapping[str, int] = field(default_factory=dict, hash=False)  # mappings have none


def limits_of(settings: Settings) -> Limits:
    """Return the operator's limits, made tighter where a source or destination declares it."""
    by_name = {
        CONNECTION: settings.runs_per_connection,
        DESTINATION: settings.runs_per_destination_connection,
        CREDENTIAL: settings.runs_per_credential,
        APP: settings.runs_per_app,
        PLACE: settings.runs_per_destination,
    }
    declared = {
        f"{kind}:{name}": limit
        for kind, name, limit in _declared()
        if limit is not None and limit < by_name[kind]
    }
    return Limits(
        per_workspace=settings.runs_per_workspace,
        other=settings.runs_per_connection,
        by_name=by_name | declared,
    )


def _declared() -> list[tuple[str, str, int | None]]:
    found: list[tuple[str, str, int | None]] = []
    for name, connector in connectors().items():
        found.append((APP, name, connector.spec.runs_per_app))
        found.append((CREDENTIAL, name, connector.spec.runs_per_credential))
    for name, loader in loaders().items():
        found.append((PLACE, name, loader.spec.runs_per_place))
    return found
