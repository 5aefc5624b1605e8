"""What patterns of folders and file names consist of: variables, and what stands between them."""

import re

from headrace.kit.outcomes import Refused
from headrace.kit.told import told

VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
"""A variable, as `{{ name }}`."""
_UNFIT_LITERAL = re.compile(r'[\x00-\x1f\x7f\\{}<>:"|?*]')


def variables_of(pattern: str, allowed: tuple[str, ...], where: str) -> set[str]:
    """Return the variables of a pattern.

    Raises:
        Refused: if one is not allowed.
    """
    found = VARIABLE.findall(pattern)
    for name in found:
        if name not in allowed:
            known = ", ".join(f"{{{{{item}}}}}" for item in allowed)
            raise Refused(
                told(
                    "{where} uses the unknown variable {{{{{name}}}}}; it may use {known}.",
                    where=where,
                    name=name,
                    known=known,
                )
            )
    return set(found)


def check_literals(folder: str, file_name: str) -> None:
    """Make sure that what stands between variables can be part of a path.

    Raises:
        Refused: if something cannot.
    """
    if "/" in VARIABLE.sub("", file_name):
        raise Refused(told("file_name must not contain a slash: put folders into folder."))
    for where, pattern in (("folder", folder), ("file_name", file_name)):
        literal = VARIABLE.sub("", pattern)
        if unfit := _UNFIT_LITERAL.search(literal):
            raise Refused(
                told(
                    "{where} contains {unfit!r}, which a path must not hold.",
                    where=where,
                    unfit=unfit.group(),
                )
            )
        for part in pattern.split("/") if pattern else []:
            if not part.strip() or part.startswith(".") or part != part.strip():
                raise Refused(
                    told(
                        "{where} has the part {part!r}: parts must not be empty, begin with a dot, or "
                        "begin or end with a space.",
                        where=where,
                        part=part,
                    )
                )
