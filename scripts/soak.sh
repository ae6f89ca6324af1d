#!/usr/bin/env bash
# Puts the server under load, with providers and clients that fail in every way, and looks whether
# every request is answered and memory and descriptors stay as they are:
#
#   scripts/soak.sh [seconds]        600 unless given
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-dependencies.sh test
cmake --preset dev
cmake --build --preset dev --target server_soak
exec build/dev/tests/server_soak "$@"
