"""Settings whose options only the platform knows, as a form shows them: looked up and ticked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.connectors.abilities import OffersOptions
from headrace.connectors.contract import Connector, Setting, SettingType
from headrace.pages.forms import MULTI_SELECT, SELECT, Field, Form, Option
from headrace.pages.posted import Posted
from headrace.pages.refusals import Refusal

WITHIN = "settings"
"""The member of the form's body in which settings stand."""
PAGE_SIZE = 25
_KINDS = {SettingType.DYNAMIC_SELECT: SELECT, SettingType.DYNAMIC_MULTI_SELECT: MULTI_SELECT}
_BETWEEN = "\t"
_LONGEST_SEARCH = 200
_PAGE_DIGITS = 6


@dataclass(frozen=True)
class Picker:
    """One such setting and what stands in it.

    chosen: what is ticked, wherever it was found. search: what was looked for. found: what the
    platform answered beside what is chosen; None where it was not asked. refusal: why it did not
    answer. asked_of: the titles of the accounts whose options these are.
    """

    setting: Setting
    chosen: tuple[Option, ...] = ()
    search: str = ""
    found: tuple[Option, ...] | None = None
    page: int = 1
    has_more: bool = False
    asked_of: tuple[str, ...] = ()
    refusal: Refusal | None = None

    @property
    def name(self) -> str:
        """The name of the form's field."""
        return _name(self.setting)

    @property
    def is_single(self) -> bool:
        """Whether it takes one value."""
        return _KINDS[self.setting.type] == SELECT

    def refused(self, refusal: Refusal) -> "Picker":
        """Return the picker as it is where the platform did not answer."""
        return replace(self, refusal=refusal)

    def answered(self, answer: Mapping[str, Any], asked_of: Iterable[str], page: int) -> "Picker":
        """Return the picker with a page of options, as `CustomSettingOptionsResponse` has them."""
        listed = [item for account in answer["accounts"] for item in account["results"]]
        options = {
            item["value"]: Option(item["value"], item["label"], item["description"] or "")
            for item in listed
        }
        named = tuple(
            replace(item, label=options[item.value].label) if item.value in options else item
            for item in self.chosen
        )
        taken = {item.value for item in self.chosen}
        return replace(
            self,
            chosen=named,
            found=tuple(item for value, item in options.items() if value not in taken),
            page=page,
            has_more=any(account["next"] for account in answer["accounts"]),
            asked_of=tuple(asked_of),
        )


def is_picked(connector: Connector, setting: Setting) -> bool:
    """Whether a setting's values can be looked up at the source."""
    return setting.type in _KINDS and isinstance(connector, OffersOptions)


def picked_field(setting: Setting, initial: Any) -> Field:
    """Return the form's field of such a setting."""
    return Field.of_setting(setting, WITHIN, kind=_KINDS[setting.type], initial=initial)


def pickers(settings: Sequence[Setting], form: Form, posted: Posted) -> tuple[Picker, ...]:
    """Return the pickers of settings: what the form holds for each, named as it was when found.

    posted: beside the form's own fields, the names of what was shown, and what was looked for.
    """
    return tuple(_picker(item, form.values.get(_name(item)), posted) for item in settings)


def with_typed(form: Form, settings: Iterable[Setting], posted: Posted) -> Form:
    """Return the form with what was typed by hand among what is chosen, where that is allowed."""
    values = dict(form.values)
    for item in settings:
        lines = [line.strip() for line in posted.text(f"typed.{item.name}").splitlines()]
        typed = [line for line in lines if line]
        if not typed or not item.takes_other_values:
            continue
        if _KINDS[item.type] == SELECT:
            values[_name(item)] = typed[0]
        else:
            values[_name(item)] = list(dict.fromkeys([*values[_name(item)], *typed]))
    return replace(form, values=values)


def question(posted: Posted) -> tuple[str, int]:
    """Return which setting's options are asked for, and which page of them."""
    name, _, page = posted.text("options").rpartition(":")
    is_number = page.isascii() and page.isdigit() and len(page) <= _PAGE_DIGITS
    return name, max(1, int(page)) if is_number else 1


def _name(setting: Setting) -> str:
    return f"{WITHIN}.{setting.name}"


def _picker(setting: Setting, value: Any, posted: Posted) -> Picker:
    values: list[str] = value if isinstance(value, list) else [value] if value else []
    known = _known(setting, posted)
    return Picker(
        setting,
        tuple(Option(item, known.get(item, item)) for item in values),
        posted.text(f"search.{setting.name}")[:_LONGEST_SEARCH],
    )


def _known(setting: Setting, posted: Posted) -> dict[str, str]:
    """What values that were shown are called, as the form carries it along."""
    found = (item.partition(_BETWEEN) for item in posted.all(f"known.{setting.name}"))
    return {value: label for value, _, label in found if label}
