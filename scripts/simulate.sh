#!/usr/bin/env bash
# Plays roundtables in simulated worlds, as many as you like, and says which promise was broken where:
#
#   scripts/simulate.sh --seeds N [--first S] [--trace]
#   scripts/simulate.sh --operation N --how fails|stalls|cancelled|cancelled_late [--trace]
#
# The worlds of the N seeds from S (1) on, some five roundtables each; or the one canonical world with
# its operation N interfered with. --trace prints all that happens in the first world. Installs what is
# missing and builds in build/simulate.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/simulate"

say() { echo "conclave: $*" >&2; }

if (($# == 0)); then
    say "usage: simulate.sh --seeds N [--first S] [--trace]"
    exit 2
fi

"$repository/scripts/install-dependencies.sh" test
mkdir -p "$build"
if ! {
    cmake -S "$repository" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE="-O2 -g1 -D_GLIBCXX_ASSERTIONS" -DCONCLAVE_BUILD_EXAMPLES=OFF \
        -DCONCLAVE_BUILD_BENCHMARKS=OFF -DCONCLAVE_INSTALL=OFF &&
        cmake --build "$build" --target test_simulation
} >"$build/build.log" 2>&1; then
    tail -n 40 "$build/build.log" >&2
    say "the build failed; the whole log is $build/build.log"
    exit 1
fi
exec "$build/tests/test_simulation" "$@"
