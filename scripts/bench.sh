#!/usr/bin/env bash
# Measures the library's hot paths against others:
#
#   scripts/bench.sh sse [--json] [--quick] [--docs]       readers of event streams
#   scripts/bench.sh schema [--json] [--quick] [--docs]    validators of JSON Schema
#   scripts/bench.sh server [--json] [--quick] [--docs]    the server of the examples, beside nginx
#
# Installs what is missing, builds in build/bench, compares what all contenders bring, measures them
# and prints tables, or with --json everything as JSON. --quick takes fewer samples and smaller
# streams. --docs also puts the figures, and the chart of sse, into docs/performance.md.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repository/build/bench"
log="$build/build.log"

say() { echo "conclave: $*" >&2; }

quick=()
report=()
what=${1:-}
if [[ $what != sse && $what != schema && $what != server ]]; then
    say "usage: bench.sh sse|schema|server [--json] [--quick] [--docs]"
    exit 2
fi
results="$build/results/$what"
for argument in "${@:2}"; do
    case $argument in
        --quick) quick=(--quick) ;;
        --json) report+=(--json) ;;
        --docs) report+=(--docs "$repository/docs") ;;
        *)
            say "unknown option $argument"
            exit 2
            ;;
    esac
done

"$repository/scripts/install-dependencies.sh" bench

# Compiled for processors with AVX2, others' code as well as ours: On-Demand is chosen when compiled.
flags="-O3 -DNDEBUG"
if grep -qw avx2 /proc/cpuinfo 2>/dev/null; then
    flags+=" -march=haswell"
fi

mkdir -p "$build" "$results"
examples=OFF
if [[ $what == server ]]; then examples=ON; fi
say "building"
if ! {
    cmake -S "$repository" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE="$flags" -DCONCLAVE_BUILD_TESTS=OFF \
        -DCONCLAVE_BUILD_EXAMPLES=$examples -DCONCLAVE_BUILD_BENCHMARKS=ON &&
        cmake --build "$build" --target ${what}_benchmark
} >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    say "the build failed; the whole log is $log"
    exit 1
fi
if [[ $what == server ]]; then
    say "measuring; this takes some minutes"
    exec python3 "$repository/benchmarks/server/measure.py" "$build" "${quick[@]}" "${report[@]}"
fi
program="$build/benchmarks/${what}_benchmark"

packages={}
describe_machine() {
    python3 - "$flags" "$packages" "${quick[*]}" >"$results/machine.json" <<'EOS'
import json, os, platform, re, sys
try:
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read()).group(1)
except (OSError, AttributeError):
    model = platform.processor() or platform.machine()
print(json.dumps({
    "processor": model,
    "processors": os.cpu_count(),
    "system": f"{platform.system()} {platform.release()}",
    "flags": sys.argv[1],
    "npm": json.loads(sys.argv[2]),
    "quick": bool(sys.argv[3]),
}))
EOS
}

say "measuring; this takes some minutes"
if ! "$program" "${quick[@]}" --benchmark_enable_random_interleaving=true \
    --benchmark_out="$results/cpp.json" --benchmark_out_format=json >"$results/cpp.log" 2>&1; then
    tail -n 20 "$results/cpp.log" >&2
    say "the measurement failed; the whole log is $results/cpp.log"
    exit 1
fi

if [[ $what == schema ]]; then
    describe_machine
    exec python3 "$repository/benchmarks/schema/report.py" "$results" "${report[@]}"
fi

# Instructions of one pass over each corpus, and its events. A copy by "rep movsb" would count as an
# instruction for each byte, so it is not to be done that way.
count() { # count <contender> <corpus>...
    local who=$1 corpus events total
    for corpus in "${@:2}"; do
        events=$(GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=1073741824 valgrind --tool=callgrind --callgrind-out-file="$results/callgrind.out" \
            --collect-atstart=no --toggle-collect=conclave_measured_pass \
            "$program" "--count=$who:$corpus" 2>"$results/callgrind.log")
        total=$(sed -n 's/^summary: \([0-9]*\).*/\1/p' "$results/callgrind.out")
        echo "$who/$corpus $total $events"
    done
}
say "counting instructions"
{
    if ((${#quick[@]})); then
        for who in framing general delta; do count "$who" a; done
    else
        for who in copy memchr presplit handbuilt in_place framing general delta; do
            count "$who" a a2 b c g f
        done
        count nlohmann a
    fi
} >"$results/counts.txt"
python3 - "$results/counts.txt" >"$results/counts.json" <<'EOS'
import json, sys
rows = [line.split() for line in open(sys.argv[1])]
print(json.dumps({name: round(int(total) / int(events), 1) for name, total, events in rows}))
EOS

rm -f "$results/node.json"
if command -v node >/dev/null && command -v npm >/dev/null; then
    say "measuring the readers of npm"
    mkdir -p "$build/node"
    cp "$repository"/benchmarks/node/{package.json,package-lock.json,contenders.mjs} "$build/node"
    (cd "$build/node" && npm ci --ignore-scripts --no-audit --no-fund) >"$build/npm.log" 2>&1 || {
        tail -n 20 "$build/npm.log" >&2
        exit 1
    }
    cmake --build "$build" --target write_corpora >>"$log" 2>&1
    "$build/benchmarks/write_corpora" "$build/corpora" 0.625 a a2 b c f g >/dev/null
    samples=25
    if ((${#quick[@]})); then samples=5; fi
    (cd "$build/node" && node contenders.mjs "$build/corpora" "$samples") >"$results/node.json"
    packages=$(node -p 'JSON.stringify(require(process.argv[1]).dependencies)' \
        "$build/node/package.json")
else
    say "node or npm is not there: its readers are left out"
fi

describe_machine
python3 "$repository/benchmarks/report.py" "$results" "${report[@]}"
