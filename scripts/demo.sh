#!/usr/bin/env bash
# Installs what is missing, builds the example `panel` and runs it with the arguments given:
#
#   scripts/demo.sh "a question" --models openai/gpt-5.5,anthropic/claude-sonnet-4-6
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/demo"
log="$build/build.log"

say() { echo "conclave: $*" >&2; }

"$repository/scripts/install-dependencies.sh" demo

mkdir -p "$build"
if [[ ! -x $build/examples/panel ]]; then
    say "building the demo, once; this takes a minute or two"
else
    say "bringing the demo up to date"
fi
if ! {
    cmake -S "$repository" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCONCLAVE_BUILD_TESTS=OFF &&
        cmake --build "$build" --target panel
} >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "the build failed; the whole log is $log"
    exit 1
fi

exec "$build/examples/panel" "$@"
