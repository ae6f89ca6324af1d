#!/usr/bin/env bash
# Runs every fuzz target (tests/fuzz) for as long as asked:
#
#   scripts/fuzz.sh [<seconds>]       60 seconds each unless told
#
# Installs what is missing and builds in build/fuzz. Ends with an error at the first finding, whose
# input is then in build/fuzz/findings; one that is mended goes into tests/fuzz/corpus/<target>/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: fuzz.sh [<seconds for each target>]" >&2
    exit 2
fi

scripts/install-dependencies.sh ci
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz/findings
for target in tests/fuzz/*.cpp; do
    name=$(basename "$target" .cpp)
    found=build/fuzz/tests/fuzz/corpus/$name
    mkdir -p "$found"
    echo
    echo "conclave: fuzzing $name for $seconds s"
    log=build/fuzz/$name.log
    if ! build/fuzz/tests/fuzz/fuzz_"$name" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
        -artifact_prefix=build/fuzz/findings/"$name"- "$found" tests/fuzz/corpus/"$name" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "conclave: $name found something; its input is in build/fuzz/findings" >&2
        exit 1
    fi
    sed -n 's/^stat::number_of_executed_units: */conclave: inputs tried: /p' "$log"
done
