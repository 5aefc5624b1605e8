"""Refusals of templates, and of what is chosen of a report."""

from headrace.kit.told import Told, told
from headrace.rest.errors import AppError, Invalid


class FieldsUnfit(Invalid):
    """Fields that the source does not give together."""

    def __init__(self, reason: Told) -> None:
        super().__init__("fields", reason)


class SourceSilent(AppError, status=400):
    """The source could not say whether the fields go together; nothing was changed."""

    def __init__(self, reason: Told) -> None:
        super().__init__(
            told("The data source could not check the fields: {reason}", reason=reason)
        )


class HashUnfit(Invalid):
    """A field that cannot be hashed."""

    def __init__(self, message: Told) -> None:
        super().__init__("hashed_fields", message)


class FieldNotInReport(Invalid):
    """A field that the report does not have."""

    def __init__(self, name: str) -> None:
        super().__init__("fields", told("the report has no field {name!r}.", name=name))


class SettingUnknown(Invalid):
    """A custom setting, or a value of it, that the report does not have."""

    def __init__(self, message: Told) -> None:
        super().__init__("additional_params", message)


class TooManySchedules(Invalid):
    """More schedules than the template allows."""

    def __init__(self, limit: int) -> None:
        super().__init__("scheduling", told("at most {limit} for this template.", limit=limit))


class TitleTaken(Invalid):
    """A title that another template of the agency has."""

    def __init__(self, title: str) -> None:
        super().__init__("title", told("the agency has a template {title!r} already.", title=title))


class ParentUnknown(Invalid):
    """A parent that is no global template of the data source."""

    def __init__(self, parent_id: int, datasource_name: str) -> None:
        super().__init__(
            "parent_id",
            told(
                "{datasource_name} has no global template {parent_id} to begin from.",
                datasource_name=datasource_name,
                parent_id=parent_id,
            ),
        )


class NothingChosen(Invalid):
    """A template without any field."""

    def __init__(self) -> None:
        super().__init__("fields", told("choose at least one field."))


class FieldOfAccounts(Invalid):
    """A field that exists for some accounts only."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "fields",
            told(
                "{name!r} exists for some accounts only and cannot be kept in a template; ask for "
                "it with `dynamic_fields` when extracting.",
                name=name,
            ),
        )


class SettingMissing(Invalid):
    """A custom setting that must be given."""

    def __init__(self, name: str) -> None:
        super().__init__("additional_params", told("{name} is required.", name=name))


class DepthWithoutDays(Invalid):
    """A depth of history for a report without days."""

    def __init__(self) -> None:
        super().__init__(
            "historical_data_depth_limit", told("this report has no days; leave it out.")
        )


class ConnectionUnfit(Invalid):
    """A connection that is missing, foreign, of another data source or not active."""

    def __init__(self, message: Told) -> None:
        super().__init__("connection_id", message)


class AccountsUnfit(Invalid):
    """Accounts that cannot be used together, or at all."""

    def __init__(self, message: Told) -> None:
        super().__init__("accounts", message)


class SettingWithoutOptions(Invalid):
    """A custom setting that is not there, or offers no options."""

    def __init__(self, message: Told) -> None:
        super().__init__("custom_setting_name", message)


class SourceRefused(AppError, status=400):
    """What a data source answered instead of rows or options."""


class TemplateShared(AppError, status=403):
    """Global templates belong to everyone and are not changed by anyone."""

    def __init__(self) -> None:
        super().__init__(
            told("Global templates cannot be changed; create one of your agency's from it instead.")
        )
