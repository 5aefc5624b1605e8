"""Commands about agencies."""

from typing import Annotated

import typer

from headrace.cli.opening import opened, out, plain_errors, read_settings
from headrace.cli.passwords import Password, read_password, show_user

app = typer.Typer(help="Agencies: the owners of workspaces and users.", no_args_is_help=True)


@app.command("create")
def agency_create(
    title: Annotated[str, typer.Option(help="Name of the agency.")],
    username: Annotated[str, typer.Option(help="Name its chief signs in with.")],
    password_stdin: Password = False,
) -> None:
    """Create an agency and its first user, the chief."""
    from headrace.access import service
    from headrace.db.engine import transaction

    with plain_errors(), opened(read_settings(), 1) as (resources, _):
        password, is_made = read_password(password_stdin)
        with transaction(resources.sessions) as session:
            chief = service.create_agency(session, title, username, password)
            out.print(f"agency: {chief.agency_id}", markup=False)
        show_user(username, password, is_made)
