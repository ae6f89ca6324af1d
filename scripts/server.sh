#!/usr/bin/env bash
# Installs what is missing, builds the example `server` and runs it with the arguments given. Alone it
# shows the page, with a scripted provider behind it; with a configuration it serves real models:
#
#   scripts/server.sh
#   scripts/server.sh --config server.json
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/server"
log="$build/build.log"

say() { echo "conclave: $*" >&2; }

"$repository/scripts/install-dependencies.sh" server

mkdir -p "$build"
if [[ ! -x $build/examples/server ]]; then
    say "building the server, once; this takes some minutes"
else
    say "bringing the server up to date"
fi
if ! {
    cmake -S "$repository" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE=-O2 -DCMAKE_UNITY_BUILD=ON -DCONCLAVE_BUILD_TESTS=OFF &&
        cmake --build "$build" --target server
} >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "the build failed; the whole log is $log"
    exit 1
fi

exec "$build/examples/server" "$@"
