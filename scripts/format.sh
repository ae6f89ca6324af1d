#!/usr/bin/env bash
# Formats every C++ file of the project; with --check it changes nothing and fails if it would.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v clang-format-14 >/dev/null; then
    echo "clang-format-14 is needed: scripts/install-dependencies.sh ci" >&2
    exit 1
fi

mapfile -d '' files < <(
    find include tests examples benchmarks \( -name '*.hpp' -o -name '*.cpp' \) -print0 2>/dev/null
)
if [[ ${1:-} == --check ]]; then
    if ! complaints=$(clang-format-14 --dry-run --Werror "${files[@]}" 2>&1); then
        echo "not formatted; run scripts/format.sh:"
        sed -n 's/^\([^ :]*\):.*clang-format-violations.*/  \1/p' <<<"$complaints" | sort -u
        exit 1
    fi
else
    clang-format-14 -i "${files[@]}"
fi
