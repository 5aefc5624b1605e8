"""Other dimensions for a wide extract: a new extract into a new data table, the old one paused."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import service as connections
from headrace.connectors.contract import BadValues
from headrace.data_tables import service as data_tables
from headrace.data_tables.errors import TitleTaken
from headrace.extracts import creation, service
from headrace.extracts.creation import Chosen
from headrace.extracts.errors import NotWide
from headrace.extracts.parts import Parts, parts
from headrace.extracts.queries import KIND
from headrace.extracts.schemas import MigrateWideIn, TemplateSettings
from headrace.loads import service as loads
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.runs import service as runs
from headrace.templates import creation as templates
from headrace.templates.source import source_of
from headrace.tenancy.scope import WorkspaceScope


def migrate_wide(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    body: MigrateWideIn,
) -> dict[str, Any]:
    """Make an extract of other fields beside a wide one, which is paused; its rows stay.

    What is left out of the settings is the old extract's. The source is asked whether the fields go
    together, without holding a transaction meanwhile.

    Raises:
        NotFound, NotWide, ConnectionNotActive, AccountClosed, FieldsUnfit, SourceSilent, TitleTaken,
        and the refusals of `choices`.
    """
    source, chosen = _chosen(session, scope, body)
    way = source_of(resources, source.connection, [source.account])
    together = templates.Chosen(chosen.report.name, chosen.fields, chosen.settings)
    templates.check_with_source(session, scope, resources, calls, way, together)
    session.expire_all()  # while the source was asked, everything may have changed
    source, chosen = _chosen(session, scope, body)
    # In the order in which schedulers and workers take them: schedules, then the rest.
    if not source.extract.is_paused:
        runs.pause(session, scope, KIND, source.extract.id, is_paused=True)
        source.extract.is_paused = True
        session.flush()
    creation.require_active(connections.held(session, scope, source.connection.id))
    new = creation.new_table(_title(session, scope, source, body), chosen)
    table, is_new = data_tables.find_or_create(session, scope, new, chosen.declared)
    if not is_new:
        raise TitleTaken(new.title)
    made = creation.store(session, scope, chosen, [source.account], table.id)
    loads.create_for_new_table(session, scope, table.id)
    return {
        "extract": service.detail(session, scope, made[0]),
        "source_extract": service.detail(session, scope, source.extract.id),
    }


def _chosen(session: Session, scope: WorkspaceScope, body: MigrateWideIn) -> tuple[Parts, Chosen]:
    source = parts(session, scope, body.extract_id)
    if not source.report.is_wide:
        raise NotWide(body.extract_id)
    creation.require_active(source.connection)
    creation.require_open(source.account)
    rules = runs.schedules_of(session, scope, KIND, source.extract.id)
    asked = completed(source, rules, body)
    # Values that were hidden stay so, read or not, unless the caller says which are to be.
    hidden = (
        []
        if "hashed_fields" in body.template_settings.model_fields_set
        else (source.extract.hashed_fields)
    )
    return source, creation.choose(source.connection, source.template, asked, hidden)


def completed(
    source: Parts, rules: Sequence[dict[str, Any]], body: MigrateWideIn
) -> TemplateSettings:
    """Return the settings of the new extract: those given, and the old extract's for the others."""
    given, extract = body.template_settings, source.extract
    kept: dict[str, Any] = {
        "scheduling": list(rules),
        "sync_historical_data": extract.sync_historical_data,
        "bad_values": BadValues(extract.bad_values),
        "custom_filters": extract.custom_filters,
    }
    chosen = given.model_dump(exclude_unset=True)
    if given.sync_historical_data is None:
        chosen.pop("sync_historical_data", None)
    settings = extract.settings | given.additional_params
    return TemplateSettings.model_validate(
        kept | chosen | {"fields": body.fields, "additional_params": settings}
    )


def _title(session: Session, scope: WorkspaceScope, source: Parts, body: MigrateWideIn) -> str:
    if body.data_table_title is not None:
        return body.data_table_title
    table = data_tables.get(session, scope, source.extract.data_table_id)
    return data_tables.free_title(session, scope, table.title)
