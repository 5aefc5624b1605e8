"""Runs the network alone: `python -m headrace.sandbox --port 8090`."""

import argparse

import uvicorn

from headrace.sandbox.app import create_app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m headrace.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8090, help="the port to listen on")
    asked = parser.parse_args()
    uvicorn.run(create_app(), host=asked.host, port=asked.port, access_log=False)


if __name__ == "__main__":
    main()
