"""The rules of destination connections: creating, changing, checking, opening."""

from typing import Any, TypedDict
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from headrace.destinations import announcing, params, queries
from headrace.destinations.errors import (
    CheckUnderWay,
    DestinationUnknown,
    NotEditable,
    OtherDestination,
    TooManyDestinations,
)
from headrace.destinations.models import DestinationConnection, DestinationStatus
from headrace.destinations.schemas import (
    DestinationConnectionIn,
    DestinationConnectionPatch,
    DestinationReauthorizeIn,
)
from headrace.kit.outcomes import OutsideError
from headrace.kit.told import told_by
from headrace.loaders.contract import Access, Loader
from headrace.loaders.registry import loaders
from headrace.rest.errors import NotFound
from headrace.rest.resources import Resources
from headrace.runs import service as runs
from headrace.runs.limits import DESTINATION, PLACE
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

CHECK = "destination_check"
_CHECK_PRIORITY = 10


def loader_named(name: str) -> Loader:
    """Return the loader of a destination.

    Raises:
        DestinationUnknown: if there is none.
    """
    loader = loaders().get(name)
    if loader is None:
        raise DestinationUnknown
    return loader


def create(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    destination_name: str,
    body: DestinationConnectionIn,
) -> DestinationConnection:
    """Store a connection with its parameters sealed, and start its first check.

    Raises:
        DestinationUnknown, OtherDestination, ParamMissing, ParamUnfit: as their names say.
        TooManyDestinations: if the workspace has as many as the operator allows (contract 4.11).
    """
    spec = loader_named(destination_name).spec
    limit = resources.settings.destination_connections_per_workspace
    if limit and queries.count_held(session, scope) >= limit:
        raise TooManyDestinations(limit)
    if body.destination_name not in (None, destination_name):
        raise OtherDestination(str(body.destination_name), destination_name)
    connection = DestinationConnection(
        id=uuid4(),
        workspace_id=scope.workspace_id,
        destination_name=destination_name,
        title=body.title or spec.title,
        create_load_for_new_tables=body.create_load_for_new_tables,
    )
    _seal(resources, connection, params.checked(spec, body.connection_params))
    session.add(connection)
    _start_check(session, scope, connection, "create")
    return connection


def get(
    session: Session,
    scope: WorkspaceScope,
    connection_id: str,
    destination_name: str | None = None,
) -> DestinationConnection:
    """Return a destination connection of the workspace, and of this destination where one is named.

    Raises:
        NotFound: if there is none; ids are opaque, so any text is.
    """
    uid = as_id(connection_id)
    connection = queries.connection(session, scope, uid) if uid else None
    if connection is None or destination_name not in (None, connection.destination_name):
        raise NotFound("Destination connection")
    return connection


def as_id(text: str) -> UUID | None:
    """Read the id of a destination connection; None for what cannot be one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def shown_params(resources: Resources, connection: DestinationConnection) -> dict[str, Any]:
    """Return a connection's parameters with secrets masked."""
    spec = loader_named(connection.destination_name).spec
    return params.masked(spec, _open(resources, connection))


def update(
    session: Session,
    scope: WorkspaceScope,
    destination_name: str,
    connection_id: str,
    body: DestinationConnectionPatch,
) -> DestinationConnection:
    """Change a connection's title or whether new tables are loaded into it; what is left out stays.

    Raises:
        NotFound, NotEditable: as their names say.
    """
    connection = _editable(session, scope, connection_id, destination_name)
    if body.title is not None:
        connection.title = body.title
    if body.create_load_for_new_tables not in (None, connection.create_load_for_new_tables):
        connection.create_load_for_new_tables = bool(body.create_load_for_new_tables)
        announcing.create_load_changed(session, connection)
    session.flush()
    return connection


def reauthorize(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    destination_name: str,
    connection_id: str,
    body: DestinationReauthorizeIn,
) -> DestinationConnection:
    """Replace a connection's parameters and check it anew; from now on loads use these.

    Raises:
        NotFound, NotEditable, ParamMissing, ParamUnfit: as their names say.
    """
    connection = _editable(session, scope, connection_id, destination_name)
    if body.title is not None:
        connection.title = body.title
    if body.connection_params is not None:
        spec = loader_named(destination_name).spec
        stored = _open(resources, connection)
        _seal(resources, connection, params.checked(spec, body.connection_params, stored))
    _start_check(session, scope, connection, "reauthorize")
    return connection


def recheck(
    session: Session, scope: WorkspaceScope, destination_name: str, connection_id: str
) -> DestinationConnection:
    """Start another check of a connection.

    Raises:
        NotFound: if the workspace has no such connection.
        CheckUnderWay: if one has been asked for and has not ended.
    """
    connection = get(session, scope, connection_id, destination_name)
    if runs.is_busy(session, CHECK, connection.id):
        raise CheckUnderWay
    _start_check(session, scope, connection, "recheck")
    return connection


def open_access(resources: Resources, connection: DestinationConnection) -> Access:
    """Give a loader what it needs to reach its destination."""
    opened = _open(resources, connection)
    opened.pop(params.LOAD_MODE, None)
    return Access(
        params=opened,
        policy=resources.policy,
        files_root=resources.settings.local_files_root,
    )


class Keys(TypedDict):
    """The limit keys of a run against a destination, as `NewRun` takes them."""

    limit_key: str
    system_key: str


def limit_keys(connection: DestinationConnection) -> Keys:
    """Under which limits runs against a destination stand: its own, and that of where it leads."""
    return Keys(
        limit_key=f"{DESTINATION}:{connection.id}",
        system_key=f"{PLACE}:{connection.destination_name}:{connection.place}",
    )


def mark_working(connection: DestinationConnection) -> None:
    """Record that a destination can be written to."""
    connection.status = DestinationStatus.ACTIVE
    connection.error = None


def mark_broken(connection: DestinationConnection, error: OutsideError) -> None:
    """Record that a destination cannot be written to, and why."""
    connection.status = DestinationStatus.ERROR
    connection.error = told_by(error)


def _editable(
    session: Session, scope: WorkspaceScope, connection_id: str, destination_name: str
) -> DestinationConnection:
    connection = get(session, scope, connection_id, destination_name)
    if not connection.is_editable:
        raise NotEditable
    return connection


def _start_check(
    session: Session, scope: WorkspaceScope, connection: DestinationConnection, trigger: str
) -> None:
    connection.status = DestinationStatus.INITIALIZING
    connection.error = None
    session.flush()
    runs.start(
        session,
        scope,
        NewRun(
            kind=CHECK,
            subject_id=str(connection.id),
            **limit_keys(connection),
            trigger=trigger,
            priority=_CHECK_PRIORITY,
        ),
    )


def _seal(resources: Resources, connection: DestinationConnection, opened: dict[str, Any]) -> None:
    spec = loader_named(connection.destination_name).spec
    connection.params = resources.vault.seal_object(opened, _place(connection))
    connection.place = params.place_of(spec, opened)
    connection.load_mode = opened[params.LOAD_MODE]


def _open(resources: Resources, connection: DestinationConnection) -> dict[str, Any]:
    return resources.vault.open_object(connection.params, _place(connection))


def _place(connection: DestinationConnection) -> str:
    return f"workspace/{connection.workspace_id}/destination_connection/{connection.id}/params"
