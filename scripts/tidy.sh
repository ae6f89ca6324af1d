#!/usr/bin/env bash
# Runs clang-tidy with the checks of .clang-tidy over all headers of the library, and over their
# templates as the examples use them, which shows more than the templates alone. Installs what is
# missing; takes a minute or two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/install-dependencies.sh ci

all=$(mktemp --suffix=.cpp)
trap 'rm -f "$all"' EXIT
for header in $(cd include && find conclave -name '*.hpp' | sort); do
    echo "#include <$header>" >>"$all"
done
for example in callback cancel one_call pull typed watch; do
    # What it includes has to come before the namespace that keeps its main() to itself.
    grep '^#include' "examples/$example.cpp" >>"$all"
    printf 'namespace %s {\n#include "%s"  // NOLINT(bugprone-suspicious-include)\n}\n' \
        "$example" "$PWD/examples/$example.cpp" >>"$all"
done
clang-tidy-19 --quiet --config-file=.clang-tidy "$all" -- -std=c++20 -Iinclude \
    -DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE -DASIO_NO_DEPRECATED
