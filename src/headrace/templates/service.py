"""The rules of extract templates."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from headrace.connectors.contract import Connector
from headrace.connectors.contract import Template as Declared
from headrace.connectors.registry import connectors
from headrace.kit.names import sql_name
from headrace.rest.errors import NotFound
from headrace.templates import queries
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope

_PUBLISHING_LOCK = 0x54504C54  # any constant of its own


def get(session: Session, scope: WorkspaceScope, template_id: int) -> ExtractTemplate:
    """Return a template the workspace may use.

    Raises:
        NotFound: if there is none.
    """
    template = queries.template(session, scope, template_id)
    if template is None or template.datasource_name not in connectors():
        raise NotFound("Extract template")
    return template


def get_of(
    session: Session, scope: WorkspaceScope, datasource_name: str, template_id: int
) -> ExtractTemplate:
    """Return a template of one data source; raises `NotFound` as `get` does."""
    template = get(session, scope, template_id)
    if template.datasource_name != datasource_name:
        raise NotFound("Extract template")
    return template


def connector_of(template: ExtractTemplate) -> Connector:
    """Return the connector that reads for a template."""
    return connectors()[template.datasource_name]


def publish_global(session: Session) -> None:
    """Bring the global templates in line with what the connectors declare; run at every start.

    Processes that start together take turns.
    """
    session.execute(select(func.pg_advisory_xact_lock(_PUBLISHING_LOCK)))
    known = {(row.datasource_name, row.code): row for row in queries.global_templates(session)}
    for connector in connectors().values():
        for declared in connector.spec.templates:
            row = known.pop((connector.spec.name, declared.code), None)
            if row is None:
                row = ExtractTemplate(datasource_name=connector.spec.name, code=declared.code)
                session.add(row)
            _mirror(row, connector, declared)
    for row in known.values():
        row.is_retired = True
    session.flush()


def _mirror(row: ExtractTemplate, connector: Connector, declared: Declared) -> None:
    report = connector.spec.report(declared.report)
    row.title = declared.title
    row.description = declared.description
    row.report = declared.report
    row.data_class = report.data_class
    row.sql_name = sql_name(f"{connector.spec.name}_{declared.code}")
    row.is_wide = report.is_wide
    row.is_retired = False
    row.selected_fields = list(declared.selected_fields)
    row.settings = dict(declared.settings)
    row.scheduling = [{}]
    row.hashed_fields = []
