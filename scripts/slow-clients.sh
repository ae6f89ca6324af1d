#!/usr/bin/env bash
# A thousand slow connections at a time against the server, as slowhttptest makes them: slow heads,
# slow bodies, slow readers. /health has to answer within 100 ms (p99) meanwhile.
#
#   scripts/slow-clients.sh [seconds of each]        20 unless given
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/server"

command -v slowhttptest >/dev/null || {
    echo "conclave: slowhttptest is missing: apt-get install slowhttptest" >&2
    exit 1
}
"$repository/scripts/server.sh" --version >/dev/null
exec python3 "$repository/tests/server/slow_clients.py" "$build/examples/server" "${1:-20}"
