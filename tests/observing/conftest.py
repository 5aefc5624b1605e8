"""A server that is watched in every way there is: metrics, traces, and logs of everything."""

import base64
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fakes.certificates import Authority
from fakes.graph_api import GraphApi
from fakes.server import Server, free_port
from fakes.trace_receiver import TraceReceiver, receiving_traces

CHIEF = "chief@example.com"
LABELS = dict[str, str]


@dataclass
class Watched:
    """A web and a worker process, and everything that watches them."""

    server: Server
    traces: TraceReceiver
    graph: GraphApi
    authority: Authority
    ports: dict[str, int]

    def page(self, process: str) -> str:
        """What a process shows Prometheus."""
        answer = httpx.get(f"http://127.0.0.1:{self.ports[process]}/metrics")
        assert answer.status_code == httpx.codes.OK
        return answer.text

    def value(self, process: str, name: str, **labels: str) -> float:
        """The sum of a measure's samples that have these labels; 0 if there is none."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.page(process))
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder for the server."""
    made = Path(tempfile.mkdtemp(prefix="headrace-watched-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def watched(folder: Path, make_database: Callable[[], str]) -> Iterator[Watched]:
    """A watched server on a database of its own, which reads a Graph API with two days of ads."""
    authority = Authority(folder)
    with receiving_traces() as traces, GraphApi() as graph:
        graph.add_account("111", "Shop")
        server = Server.at(
            folder / "server",
            make_database(),
            secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            base_urls=json.dumps({"facebook": graph.base_url}),
            allowed_private_hosts="127.0.0.0/8",
            ca_bundle=authority.bundle,
            traces_url=traces.url,
            metrics_port=free_port(),
            log_level="debug",
            run_attempts=2,
        )
        server.environment["OTEL_BSP_SCHEDULE_DELAY"] = "100"
        ports = {"web": int(server.environment["HEADRACE_METRICS_PORT"]), "worker": free_port()}
        server.start("web")
        server.environment["HEADRACE_METRICS_PORT"] = str(ports["worker"])
        server.start("worker")
        server.wait_until_it_answers()
        server.sign_up(CHIEF)
        yield Watched(server, traces, graph, authority, ports)
        server.stop_everything()
