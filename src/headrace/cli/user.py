"""Commands about users of agencies."""

from typing import Annotated

import typer

from headrace.cli.opening import opened, plain_errors, read_settings
from headrace.cli.passwords import Password, read_password, show_user

app = typer.Typer(help="Users of an agency.", no_args_is_help=True)


@app.command("create")
def user_create(
    agency: Annotated[str, typer.Option(help="Title of the agency.")],
    username: Annotated[str, typer.Option(help="Name the user signs in with.")],
    workspace: Annotated[int | None, typer.Option(help="Id of a workspace to enter.")] = None,
    role: Annotated[str, typer.Option(help="Role in that workspace.")] = "viewer",
    password_stdin: Password = False,
) -> None:
    """Create a user of an agency, and give them a role in a workspace."""
    from headrace.access import service
    from headrace.db.engine import transaction

    with plain_errors(), opened(read_settings(), 1) as (resources, _):
        password, is_made = read_password(password_stdin)
        with transaction(resources.sessions) as session:
            user = service.create_user(
                session, service.agency_named(session, agency).id, username, password
            )
            if workspace is not None:
                service.grant(session, user, workspace, role)
        show_user(username, password, is_made)
