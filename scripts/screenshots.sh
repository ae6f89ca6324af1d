#!/usr/bin/env bash
# Makes the pictures of the server's page in docs/ anew, from a run of the server with nothing
# configured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec scripts/test-page.sh tests/server/browser/screenshots.mjs docs
