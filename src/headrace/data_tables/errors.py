"""Refusals of data tables."""

from headrace.kit.told import told
from headrace.rest.errors import Invalid


class FieldUnknown(Invalid):
    """A field that the table does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "selected_fields", told("the data table has no field {name!r}.", name=name)
        )


class DimensionNeeded(Invalid):
    """Dimensions tell rows apart and cannot be deselected."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "selected_fields",
            told("{name!r} is a dimension; dimensions cannot be deselected.", name=name),
        )


class TitleTaken(Invalid):
    """The workspace has a data table of that title."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "title", told("a data table {title!r} exists; choose another title.", title=title)
        )


class OtherReport(Invalid):
    """A table of that title collects another report, or other dimensions."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "data_table_title",
            told(
                "the data table {title!r} collects another report; choose another title.",
                title=title,
            ),
        )
