"""Would an extract with these settings work? Everything that can be said before it runs."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections.models import Account, Connection, ConnectionStatus
from headrace.connectors.contract import Connector, Report
from headrace.rest.errors import AppError, Invalid
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.templates import service
from headrace.templates.choices import (
    check_schedule_count,
    chosen_fields,
    chosen_filters,
    chosen_hashes,
    chosen_settings,
    described,
    missing_settings,
    unknown_fields,
)
from headrace.templates.creation import Chosen, check_with_source
from headrace.templates.errors import FieldsUnfit, SourceSilent
from headrace.templates.models import ExtractTemplate
from headrace.templates.schemas import ValidationIn, ValidationSettings
from headrace.templates.source import accounts_together, source_of
from headrace.tenancy.scope import WorkspaceScope

Finding = dict[str, Any]


def validate(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    template_id: int,
    body: ValidationIn,
) -> dict[str, Any]:
    """Say whether settings fit, as `ExtractTemplateValidationOut` (contract 4.9 and A24).

    Raises:
        NotFound: if there is no such template.
        AccountsUnfit: if accounts do not exist or do not go together.
    """
    template = service.get(session, scope, template_id)
    connection, accounts = accounts_together(session, scope, template, body.accounts)
    connector = service.connector_of(template)
    report = connector.spec.report(template.report)
    asked = body.template_settings
    errors = [
        *_of_accounts(connection, accounts),
        *_of_settings(connector, report, template, asked),
    ]
    warnings: list[Finding] = []
    if not errors:
        names = template.selected_fields if asked.fields is None else asked.fields
        chosen = Chosen(
            report=report.name,
            fields=chosen_fields(connector, report, names, asked.dynamic_fields),
            settings=chosen_settings(report, template.settings, asked.custom_settings),
        )
        source = source_of(resources, connection, accounts)
        try:
            check_with_source(session, scope, resources, calls, source, chosen)
        except FieldsUnfit as error:
            errors.append(_finding("incompatible_fields", error))
        except SourceSilent as error:
            warnings.append(_finding("source_not_asked", error))
    return {"is_valid": not errors, "errors": errors, "warnings": warnings}


def _of_accounts(connection: Connection, accounts: list[Account]) -> Iterator[Finding]:
    if connection.status != ConnectionStatus.ACTIVE:
        text = f"Connection {connection.id} is not active; reconnect it first."
        yield {"code": "connection_not_active", "field": "accounts", "message": text}
    for account in accounts:
        usable = account.is_active and account.is_listed
        if not usable or not account.enabled_for_embedded_extraction:
            text = f"The account {account.title!r} is inactive or not enabled for extraction."
            yield {"code": "account_not_enabled", "field": "accounts", "message": text}


def _of_settings(
    connector: Connector, report: Report, template: ExtractTemplate, asked: ValidationSettings
) -> Iterator[Finding]:
    """Yield everything that is wrong, not only the first of it."""
    names = [*(asked.fields or ()), *asked.dynamic_fields]
    unknown = unknown_fields(connector, report, names) if report.fields else []
    for name in unknown:
        text = f"The report has no field {name!r}."
        yield {"code": "unknown_field", "field": "fields", "message": text}
    for name, value in asked.custom_settings.items():
        one = {name: value}
        yield from _tried(
            "invalid_setting",
            lambda one=one: chosen_settings(report, {}, one),  # type: ignore[misc]  # of this round
            "custom_settings",
        )
    whole = _defaults(report) | template.settings | asked.custom_settings
    for name in missing_settings(report, whole):
        text = f"{name} is required."
        yield {"code": "missing_setting", "field": "custom_settings", "message": text}
    known = [name for name in names if name not in unknown]
    fields = chosen_fields(
        connector,
        report,
        known if asked.fields is not None else [*template.selected_fields, *known],
    )
    hashes = asked.hashed_fields
    yield from _tried(
        "invalid_hashed_field",
        lambda: chosen_hashes(report, fields, report.date_field, hashes, template.hashed_fields),
    )
    declared = described(connector, report, fields)
    yield from _tried("invalid_filter", lambda: chosen_filters(report, declared, asked.filters()))
    yield from _tried(
        "too_many_schedules",
        lambda: check_schedule_count(len(asked.scheduling or ()), template.schedules_limit),
    )


def _defaults(report: Report) -> dict[str, Any]:
    return {item.name: item.initial_value for item in report.settings}


def _tried(code: str, check: Callable[[], object], field: str | None = None) -> Iterator[Finding]:
    try:
        check()
    except Invalid as error:
        yield _finding(code, error) | ({"field": field} if field else {})


def _finding(code: str, error: AppError) -> Finding:
    field = next(iter(error.errors), None) if error.errors else None
    message = error.errors[field][0] if error.errors and field else error.details
    return {"code": code, "field": field, "message": message}
