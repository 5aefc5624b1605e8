"""Refusals of recipes."""

from collections.abc import Sequence

from headrace.kit.told import Told, joined, told
from headrace.rest.errors import AppError, Invalid


class StepRefused(Exception):  # the service tells it by `StepUnfit`, a run by `Refused`
    """A step that cannot be calculated; the message names the step, and the column if it is one."""

    def __init__(self, step: str, message: Told) -> None:
        super().__init__(told("Step {step!r}: {message}", step=step, message=message))
        self.step = step


class StepUnfit(Invalid):
    """A step that cannot be calculated from what its inputs are."""

    def __init__(self, message: Told, workspace: str | None = None) -> None:
        if workspace:
            message = told(
                "{message} In the workspace {workspace!r}.", message=message, workspace=workspace
            )
        super().__init__("steps", message)


class StepNameTaken(Invalid):
    """Two steps of a recipe would have the same name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "name", told("the recipe has a step {name!r}; choose another name.", name=name)
        )


class StepInUse(AppError, status=409):
    """A later step reads the step that is to go, or to move behind it."""

    def __init__(self, name: str, reader: str) -> None:
        super().__init__(
            told(
                "Step {reader!r} reads step {name!r}; change {reader!r} first.",
                reader=reader,
                name=name,
            )
        )


class TooManySteps(AppError, status=400):
    """A recipe has as many steps as it may."""

    def __init__(self, most: int) -> None:
        super().__init__(told("A recipe has at most {most} steps.", most=most))


class RecipeTitleTaken(Invalid):
    """The agency has a recipe of that title."""

    def __init__(self, title: str) -> None:
        super().__init__(
            "title", told("a recipe {title!r} exists; choose another title.", title=title)
        )


class NoSteps(AppError, status=409):
    """A recipe without steps has no rows to build a table from."""

    def __init__(self) -> None:
        super().__init__(told("The recipe has no steps; add one before activating it."))


class RecipeInactive(AppError, status=409):
    """A recipe that is not active is not built."""

    def __init__(self) -> None:
        super().__init__(told("The recipe is not active; activate it before building it."))


class InputMissing(AppError, status=400):
    """The workspace has no data table that a recipe's input could be."""

    def __init__(self, name: str, message: Told, workspace: str) -> None:
        super().__init__(
            told(
                "Input {name!r}: the workspace {workspace!r} {message}",
                name=name,
                workspace=workspace,
                message=message,
            ),
            {"inputs": [message]},
        )


class Incompatible(AppError, status=409):
    """The recipe's columns no longer fit the data table that it built."""

    def __init__(self, table: str, removed: Sequence[str], changed: Sequence[str]) -> None:
        reasons = []
        if removed:
            reasons.append(told("removed columns: {names}", names=", ".join(removed)))
        if changed:
            reasons.append(told("changed types: {names}", names=", ".join(changed)))
        super().__init__(
            told(
                "The data table {table!r} has columns that the recipe no longer gives it: "
                "{reasons}. Give them back, or delete the recipe and create another.",
                table=table,
                reasons=joined(reasons),
            ),
            {"steps": reasons},
        )


class ReadsItself(AppError, status=409):
    """The table of a recipe would be built from itself, without end."""

    def __init__(self, title: str) -> None:
        super().__init__(
            told(
                "The recipe reads, perhaps by way of others, the data table {title!r} that it "
                "builds; take another input.",
                title=title,
            )
        )
