#!/usr/bin/env bash
# Writes the three lock files: for every supported platform and Python, with hashes.
set -eu
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet --disable-pip-version-check uv

compile() {
    "$tools/bin/uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --quiet
}

# flit_core builds the package itself, in the environment that it is installed into.
compile pyproject.toml - --extra all --output-file requirements.lock <<<'flit_core>=3.12'
compile pyproject.toml --extra all --extra dev --output-file requirements-dev.lock
compile requirements-bench.in --output-file requirements-bench.lock
