"""Runs the receivers that docs/webhooks.md shows, each with its language's own tools."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.certificates import Authority, ServerFiles
from fakes.server import eventually, free_port
from webhooks.test_documents import SENT_AT, VECTORS, blocks

LANGUAGES = ("node", "go", "php")
_PACKAGES = {"node": "nodejs", "go": "golang-go", "php": "php-cli"}


@dataclass(frozen=True)
class ShownReceiver:
    """A running receiver. `journal` is what it writes of each event, behind `skipped` lines."""

    url: str
    journal: Path
    skipped: int

    def handled(self) -> list[dict[str, Any]]:
        """What it did, once for each key."""
        return [json.loads(line) for line in self.journal.read_text().splitlines()[self.skipped :]]


@contextmanager
def shown_receiver(language: str, folder: Path, authority: Authority) -> Iterator[ShownReceiver]:
    """Run the receiver of a language for a block; it knows no secret yet."""
    files = authority.server("127.0.0.1")
    run = {"node": _node, "go": _go, "php": _php}[language]
    with run(folder, files) as shown:
        yield shown


def vectors_tried(language: str, folder: Path) -> list[list[bool]]:
    """Verify the page's vectors with its code: as they are, longer, with a wrong secret, too late."""
    write = {"node": _node_trial, "go": _go_trial, "php": _php_trial}[language]
    (folder / "vectors.json").write_text(json.dumps(VECTORS))
    found: list[list[bool]] = json.loads(_output(write(folder), folder))
    return found


def _program(language: str) -> str:
    package = _PACKAGES[language]
    return shutil.which(language) or pytest.fail(f"install {package} to run this test")


def _output(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment(folder: Path, **more: str) -> dict[str, str]:
    # What Go builds, and all it keeps, stays in the test's folder; it asks no network.
    go = {"GOCACHE": str(folder / "cache"), "GOPATH": str(folder / "go"), "GOPROXY": "off"}
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "GOFLAGS": ""} | go | more


@contextmanager
def _running(command: list[str], printed: Path, environment: dict[str, str]) -> Iterator[None]:
    with printed.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def _printing(command: list[str], folder: Path, files: ServerFiles) -> Iterator[ShownReceiver]:
    """A receiver that prints its port, then a line for each event it handled."""
    environment = _environment(
        folder, CERTIFICATE=str(files.certificate), KEY=str(files.key), PORT="0"
    )
    printed = folder / "printed"
    with _running(command, printed, environment):
        eventually(lambda: printed.read_text().endswith("}\n"), "the receiver listens")
        port = json.loads(printed.read_text().splitlines()[0])["port"]
        yield ShownReceiver(f"https://127.0.0.1:{port}/", printed, 1)


# Node.


@contextmanager
def _node(folder: Path, files: ServerFiles) -> Iterator[ShownReceiver]:
    (folder / "receiver.mjs").write_text(blocks("js")[0])
    with _printing([_program("node"), str(folder / "receiver.mjs")], folder, files) as shown:
        yield shown


def _node_trial(folder: Path) -> list[str]:
    (folder / "receiver.mjs").write_text(blocks("js")[0])
    (folder / "try.mjs").write_text(f"""
        import {{ readFileSync }} from "node:fs";
        import {{ verify }} from "./receiver.mjs";
        console.log(JSON.stringify(JSON.parse(readFileSync("vectors.json")).map((vector) => {{
            const headers = Object.fromEntries(
                Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value]));
            const body = Buffer.from(vector.body);
            const wrong = vector.secret.replace("0", "1");
            return [
                verify(body, headers, vector.secret, {SENT_AT}),
                verify(Buffer.concat([body, Buffer.from(" ")]), headers, vector.secret, {SENT_AT}),
                verify(body, headers, wrong, {SENT_AT}),
                verify(body, headers, vector.secret, {SENT_AT} + 301),
            ];
        }})));
    """)
    return [_program("node"), "try.mjs"]


# Go.


