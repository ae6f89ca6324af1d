#!/usr/bin/env bash
# Runs the whole suite with Clang 19's source-based coverage and prints how many lines and branches
# of the library it reaches, by layer and together:
#
#   scripts/coverage.sh [--missed]       --missed also lists those that no test reaches
#
# Installs what is missing and builds in build/coverage; ten minutes or more.
# How it counts is in scripts/coverage.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$PWD/build/coverage
if (($# > 1)) || [[ ${1:---missed} != --missed ]]; then
    echo "usage: coverage.sh [--missed]" >&2
    exit 2
fi

scripts/install-dependencies.sh coverage
cmake --preset coverage >/dev/null
cmake --build --preset coverage

# The programs add their counts to a few files, each of which only one of them has open at a time.
rm -rf "$build/counts"
export LLVM_PROFILE_FILE=$build/counts/%4m.profraw
ctest --preset coverage --quiet --output-log "$build/tests.log" || {
    tail -n 40 "$build/tests.log" >&2
    echo "conclave: a test failed; the whole log is $build/tests.log" >&2
    exit 1
}
tail -n 5 "$build/tests.log" | grep "tests passed"

# Each program by itself: of two that hold a function, llvm-cov would look at the first alone.
llvm-profdata-19 merge --sparse "$build"/counts/*.profraw -o "$build/tests.profdata"
rm -rf "$build/figures"
mkdir "$build/figures"
for program in "$build"/tests/test_* "$build"/examples/*; do
    if [[ ! -f $program || ! -x $program ]]; then
        continue
    fi
    for format in lcov text; do
        llvm-cov-19 export "$program" --instr-profile "$build/tests.profdata" --format=$format \
            --skip-expansions --skip-functions include/conclave \
            >"$build/figures/$(basename "$program").$format" 2>>"$build/figures/warnings"
    done
done
python3 scripts/coverage.py include/conclave "$build/figures" "$@"
