#!/bin/sh
# Writes the hashed requirement files from pyproject.toml: one for running, one for developing.
set -eu
cd "$(dirname "$0")/.."
compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-annotate --prerelease=if-necessary-or-explicit \
        --extra postgres --extra redis "$@" pyproject.toml
}
compile --group build -o requirements.txt
compile --group dev -c requirements.txt -o requirements-dev.txt
