"""`python -m headrace.cli`: the command line, started as a module."""

from headrace.cli import main

main()
