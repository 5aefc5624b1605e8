"""Commands for those who write receivers: listen on this machine, let something happen."""

from typing import Annotated

import typer

from headrace.cli.opening import in_transaction, out, plain_errors, read_settings

app = typer.Typer(
    help="Webhooks: receive them on this machine, let events happen.", no_args_is_help=True
)


@app.command("listen")
def webhooks_listen(
    forward_to: Annotated[
        str, typer.Option(help="Send what was verified on to this URL, such as your program's.")
    ] = "",
    port: Annotated[int, typer.Option(help="Where to listen.")] = 8443,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    secret: Annotated[
        str,
        typer.Option(
            envvar="HEADRACE_LISTEN_SECRET",
            help="The endpoint's secret; without it, that of the next challenge is taken.",
        ),
    ] = "",
) -> None:
    """Receive deliveries over HTTPS, verify and print them, and forward them if you wish."""
    from headrace.webhooks.listening import listener

    def say(line: str) -> None:
        out.print(line, markup=False)

    with (
        plain_errors(),
        listener(read_settings().home / "webhooks", host, port, secret, forward_to, say) as running,
    ):
        say(f"Listening on https://{host}:{running.port}/ - register and verify it as an endpoint.")
        say(f"The server has to trust it: HEADRACE_CA_BUNDLE={running.certificate}")
        say(f"and may have to be let reach it: HEADRACE_ALLOWED_PRIVATE_HOSTS={host}")
        running.wait()


@app.command("trigger")
def webhooks_trigger(
    event_type: Annotated[str, typer.Argument(help="A name of GET /webhook_event_types.")],
    workspace: Annotated[int, typer.Option(help="The id of the workspace in which it happens.")],
) -> None:
    """Let the sample of an event happen in a workspace; subscribed endpoints get it."""
    from headrace.webhooks.listening import publish_sample

    with in_transaction() as session:
        publish_sample(session, workspace, event_type)
    out.print(f"{event_type} happened in workspace {workspace}; the worker delivers it.")
