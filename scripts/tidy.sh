#!/usr/bin/env bash
# Runs clang-tidy with the checks of .clang-tidy over all headers of the library. Installs what is
# missing; takes some minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/install-dependencies.sh ci

all=$(mktemp --suffix=.cpp)
trap 'rm -f "$all"' EXIT
for header in $(cd include && find conclave -name '*.hpp' | sort); do
    echo "#include <$header>" >>"$all"
done
clang-tidy-19 --quiet --config-file=.clang-tidy "$all" -- -std=c++20 -Iinclude \
    -DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE -DASIO_NO_DEPRECATED
