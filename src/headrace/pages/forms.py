"""Forms made from declared fields: of connectors, of destinations, or of a page's own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from headrace.connectors.contract import Setting, SettingType
from headrace.kit.told import Told
from headrace.loaders.contract import Param, ParamType
from headrace.pages.posted import Posted
from headrace.pages.refusals import Refusal

TEXT, SECRET, INTEGER, BOOLEAN, DATE = "text", "secret", "integer", "boolean", "date"
SELECT, MULTI_SELECT, LONG_TEXT = "select", "multi_select", "long_text"

_OF_SETTING = {
    SettingType.BOOLEAN: BOOLEAN,
    SettingType.INTEGER: INTEGER,
    SettingType.DATE: DATE,
    SettingType.SELECT: SELECT,
    SettingType.MULTI_SELECT: MULTI_SELECT,
    SettingType.DYNAMIC_SELECT: SELECT,
    SettingType.DYNAMIC_MULTI_SELECT: MULTI_SELECT,
}
_OF_PARAM = {
    ParamType.BOOLEAN: BOOLEAN,
    ParamType.INTEGER: INTEGER,
    ParamType.SELECT: SELECT,
}


@dataclass(frozen=True)
class Option:
    """One choice of a field. label: a text marked with `N_`, or a name in no language (`as_said`)."""

    value: str
    label: str | Told
    description: str = ""


@dataclass(frozen=True)
class Field:
    """One input.

    name: in the form and, by its dots, in the body: `settings.url` is `{"settings": {"url": …}}`.
    label, description: English; translated where they are shown. kind: one of the names above.
    initial: the value it starts with. autocomplete: as HTML has it. is_kept: a secret of which
    there is one already: left empty, it stays.
    """

    name: str
    label: str
    kind: str = TEXT
    required: bool = False
    description: str = ""
    initial: Any = None
    options: tuple[Option, ...] = ()
    autocomplete: str = "off"
    is_kept: bool = False

    @classmethod
    def of_setting(cls, setting: Setting, within: str = "", **more: Any) -> Self:
        """Return the input of a connector's setting or credential; within: the body's member."""
        kind = _OF_SETTING.get(setting.type, SECRET if setting.secret else TEXT)
        options = tuple(
            Option(item.value, item.label, item.description) for item in setting.choices
        )
        # Choices that the platform alone knows are typed in until they are loaded.
        if kind in (SELECT, MULTI_SELECT) and not options:
            kind = TEXT if kind == SELECT else LONG_TEXT
        return cls._declared(setting, kind, options, within, more)

    @classmethod
    def of_param(cls, param: Param, within: str = "", **more: Any) -> Self:
        """Return the input of a destination's connection parameter; within: the body's member."""
        kind = _OF_PARAM.get(param.type, SECRET if param.secret else TEXT)
        options = tuple(Option(item, item) for item in param.choices)
        return cls._declared(param, kind, options, within, more)

    @classmethod
    def _declared(
        cls,
        declared: Setting | Param,
        kind: str,
        options: tuple[Option, ...],
        within: str,
        more: Mapping[str, Any],
    ) -> Self:
        given: dict[str, Any] = {
            "name": f"{within}.{declared.name}" if within else declared.name,
            "label": declared.title,
            "kind": kind,
            "required": declared.required,
            "description": declared.description,
            "initial": declared.initial_value,
            "options": options,
        }
        return cls(**{**given, **more})

    def value_of(self, posted: Posted) -> Any:
        """Return what was typed, as the body has it; None where nothing was.

        A number that is none stays text: the service says what is wrong with it.
        """
        if self.kind == BOOLEAN:
            return self.name in posted
        if self.kind == MULTI_SELECT:
            return [item for item in posted.all(self.name) if item]
        if self.kind == SECRET:
            return posted.raw(self.name) or None
        text = posted.text(self.name)
        if self.kind == LONG_TEXT:
            text = text.replace("\r\n", "\n")
        if self.kind == INTEGER and text.removeprefix("-").isdecimal() and text.isascii():
            return int(text)
        return text or None


@dataclass(frozen=True)
class Form:
    """Fields with what stands in them, and what is wrong with it."""

    fields: tuple[Field, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None

    @classmethod
    def of(cls, fields: Iterable[Field], values: Mapping[str, Any] | None = None) -> Self:
        """Return a form as it is first shown; values: those to start with, by the fields' names."""
        declared = tuple(fields)
        initial = {item.name: item.initial for item in declared}
        return cls(declared, {**initial, **(values or {})})

    def typed(self, posted: Posted) -> Self:
        """Return the form with what its visitor typed."""
        return replace(self, values={item.name: item.value_of(posted) for item in self.fields})

    def refused(self, refusal: Refusal) -> Self:
        """Return the form as it is shown again."""
        return replace(self, refusal=refusal)

    def body(self) -> dict[str, Any]:
        """Return what was typed as the body that the API's service takes.

        What was left empty is left out, so that a secret that is kept stays as it is.
        """
        found: dict[str, Any] = {}
        for item in self.fields:
            *path, last = item.name.split(".")
            inner = found
            for step in path:
                inner = inner.setdefault(step, {})
            if self.values.get(item.name) is not None:
                inner[last] = self.values[item.name]
        return found

    def shown(self, item: Field) -> Any:
        """Return what to show in a field: never a secret."""
        return None if item.kind == SECRET else self.values.get(item.name)

    def is_chosen(self, item: Field, option: Option) -> bool:
        """Whether an option of a field is."""
        value = self.values.get(item.name)
        return option.value in value if isinstance(value, list) else str(value) == option.value

    def problems(self, item: Field) -> list[Told]:
        """Return what is wrong with a field."""
        return self.refusal.at(item.name) if self.refusal else []

    @property
    def message(self) -> Told | None:
        """What is wrong in all, where no field of the form says it."""
        if self.refusal is None:
            return None
        at_fields = any(self.problems(item) for item in self.fields)
        return None if at_fields and not _beyond(self) else self.refusal.message


def _beyond(form: Form) -> bool:
    """Whether something is wrong that is at none of the form's fields."""
    assert form.refusal is not None
    shown = {text for item in form.fields for text in form.problems(item)}
    return any(set(texts) - shown for texts in form.refusal.by_field.values())
