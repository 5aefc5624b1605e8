"""Connection parameters: what a form asks for, and what may be made of the answers."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from headrace.destinations.errors import ParamMissing, ParamUnfit
from headrace.kit.told import told
from headrace.loaders.contract import LoaderSpec, Param, ParamType, WriteMode

MASK = "********"
"""Stands for a secret in answers; sent back, it keeps the stored one."""

LOAD_MODE = "load_mode"
_MAX_TEXT = 65_536
_BOOLEANS = {"true": True, "false": False}
_WANTED = {
    ParamType.STRING: told("text of at most {most:,} characters", most=_MAX_TEXT),
    ParamType.INTEGER: told("a whole number"),
    ParamType.BOOLEAN: told("true or false"),
}


def form(spec: LoaderSpec) -> tuple[Param, ...]:
    """Every parameter of a destination: the loader's own, and the one common to all."""
    modes = spec.write_modes
    first = WriteMode.REPLACE if WriteMode.REPLACE in modes else WriteMode.APPEND
    return (
        *spec.params,
        Param(
            LOAD_MODE,
            "Load mode",
            ParamType.SELECT,
            description="What loads do with rows already delivered: append keeps them, replace "
            "writes changed days anew, upsert matches rows by key.",
            initial_value=first.value,
            choices=tuple(mode.value for mode in modes),
        ),
    )


def checked(
    spec: LoaderSpec, given: Mapping[str, Any], stored: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the parameters a connection is to have; keys that the form does not know are dropped.

    stored: those it has, of which a secret given as `MASK` keeps its value. The load mode is kept
    too where none is given: to change it by omission could erase a history of appended rows.

    Raises:
        ParamMissing, ParamUnfit: as their names say.
    """
    before = stored or {}
    result: dict[str, Any] = {}
    for item in form(spec):
        value = given.get(item.name)
        if (item.secret and value == MASK) or (item.name == LOAD_MODE and value is None):
            value = before.get(item.name)
        if value is None or value == "":
            value = item.initial_value
        if value is not None:
            result[item.name] = _fit(item, value)
        elif item.required:
            raise ParamMissing(item.name, item.title)
    return result


def masked(spec: LoaderSpec, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored parameters fit to be shown: a secret shows only that it is there."""
    return {
        item.name: MASK if item.secret else stored[item.name]
        for item in form(spec)
        if item.name in stored
    }


def place_of(spec: LoaderSpec, params: Mapping[str, Any]) -> str:
    """Digest of where parameters lead to: the destination and everything that is no secret.

    Equal digests are the same place; different ones may still be, under another name of a host.
    """
    shown = {item.name: params.get(item.name) for item in spec.params if not item.secret}
    text = msgspec.json.encode([spec.name, sorted(shown.items())])
    return hashlib.sha256(text).hexdigest()


def _fit(item: Param, value: Any) -> Any:
    """Bring a value to the parameter's type; forms send everything as text."""
    if item.type is ParamType.SELECT:
        if value not in item.choices:
            raise ParamUnfit(item.name, told("one of {choices}", choices=", ".join(item.choices)))
        return value
    if item.type is ParamType.INTEGER and isinstance(value, str):
        digits = value.strip()
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
    if item.type is ParamType.BOOLEAN and isinstance(value, str):
        value = _BOOLEANS.get(value.strip().lower())
    if not _is_of(item.type, value):
        raise ParamUnfit(item.name, _WANTED[item.type])
    return value


def _is_of(wanted: ParamType, value: Any) -> bool:
    if wanted is ParamType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if wanted is ParamType.BOOLEAN:
        return isinstance(value, bool)
    return isinstance(value, str) and len(value) <= _MAX_TEXT and "\0" not in value
