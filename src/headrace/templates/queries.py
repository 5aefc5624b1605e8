"""All SQL of extract templates."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from headrace.connections.models import Account
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.models import Agency
from headrace.tenancy.scope import WorkspaceScope, owned


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


def accounts_by_remote_id(
    session: Session, scope: WorkspaceScope, connection_id: int, remote_ids: Sequence[str]
) -> dict[str, Account]:
    """Return the active accounts of a connection among some remote ids, by these."""
    found = session.scalars(
        owned(Account, scope).where(
            Account.connection_id == connection_id,
            Account.remote_id.in_(remote_ids),
            Account.is_active,
            Account.is_listed,
        )
    )
    return {account.remote_id: account for account in found}


def store_custom(session: Session, values: Mapping[str, Any]) -> int | None:
    """Insert an agency's template and return its id; None if its title is taken by then."""
    statement = insert(ExtractTemplate).values(dict(values)).on_conflict_do_nothing()
    found: int | None = session.scalar(statement.returning(ExtractTemplate.id))
    return found


def has_title(session: Session, agency_id: int, title: str, but: int | None = None) -> bool:
    """Whether an agency has a template of a title; `but` is the id of one that may have it."""
    rows = select(ExtractTemplate.id).where(
        ExtractTemplate.agency_id == agency_id,
        ExtractTemplate.title == title,
        ~ExtractTemplate.is_retired,
    )
    if but is not None:
        rows = rows.where(ExtractTemplate.id != but)
    return session.scalar(rows.limit(1)) is not None


def global_template(
    session: Session, datasource_name: str, template_id: int
) -> ExtractTemplate | None:
    """Return a global template of a data source that is offered still, or None."""
    return session.scalar(
        select(ExtractTemplate).where(
            ExtractTemplate.id == template_id,
            ExtractTemplate.agency_id.is_(None),
            ExtractTemplate.datasource_name == datasource_name,
            ~ExtractTemplate.is_retired,
        )
    )
