#!/usr/bin/env bash
# Installs what is missing, builds everything in build/dev and runs every test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-dependencies.sh test

export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
cmake --preset dev
cmake --build --preset dev
# One more than there are processors, because some tests wait for most of their time.
ctest --preset dev --parallel "$(($(nproc) + 1))"
