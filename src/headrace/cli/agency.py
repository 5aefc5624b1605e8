"""Commands about agencies."""

from enum import StrEnum
from typing import Annotated

import typer

from headrace.cli.opening import in_transaction, out
from headrace.cli.passwords import Password, read_password, show_user

app = typer.Typer(help="Agencies: the owners of workspaces and users.", no_args_is_help=True)
Title = Annotated[str, typer.Option(help="Name of the agency.")]


class Flag(StrEnum):
    """The flags of an agency, as they are typed; the same as `access.service.AgencyFlag`."""

    CAN_USE_EMBEDDED_API = "can_use_embedded_api"
    EXTERNAL_AUTH = "external_auth"


class Switch(StrEnum):
    """How a flag can stand."""

    ON = "on"
    OFF = "off"

    @classmethod
    def of(cls, is_on: bool) -> "Switch":
        """Return the word for a truth value."""
        return cls.ON if is_on else cls.OFF


@app.command("create")
def agency_create(
    title: Title,
    username: Annotated[str, typer.Option(help="Name its chief signs in with.")],
    password_stdin: Password = False,
) -> None:
    """Create an agency and its first user, the chief."""
    from headrace.access import service

    with in_transaction() as session:
        password, is_made = read_password(password_stdin)
        agency_id = service.create_agency(session, title, username, password).agency_id
    out.print(f"agency: {agency_id}", markup=False)
    show_user(username, password, is_made)


@app.command("list")
def agency_list() -> None:
    """List the agencies of this server with their flags."""
    from headrace.access import queries

    with in_transaction() as session:
        for agency in queries.agencies(session):
            flags = " ".join(f"{flag}={Switch.of(getattr(agency, flag))}" for flag in Flag)
            out.print(f"{agency.id}\t{agency.title}\t{flags}", markup=False)


@app.command("set-flag")
def agency_set_flag(
    title: Title,
    flag: Annotated[Flag, typer.Argument(help="What the agency may use.")],
    value: Annotated[Switch, typer.Argument(help="Whether it may.")],
) -> None:
    """Switch something that an agency may use; it binds from the next request on."""
    from headrace.access import service

    with in_transaction() as session:
        agency = service.agency_named(session, title)
        service.set_flag(session, agency, service.AgencyFlag(flag), value is Switch.ON)
    out.print(f"{flag}: {value}", markup=False)
