"""Templates of an agency's own: created from a global one, renamed, retired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections.service import connector_named
from headrace.connectors.abilities import ChecksFields
from headrace.connectors.contract import Connector, Report
from headrace.kit.names import sql_name
from headrace.kit.outcomes import OutsideError, Refused
from headrace.kit.told import told, told_by
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.templates import queries, service
from headrace.templates.choices import (
    check_schedule_count,
    chosen_fields,
    chosen_hashes,
    chosen_settings,
    missing_settings,
    unknown_fields,
)
from headrace.templates.errors import (
    ConnectionUnfit,
    DepthWithoutDays,
    FieldNotInReport,
    FieldOfAccounts,
    FieldsUnfit,
    NothingChosen,
    ParentUnknown,
    SettingMissing,
    SourceSilent,
    TemplateShared,
    TitleTaken,
)
from headrace.templates.models import ExtractTemplate
from headrace.templates.schemas import TemplateIn, TemplatePatch
from headrace.templates.source import Source, asked, connection_of, source_of
from headrace.tenancy.scope import WorkspaceScope


@dataclass(frozen=True)
class Chosen:
    """What is chosen of a report, completed."""

    report: str
    fields: Sequence[str]
    settings: Mapping[str, Any]


def create(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    datasource_name: str,
    body: TemplateIn,
) -> ExtractTemplate:
    """Create a template of the agency from a global one (contract 3.6 and 4.9).

    What is left out is the parent's; mandatory fields are added back (A12). The fields of a wide
    template are checked with the data source, without holding a transaction meanwhile.

    Raises:
        DataSourceUnknown, ParentUnknown, TitleTaken, FieldNotInReport, FieldOfAccounts,
        NothingChosen, HashUnfit, SettingUnknown, SettingMissing, TooManySchedules,
        DepthWithoutDays, ConnectionUnfit, FieldsUnfit, SourceSilent: as their names say.
    """
    connector = connector_named(datasource_name)
    parent = queries.global_template(session, datasource_name, body.parent_id)
    if parent is None:
        raise ParentUnknown(body.parent_id, datasource_name)
    if queries.has_title(session, scope.agency_id, body.title):
        raise TitleTaken(body.title)
    values = _values(scope, connector, parent, body)
    if parent.is_wide:
        if body.connection_id is None:
            raise ConnectionUnfit(
                told("a template made from a wide one needs a connection to check it.")
            )
        connection = connection_of(session, scope, body.connection_id, datasource_name)
        chosen = Chosen(parent.report, values["selected_fields"], values["settings"])
        source = source_of(resources, connection)
        check_with_source(session, scope, resources, calls, source, chosen)
    template_id = queries.store_custom(session, values)
    if template_id is None:
        raise TitleTaken(body.title)
    return service.get(session, scope, template_id)


def check_with_source(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    source: Source,
    chosen: Chosen,
) -> None:
    """Ask a source whether it gives fields together; the caller's transaction ends before.

    Raises:
        FieldsUnfit: with the source's own reason.
        SourceSilent: if it could not be asked.
    """
    connector = source.connector
    if not isinstance(connector, ChecksFields):
        return
    found = connector
    account = source.accounts[0] if source.accounts else None

    def check(way: Source) -> None:
        found.check_fields(way.access, account, chosen.report, chosen.fields, chosen.settings)

    try:
        asked(session, scope, resources, calls, source, check)
    except Refused as error:
        raise FieldsUnfit(told_by(error)) from error
    except OutsideError as error:
        raise SourceSilent(told_by(error)) from error


def _values(
    scope: WorkspaceScope, connector: Connector, parent: ExtractTemplate, body: TemplateIn
) -> dict[str, Any]:
    """Return the columns of the new template."""
    report = connector.spec.report(parent.report)
    fields = _fields(connector, report, body.fields)
    settings = chosen_settings(report, parent.settings, body.additional_params)
    for name in missing_settings(report, settings):
        raise SettingMissing(name)
    scheduling = parent.scheduling
    if body.scheduling is not None:
        check_schedule_count(len(body.scheduling), parent.schedules_limit)
        scheduling = [item.model_dump(mode="json") for item in body.scheduling]
    if body.historical_data_depth_limit is not None and report.date_field is None:
        raise DepthWithoutDays
    return {
        "agency_id": scope.agency_id,
        "parent_id": parent.id,
        "datasource_name": parent.datasource_name,
        "title": body.title,
        "description": body.description,
        "report": parent.report,
        "data_class": parent.data_class,
        "sql_name": sql_name(f"{parent.datasource_name}_{body.title}"),
        "is_wide": parent.is_wide,
        "is_created_from_wide": parent.is_wide,
        "is_retired": False,
        "selected_fields": fields,
        "settings": settings,
        "scheduling": scheduling,
        "hashed_fields": chosen_hashes(report, fields, report.date_field, body.hashed_fields, ()),
        "historical_data_depth_limit": body.historical_data_depth_limit,
        "schedules_limit": parent.schedules_limit,
    }


def _fields(connector: Connector, report: Report, asked: list[str]) -> list[str]:
    declared = {item.name for item in report.fields}
    for name in unknown_fields(connector, report, asked):
        raise FieldNotInReport(name)
    fields = chosen_fields(connector, report, asked)
    for name in fields:
        if name not in declared:
            raise FieldOfAccounts(name)
    if report.fields and not asked:
        raise NothingChosen
    return fields


def update(
    session: Session,
    scope: WorkspaceScope,
    datasource_name: str,
    template_id: int,
    change: TemplatePatch,
) -> ExtractTemplate:
    """Rename or describe a template of the agency; what it reads stays, since extracts rest on it.

    Raises:
        NotFound, TemplateShared, TitleTaken: as their names say.
    """
    template = _own(session, scope, datasource_name, template_id)
    if change.title is not None:
        if queries.has_title(session, scope.agency_id, change.title, but=template_id):
            raise TitleTaken(change.title)
        template.title = change.title
    if change.description is not None:
        template.description = change.description
    session.flush()
    return template


def retire(session: Session, scope: WorkspaceScope, datasource_name: str, template_id: int) -> None:
    """Offer a template of the agency no more; extracts made from it go on.

    Raises:
        NotFound, TemplateShared: as their names say.
    """
    _own(session, scope, datasource_name, template_id).is_retired = True
    session.flush()


def _own(
    session: Session, scope: WorkspaceScope, datasource_name: str, template_id: int
) -> ExtractTemplate:
    template = service.get_of(session, scope, datasource_name, template_id)
    if template.agency_id is None:
        raise TemplateShared
    return template
