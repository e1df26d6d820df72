#!/bin/sh
# Owns the order of things for the pictures of dashboards: the real loop with its anomaly first, then the drawing.
set -eu
root=$(CDPATH= cd -- "$(dirname "$0")/../.." && pwd)
answers=$(mktemp)
trap 'rm -f "$answers"' EXIT
cd "$root"
PROCWARDEN_ANSWERS_FILE=$answers vitest run test/e2e/dashboards.test.ts
node bench/dashboards/pictures.ts "$answers"
