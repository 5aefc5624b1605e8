"""Commands about users of agencies."""

from typing import Annotated

import typer

from headrace.cli.opening import in_transaction, out
from headrace.cli.passwords import Password, read_password, show_user

app = typer.Typer(help="Users of an agency.", no_args_is_help=True)
Username = Annotated[str, typer.Option(help="Name the user signs in with.")]
Role = Annotated[
    str, typer.Option(help="A system role's code (viewer, editor, ...) or a role's title.")
]


@app.command("create")
def user_create(
    agency: Annotated[str, typer.Option(help="Title of the agency.")],
    username: Username,
    name: Annotated[str, typer.Option(help="The person's own name, for others to see.")] = "",
    workspace: Annotated[int | None, typer.Option(help="Id of a workspace to enter.")] = None,
    role: Role = "viewer",
    chief: Annotated[bool, typer.Option("--chief", help="Make them a chief too.")] = False,
    password_stdin: Password = False,
) -> None:
    """Create a user of an agency, and give them a role in a workspace."""
    from headrace.access import service

    with in_transaction() as session:
        password, is_made = read_password(password_stdin)
        owner = service.agency_named(session, agency)
        user = service.create_user(session, owner.id, username, password, name=name, is_chief=chief)
        if workspace is not None:
            service.grant(session, user, workspace, role)
    show_user(username, password, is_made)


@app.command("grant")
def user_grant(
    username: Username,
    workspace: Annotated[int, typer.Option(help="Id of the workspace.")],
    role: Role = "viewer",
) -> None:
    """Give a user a role in a workspace, in place of the one they hold there."""
    from headrace.access import service

    with in_transaction() as session:
        service.grant(session, service.user_named(session, username), workspace, role)


@app.command("revoke")
def user_revoke(
    username: Username, workspace: Annotated[int, typer.Option(help="Id of the workspace.")]
) -> None:
    """Take a user's role in a workspace from them."""
    from headrace.access import service

    with in_transaction() as session:
        service.revoke(session, service.user_named(session, username), workspace)


@app.command("set-password")
def user_set_password(username: Username, password_stdin: Password = False) -> None:
    """Change a user's password; their sessions, tokens and iframe URLs end at once."""
    from headrace.access import service

    with in_transaction() as session:
        password, is_made = read_password(password_stdin)
        service.set_password(session, service.user_named(session, username), password)
    show_user(username, password, is_made)


@app.command("rotate-password")
def user_rotate_password(username: Username) -> None:
    """Give a user a new password, made here and shown once."""
    user_set_password(username)


@app.command("deactivate")
def user_deactivate(username: Username) -> None:
    """Keep a user out; their sessions, tokens and iframe URLs end at once."""
    from headrace.access import service

    with in_transaction() as session:
        service.deactivate(session, service.user_named(session, username))
    out.print(f"deactivated: {username}", markup=False)


@app.command("activate")
def user_activate(username: Username) -> None:
    """Let a user in again, with the roles they held."""
    from headrace.access import service

    with in_transaction() as session:
        service.user_named(session, username).is_active = True
    out.print(f"activated: {username}", markup=False)
