#!/usr/bin/env bash
# Puts the server under load, with providers and clients that fail in every way, and looks whether
# every request is answered and memory and descriptors stay as they are:
#
#   scripts/soak.sh [seconds]        600 unless given
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/soak"

"$repository/scripts/install-dependencies.sh" test
mkdir -p "$build"
if ! {
    cmake -S "$repository" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE="-O1 -g1 -D_GLIBCXX_ASSERTIONS" -DCMAKE_UNITY_BUILD=ON \
        -DCONCLAVE_BUILD_BENCHMARKS=OFF -DCONCLAVE_INSTALL=OFF &&
        cmake --build "$build" --target server_soak
} >"$build/build.log" 2>&1; then
    tail -n 40 "$build/build.log" >&2
    echo "conclave: the build failed; the whole log is $build/build.log" >&2
    exit 1
fi
exec "$build/tests/server_soak" "$@"
