"""How templates, their fields and custom settings show to clients."""

from collections.abc import Collection, Sequence
from typing import Any

from headrace.connectors.contract import Connector, Field, Report, Setting, SettingType
from headrace.kit.columns import ColumnType, api_type
from headrace.kit.names import unique_sql_name
from headrace.templates.models import ExtractTemplate

_DYNAMIC = {SettingType.DYNAMIC_SELECT, SettingType.DYNAMIC_MULTI_SELECT}


def fields(declared: Sequence[Field], selected: Collection[str]) -> list[dict[str, Any]]:
    """A report's fields as `FieldOut`, the selected ones marked."""
    names = sql_names(declared)
    return [
        {
            "title": item.title,
            "name": item.name,
            "user_kind": item.kind,
            "user_type": api_type(item.type),
            "selected": item.mandatory or item.name in selected,
            "can_edit": not item.mandatory,
            "sql_name": names[item.name],
            "format": item.format or ("%Y-%m-%d" if item.type is ColumnType.DATE else None),
            "is_dynamic": item.is_dynamic,
        }
        for item in declared
    ]


def sql_names(declared: Sequence[Field]) -> dict[str, str]:
    """A column name for each field, by the field's name; unique among them."""
    taken: dict[str, str] = {}
    used: set[str] = set()
    for item in declared:
        taken[item.name] = unique_sql_name(item.name, used)
        used.add(taken[item.name])
    return taken


def additional_param(item: Setting, initial_value: Any) -> dict[str, Any]:
    """A custom setting as `AdditionalParam`."""
    params: dict[str, Any] = {}
    if item.choices:
        params["options"] = [
            {"value": choice.value, "label": choice.label, "description": choice.description}
            for choice in item.choices
        ]
    if item.type in _DYNAMIC:
        params["source"] = "custom_setting_options"
    return {
        "type": item.type,
        "name": item.name,
        "required": item.required,
        "title": item.title,
        "description": item.description,
        "params": params,
        "initial_value": initial_value,
    }


def detail(template: ExtractTemplate, connector: Connector) -> dict[str, Any]:
    """A template as `TemplateDetail`."""
    report = connector.spec.report(template.report)
    has_days = report.date_field is not None
    return listed(template) | {
        "fields": fields(report.fields, template.selected_fields),
        "additional_params": [
            additional_param(item, template.settings.get(item.name, item.initial_value))
            for item in report.settings
        ],
        "scheduling": template.scheduling,
        "sql_name": template.sql_name,
        "report_type": template.report,
        "is_global": template.agency_id is None,
        "parent_id": template.parent_id,
        "allow_to_select_dimensions": template.is_wide and not template.is_created_from_wide,
        "is_created_from_wide": template.is_created_from_wide,
        "historical_data_depth_limit": _depth(template, report),
        "hashed_fields": template.hashed_fields,
        "write_policy": {
            "method": "overwrite",
            "scope": "by_date_range" if has_days else "whole_data",
        },
    }


def _depth(template: ExtractTemplate, report: Report) -> int | None:
    """How many days of history can be asked for: the template's limit within the source's own."""
    limits = (template.historical_data_depth_limit, report.history_days)
    return min((days for days in limits if days is not None), default=None)


def listed(template: ExtractTemplate) -> dict[str, Any]:
    """A template as `TemplateOut`."""
    return {
        "id": template.id,
        "title": template.title,
        "description": template.description,
        "data_class": template.data_class,
        "datasource_name": template.datasource_name,
        "schedules_limit": template.schedules_limit,
        "is_wide_template": template.is_wide,
    }


def compact(template: ExtractTemplate) -> dict[str, Any]:
    """A template as `TemplateCompact`."""
    return {
        "id": template.id,
        "datasource_name": template.datasource_name,
        "is_wide_template": template.is_wide,
    }
