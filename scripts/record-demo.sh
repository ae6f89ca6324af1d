#!/usr/bin/env bash
# Records a run of the demo and makes docs/demo.svg of it. Needs asciinema and npm besides what the
# demo needs; none of it is needed to use or to test the library.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
question="Which database should a multi-tenant SaaS use?"

say() { echo "conclave: $*" >&2; }
for tool in asciinema npm python3; do
    command -v "$tool" >/dev/null || { say "$tool is needed: apt-get install $tool"; exit 1; }
done

scripts/demo.sh --version >/dev/null  # builds it
npm ci --prefix scripts/record-demo --no-audit --no-fund --loglevel=error >&2

recording=$(mktemp -d)
trap 'rm -rf "$recording"' EXIT
env -u OPPER_API_KEY -u OPENAI_API_KEY -u CONCLAVE_BASE_URL -u NO_COLOR TERM=xterm-256color \
    asciinema rec -q --cols 100 --rows 38 -c "build/demo/examples/panel '$question'" \
    "$recording/demo.cast" </dev/null

# The last picture stays for a while before the recording begins again.
python3 - "$recording/demo.cast" <<'PYTHON'
import json
import sys

with open(sys.argv[1], "r+") as cast:
    events = [json.loads(line) for line in cast][1:]
    cast.write(json.dumps([events[-1][0] + 8, "o", "\x1b[0m"]) + "\n")
PYTHON

scripts/record-demo/node_modules/.bin/svg-term --window --no-cursor \
    --in "$recording/demo.cast" --out docs/demo.svg
say "wrote docs/demo.svg, $(wc -c <docs/demo.svg) bytes"
