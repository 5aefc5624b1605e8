"""Write docs/permissions.md from the permission catalogue and the system roles."""

from pathlib import Path

from headrace.access.catalogue import CATALOGUE, Layer
from headrace.access.permissions import SYSTEM_ROLES

PAGE = Path(__file__).parents[1] / "docs" / "permissions.md"
_INTRODUCTION = """# Permissions

A user holds one role in each workspace they work in; a role is a set of permissions, and every
operation of the API asks for one (its description in `/openapi.json` names it). The agency's chief
may do everything. A permission brings the view of its layer with it.

Of the permissions in *Agency*, which are about the agency as a whole, a user has those of every
role they hold, in whichever workspace; all others hold in that workspace alone. Whoever manages the
users of a workspace can give no role that allows more than their own.

An agency puts together roles of its own from this catalogue: see
[how to](how-to/users-and-roles.md). System roles are the same for every agency.

Written by `make permissions-page` from `src/headrace/access/`; edit it there.
"""
_YES, _NO = "•", ""


def page() -> str:
    """Return the page as it should be."""
    roles = [role for role in SYSTEM_ROLES.values() if not role.is_internal]
    listed = [f"- **{role.title}** (`{role.code}`): {role.description}" for role in roles]
    head = f"| | {' | '.join(role.title for role in roles)} |\n|---|{'---|' * len(roles)}"
    parts = [_INTRODUCTION, "## System roles\n", "\n".join(listed) + "\n", "## The matrix\n", head]
    for layer in CATALOGUE:
        for entry in layer.entries:
            held = [_YES if entry.permission in role.permissions else _NO for role in roles]
            parts.append(f"| `{entry.permission}` | {' | '.join(held)} |")
    parts.append("\n## The catalogue\n")
    parts += [_described(layer) for layer in CATALOGUE]
    return "\n".join(parts)


def _described(layer: Layer) -> str:
    entries = [
        f"- `{entry.permission}` **{entry.title}**: {entry.description}" for entry in layer.entries
    ]
    return "\n".join([f"### {layer.title}\n", f"{layer.description}\n", *entries, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