@contextmanager
def _go(folder: Path, files: ServerFiles) -> Iterator[ShownReceiver]:
    (folder / "receiver.go").write_text(blocks("go")[0])
    # Built, not run: `go run` would leave the program behind when it is killed.
    _output([_program("go"), "build", "-o", "receiver", "receiver.go"], folder)
    with _printing([str(folder / "receiver")], folder, files) as shown:
        yield shown


def _go_trial(folder: Path) -> list[str]:
    # With the receiver's own `main` under another name, ours calls what it verifies with.
    shown = blocks("go")[0].replace("func main()", "func serve()")
    (folder / "receiver.go").write_text(shown)
    (folder / "try.go").write_text(f"""
        package main
        import ("encoding/json"; "net/http"; "os"; "strings"; "time")
        func main() {{
            var vectors []struct {{ Secret, Body string; Headers map[string]string }}
            text, _ := os.ReadFile("vectors.json")
            if err := json.Unmarshal(text, &vectors); err != nil {{ panic(err) }}
            now, found := time.Unix({SENT_AT}, 0), [][]bool{{}}
            for _, vector := range vectors {{
                header := http.Header{{}}
                for name, value := range vector.Headers {{ header.Set(name, value) }}
                body, wrong := []byte(vector.Body), strings.Replace(vector.Secret, "0", "1", 1)
                found = append(found, []bool{{
                    Verify(body, header, vector.Secret, now),
                    Verify([]byte(vector.Body + " "), header, vector.Secret, now),
                    Verify(body, header, wrong, now),
                    Verify(body, header, vector.Secret, now.Add(301 * time.Second)),
                }})
            }}
            json.NewEncoder(os.Stdout).Encode(found)
        }}
    """)
    return [_program("go"), "run", "receiver.go", "try.go"]


# PHP.


@contextmanager
def _php(folder: Path, files: ServerFiles) -> Iterator[ShownReceiver]:
    """The script in PHP's own web server, which knows no TLS, behind a front that does."""
    (folder / "verify.php").write_text(blocks("php")[0])
    (folder / "receiver.php").write_text(blocks("php")[1])
    kept = folder / "kept"
    kept.mkdir()
    port = free_port()
    command = [_program("php"), "-S", f"127.0.0.1:{port}", str(folder / "receiver.php")]
    printed = folder / "printed"
    with _running(command, printed, _environment(folder, HOOKS_FOLDER=str(kept))):
        eventually(lambda: "started" in printed.read_text(), "the receiver listens")
        with _tls_before(port, files) as front:
            yield ShownReceiver(f"https://127.0.0.1:{front}/", kept / "handled", 0)


def _php_trial(folder: Path) -> list[str]:
    (folder / "verify.php").write_text(blocks("php")[0])
    (folder / "try.php").write_text(f"""<?php
        require 'verify.php';
        echo json_encode(array_map(function ($vector) {{
            $headers = array_change_key_case($vector['headers']);
            [$body, $secret] = [$vector['body'], $vector['secret']];
            $wrong = '1' . substr($secret, 1);
            return [
                verify($body, $headers, $secret, {SENT_AT}),
                verify("$body ", $headers, $secret, {SENT_AT}),
                verify($body, $headers, $wrong, {SENT_AT}),
                verify($body, $headers, $secret, {SENT_AT} + 301),
            ];
        }}, json_decode(file_get_contents('vectors.json'), true)));
    """)
    return [_program("php"), "try.php"]


@contextmanager
def _tls_before(port: int, files: ServerFiles) -> Iterator[int]:
    """Take TLS off what comes, and pass it on to a port; gives the port to come to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(
            target=_accept, args=(listener, lambda one: _pass_on(one, context, port)), daemon=True
        ).start()
        yield listener.getsockname()[1]


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(client,), daemon=True).start()


def _pass_on(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    try:
        secured = context.wrap_socket(client, server_side=True)
    except OSError:  # the client refused the certificate
        client.close()
        return
    server = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=_forward, args=(secured, server), daemon=True).start()
    _forward(server, secured)


def _forward(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65_536):
            sink.sendall(chunk)
    except OSError:
        pass
    finally:
        for each in (source, sink):
            # Closing alone would not wake the thread that reads from it, nor tell the other side.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
