"""The command line inside this process: a second of Python's start saved for each command."""

import logging
from typing import Any

from typer.testing import CliRunner, Result

from headrace.cli import app


class Commands:
    """`headrace` with settings of its own; tests of whole processes are in test_cli."""

    def __init__(self, **settings: Any) -> None:
        self._environment = {
            f"HEADRACE_{name.upper()}": str(each) for name, each in settings.items()
        }
        self._environment["COLUMNS"] = "200"

    def __call__(self, *arguments: str, typed: str = "") -> Result:
        root = logging.getLogger()
        handlers, level = root.handlers, root.level
        try:
            return CliRunner().invoke(app, arguments, input=typed, env=self._environment)
        finally:
            # A command sets logging up for its process, which here is the tests'.
            root.handlers = handlers
            root.setLevel(level)

    def good(self, *arguments: str, typed: str = "") -> str:
        """Run a command that must succeed and give what it printed."""
        done = self(*arguments, typed=typed)
        assert done.exit_code == 0, done.output
        return done.stdout

    def refused(self, *arguments: str, typed: str = "") -> str:
        """Run a command that must fail and give its one message."""
        done = self(*arguments, typed=typed)
        assert done.exit_code != 0
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.stdout == ""
        return " ".join(done.stderr.split())
