#!/usr/bin/env bash
# A thousand slow connections at a time against the server, as slowhttptest makes them: slow heads,
# slow bodies, slow readers. /health has to answer within 100 ms (p99) meanwhile.
#
#   scripts/slow-clients.sh [seconds of each]        20 unless given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v slowhttptest >/dev/null || {
    echo "conclave: slowhttptest is missing: apt-get install slowhttptest" >&2
    exit 1
}
scripts/install-dependencies.sh test
cmake --preset dev
cmake --build --preset dev --target server
exec python3 tests/server/slow_clients.py build/dev/examples/server "${1:-20}"
