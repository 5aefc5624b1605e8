"""All SQL of extract templates."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from headrace.templates.models import ExtractTemplate
from headrace.tenancy.models import Agency
from headrace.tenancy.scope import WorkspaceScope


def visible(scope: WorkspaceScope, *columns: Any) -> Select[Any]:
    """Select from the templates a workspace may use: global ones and its agency's."""
    template = ExtractTemplate
    return select(*columns).where(
        template.agency_id.is_(None) | (template.agency_id == scope.agency_id),
        ~template.is_retired,
    )


def template_rows(scope: WorkspaceScope, datasource_name: str) -> Select[Any]:
    """Select the templates of a data source, as `TemplateOut`."""
    template = ExtractTemplate
    return visible(
        scope,
        template.id,
        template.title,
        template.description,
        template.data_class,
        template.datasource_name,
        template.schedules_limit,
        template.is_wide.label("is_wide_template"),
    ).where(template.datasource_name == datasource_name)


def template(session: Session, scope: WorkspaceScope, template_id: int) -> ExtractTemplate | None:
    """Return one template the workspace may use."""
    found: ExtractTemplate | None = session.scalar(
        visible(scope, ExtractTemplate).where(ExtractTemplate.id == template_id)
    )
    return found


def global_templates(session: Session) -> Sequence[ExtractTemplate]:
    """Return every global template, retired ones too."""
    return session.scalars(select(ExtractTemplate).where(ExtractTemplate.agency_id.is_(None))).all()


def filtered(rows: Select[Any], search: str | None, kind: str | None) -> Select[Any]:
    """Narrow a selection of templates; None narrows nothing."""
    if search:
        rows = rows.where(ExtractTemplate.title.icontains(search, autoescape=True))
    if kind is not None:
        is_global = ExtractTemplate.agency_id.is_(None)
        rows = rows.where(is_global if kind == "global" else ~is_global)
    return rows


def salt_of(session: Session, agency_id: int) -> bytes:
    """Return what an agency's hashed fields are salted with."""
    return session.execute(select(Agency.hash_salt).where(Agency.id == agency_id)).scalar_one()
