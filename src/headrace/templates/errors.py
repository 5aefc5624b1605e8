"""Refusals of templates, and of what is chosen of a report."""

from headrace.rest.errors import AppError, Invalid


class FieldsUnfit(Invalid):
    """Fields that the source does not give together."""

    def __init__(self, reason: str) -> None:
        super().__init__("fields", reason)


class SourceSilent(AppError, status=400):
    """The source could not say whether the fields go together; nothing was changed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The data source could not check the fields: {reason}")


class HashUnfit(Invalid):
    """A field that cannot be hashed."""

    def __init__(self, message: str) -> None:
        super().__init__("hashed_fields", message)


class FieldNotInReport(Invalid):
    """A field that the report does not have."""

    def __init__(self, name: str) -> None:
        super().__init__("fields", f"the report has no field {name!r}.")


class SettingUnknown(Invalid):
    """A custom setting, or a value of it, that the report does not have."""

    def __init__(self, message: str) -> None:
        super().__init__("additional_params", message)


class TooManySchedules(Invalid):
    """More schedules than the template allows."""

    def __init__(self, limit: int) -> None:
        super().__init__("scheduling", f"at most {limit} for this template.")
