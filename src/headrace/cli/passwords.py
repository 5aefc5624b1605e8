"""How commands take a password, or make one and show it once."""

import sys
from typing import Annotated

import typer

from headrace.cli.opening import err, out

Password = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def read_password(from_stdin: bool) -> tuple[str, bool]:
    """Return a password and whether it was made here and has to be shown."""
    from headrace.access.passwords import generate_password

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    return generate_password(), True


def show_user(username: str, password: str, is_made: bool) -> None:
    """Print a user's name, and the password if it was made here."""
    out.print(f"username: {username}", markup=False)
    if is_made:
        out.print(f"password: {password}", markup=False)
        err.print("The password is shown this once; keep it.")
