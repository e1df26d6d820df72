#!/bin/sh
# Owns what the installed command takes for granted: for root, the folder and the address of the service. A loop of one's own
# (`procwarden up`) has its own folder, and so has everybody else.
case "${1:-}" in
  up | demo) ;;
  *)
    if [ "$(id -u)" = 0 ] && [ -d /var/lib/procwarden ]; then
      : "${PROCWARDEN_STATE_DIR:=/var/lib/procwarden}" "${PROCWARDEN_REMEDIATOR_URL:=http://127.0.0.1:9931}"
      export PROCWARDEN_STATE_DIR PROCWARDEN_REMEDIATOR_URL
    fi
    ;;
esac
exec /usr/lib/procwarden/bin/procwarden "$@"
