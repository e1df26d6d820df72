#!/bin/sh
# Owns the order of things: set-up first, then the given command in place of this shell, so that signals reach it directly.
# Usage: sh scripts/with-setup.sh COMMAND [ARGUMENT...]
root=$(CDPATH= cd -- "$(dirname "$0")/.." && pwd) || exit 1

# npm names the Node it runs on itself: that one works before node_modules does.
node=${npm_node_execpath:-node}
if ! command -v "$node" >/dev/null 2>&1; then
  echo "set-up: there is no Node on PATH; install Node 18 or newer with npm (https://nodejs.org/) and run this again" >&2
  exit 1
fi

# It is told the command, because tests need more than the rest.
# In the background, because a shell acts on a signal only when its foreground command has ended.
"$node" "$root/scripts/setup.mjs" "$1" &
setup=$!
trap 'kill -TERM "$setup" 2>/dev/null' HUP INT TERM
wait "$setup"
status=$?
while kill -0 "$setup" 2>/dev/null; do
  wait "$setup"
  status=$?
done
trap - HUP INT TERM
if [ "$status" -ne 0 ]; then exit "$status"; fi

# The bundled Node by its own folder: npm makes no link to it when install scripts are off.
PATH=$root/node_modules/node/bin:$root/node_modules/.bin:$PATH
export PATH
exec "$@"
