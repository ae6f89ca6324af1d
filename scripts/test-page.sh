#!/usr/bin/env bash
# Builds the server and runs the tests of its page in Chromium, with a scripted provider behind it.
# Pictures of what they saw go to build/page. With arguments it runs another script instead, as
# scripts/screenshots.sh does.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-dependencies.sh browser
cmake --preset dev
cmake --build --preset dev --target server page_provider
npm --prefix tests/server/browser ci --ignore-scripts --prefer-offline --no-audit --no-fund \
    --loglevel=error
# One of the packages is the Node for this machine.
nodes=(tests/server/browser/node_modules/node-linux-*/bin/node)

export SERVER=$PWD/build/dev/examples/server
export PAGE_PROVIDER=$PWD/build/dev/tests/server/browser/page_provider
export PAGE_PICTURES=$PWD/build/page
if (($# == 0)); then
    rm -rf "$PAGE_PICTURES"
    set -- --test tests/server/browser/page.test.mjs
fi
exec "${nodes[0]}" "$@"
