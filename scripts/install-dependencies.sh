#!/usr/bin/env bash
# Installs the Debian packages that are missing for one of these, each including the ones before but
# that `bench` does without a browser:
#
#   demo      the library and its examples, the server apart
#   server    the server
#   test      the tests, and the benchmarks that are built with them
#   browser   what scripts/test-page.sh runs
#   bench     what scripts/bench.sh runs
#   ci        what .ci/run runs: Clang, the sanitizers, formatting
#   coverage  what scripts/coverage.sh runs: LLVM's tools
#
# Made for Debian 12, as root or with sudo. On other systems it only looks whether all is there.
set -euo pipefail

demo=(g++ cmake ninja-build libasio-dev libsimdjson-dev libssl-dev libre2-dev libidn2-dev
    libcli11-dev ca-certificates)
server=("${demo[@]}" librestinio-dev prometheus-cpp-dev libspdlog-dev libfmt-dev)
test=("${server[@]}" libyaml-cpp-dev libgtest-dev libbenchmark-dev nlohmann-json3-dev
    libvalijson-dev python3 python3-yaml meson make
    pkg-config curl openssl tinyproxy-bin microsocks nginx-light haproxy
    iproute2 iptables)
# The npm that comes with a Node of another origin than Debian does as well.
command -v npm >/dev/null || test+=(npm)
browser=("${test[@]}" chromium fonts-inter)
bench=("${test[@]}" valgrind wrk)
ci=("${bench[@]}" "${browser[@]}" clang-19 clang-tidy-19 libclang-rt-19-dev clang-format-14 git
    slowhttptest)
coverage=("${ci[@]}" llvm-19)

say() { echo "conclave: $*" >&2; }

case ${1:-} in
    demo) packages=("${demo[@]}") ;;
    server) packages=("${server[@]}") ;;
    test) packages=("${test[@]}") ;;
    browser) packages=("${browser[@]}") ;;
    bench) packages=("${bench[@]}") ;;
    ci) packages=("${ci[@]}") ;;
    coverage) packages=("${coverage[@]}") ;;
    *)
        say "usage: install-dependencies.sh demo|server|test|browser|bench|ci|coverage"
        exit 2
        ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    missing=()
    for tool in c++ cmake ninja; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    headers=(asio.hpp simdjson.h openssl/ssl.h re2/re2.h idn2.h CLI/CLI.hpp)
    [[ $1 == demo ]] || headers+=(restinio/all.hpp prometheus/registry.h spdlog/spdlog.h)
    for header in "${headers[@]}"; do
        echo "#include <$header>" | c++ -std=c++20 -fsyntax-only -x c++ - 2>/dev/null ||
            missing+=("$header")
    done
    if ((${#missing[@]} == 0)); then
        exit 0
    fi
    say "this system has no apt-get, so please install these yourself: ${missing[*]}"
    say "needed: GCC 12 or newer, CMake 3.25, Ninja, standalone Asio 1.22.1, simdjson 3.0.1," \
        "OpenSSL 3, RE2, libidn2 and CLI11 with their headers; for the server RESTinio," \
        "prometheus-cpp, spdlog and fmt; for the tests also yaml-cpp, GoogleTest, Google Benchmark," \
        "nlohmann/json, valijson, Python 3, Meson, make, pkg-config, curl, tinyproxy, microsocks, nginx," \
        "HAProxy, iproute2, iptables, npm and the openssl command; Chromium for the server's page;" \
        "valgrind for the benchmarks"
    exit 1
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    exit 0
fi

as_root=()
if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
        say "these packages are missing, and installing them needs root or sudo: ${missing[*]}"
        say "as root, run: apt-get install --no-install-recommends ${missing[*]}"
        exit 1
    fi
    as_root=(sudo)
fi

say "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" >"$log" 2>&1 </dev/null
}
if ! apt update || ! apt install --no-install-recommends "${missing[@]}"; then
    tail -n 20 "$log" >&2
    say "apt-get failed; the packages needed are: ${missing[*]}"
    exit 1
fi
