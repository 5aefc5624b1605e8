"""Permissions as roles carry them over HTTP: by layer, in several forms on the way in; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from headrace.access.catalogue import CATALOGUE
from headrace.access.permissions import Permission, with_views
from headrace.roles.errors import NoSuchPermission

_LAYERS = {layer.code for layer in CATALOGUE}
_BY_CODE = {permission.value: permission for permission in Permission}

LayerList = Sequence[Mapping[str, Any]]


def chosen(given: Mapping[str, Sequence[str]] | LayerList) -> list[Permission]:
    """Return the permissions of a request, each once and in the catalogue's order, with views.

    given: a map of layer to codes, or a list of objects of `layer` (or `code`) and `permissions`
        (ambiguity A10 of the contract). Codes are compared without regard to case.

    Raises:
        NoSuchPermission: for a pair that the catalogue does not have.
    """
    found = with_views(_found(given))
    return [permission for permission in Permission if permission in found]


def _found(given: Mapping[str, Sequence[str]] | LayerList) -> Iterator[Permission]:
    for layer, codes in _pairs(given):
        if layer.lower() not in _LAYERS:
            raise NoSuchPermission(layer, "")
        for code in codes:
            permission = _BY_CODE.get(f"{layer}.{code}".lower())
            if permission is None:
                raise NoSuchPermission(layer, code)
            yield permission


def _pairs(
    given: Mapping[str, Sequence[str]] | LayerList,
) -> Iterator[tuple[str, Sequence[str]]]:
    if isinstance(given, Mapping):
        yield from given.items()
        return
    for item in given:
        yield str(item.get("layer") or item.get("code")), item["permissions"]


def by_layer(permissions: Iterable[Permission]) -> dict[str, list[str]]:
    """Return permissions as `{layer: [codes]}`, in the catalogue's order, without empty layers."""
    held = frozenset(permissions)
    listed: dict[str, list[str]] = {}
    for permission in Permission:
        if permission in held:
            listed.setdefault(permission.layer, []).append(permission.verb)
    return listed
