"""The command line. Commands import what they need when they run, so that each starts quickly."""

from typing import Annotated

import typer

from headrace import __version__
from headrace.cli import agency, looking, server, user, webhooks
from headrace.cli.opening import out

app = typer.Typer(
    help="Headrace: a self-hosted, embedded ELT server for marketing data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(server.app)
app.add_typer(looking.app)
app.add_typer(agency.app, name="agency")
app.add_typer(user.app, name="user")
app.add_typer(webhooks.app, name="webhooks")


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    app()
