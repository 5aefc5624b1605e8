"""Commands that look at the server: the demo, the doctor, the document."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from headrace.cli.opening import out, plain_errors, read_settings, refuse

app = typer.Typer()


@app.command()
def demo(
    file: Annotated[
        Path | None, typer.Option(help="Also carry this CSV, TSV, JSON lines or Parquet file.")
    ] = None,
) -> None:
    """Run a whole pipeline through the HTTP API: connect, extract, deliver, compare totals."""
    from headrace.demo import DemoFailed, run_demo

    with plain_errors():
        try:
            run_demo(read_settings(), file, out)
        except DemoFailed as error:
            refuse(str(error))


@app.command()
def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="Describe every setting.")] = False,
) -> None:
    """Say in words whether the server can work here, and what to do where it cannot."""
    from headrace.doctor import diagnose, print_settings

    if settings:
        print_settings(out)
        return
    with plain_errors():
        raise typer.Exit(diagnose(read_settings(), out))


@app.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document."""
    import msgspec

    from headrace.app import document
    from headrace.settings import Settings

    text = msgspec.json.format(msgspec.json.encode(document(Settings.model_construct())), indent=2)
    sys.stdout.write(text.decode() + "\n")
