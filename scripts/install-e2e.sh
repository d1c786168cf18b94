#!/bin/sh
# Installs what the end-to-end tests need beside Node: Prometheus from Debian's package. Go (for the control plane) must
# be there already. May be run again; needs root or sudo only when something is missing.
set -eu

if ! command -v go >/dev/null 2>&1; then
  echo "install-e2e.sh: Go is not on PATH; the control plane of the end-to-end tests is built with it" >&2
  exit 1
fi
if command -v prometheus >/dev/null 2>&1; then
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-e2e.sh: no apt-get here: install Prometheus 2.40 or newer so that \"prometheus\" is on PATH" >&2
  exit 1
fi
sudo=
if [ "$(id -u)" -ne 0 ]; then
  sudo=sudo
fi
# The package would start a server of its own; tests start theirs.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
  $sudo chmod 755 "$policy"
  made=yes
fi
cleanup() {
  [ -z "$made" ] || $sudo rm -f "$policy"
}
trap cleanup EXIT
$sudo apt-get update -q
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends prometheus
prometheus --version
