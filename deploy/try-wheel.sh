#!/bin/sh
# try-wheel.sh DIST: installs DIST's wheel into an empty environment and uses it as a stranger would: `doctor`, then
# `up` on the sample photos, found by a search.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
wheel=$(echo "$1"/immich_all_in_one-*.whl)
work=$(mktemp -d)
up=
trap '[ -z "$up" ] || kill "$up" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

# Versions as in the lock, so that a release of somebody else cannot turn this red; which packages, the wheel says itself.
sed -n 's/^\([A-Za-z0-9_.-]*==[^\\]*\)\\$/\1/p' "$root/requirements.lock" > "$work/constraints"
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$work/constraints" "$wheel"

# Away from the repository: nothing may be found there by chance.
cd "$work"
export ALLINONE_DATA_DIR="$work/data" HOME="$work/home" PATH="$work/venv/bin:/usr/bin:/bin"
mkdir "$HOME"
allinone --version
allinone doctor

port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
allinone up --port "$port" > "$work/log" 2>&1 &
up=$!
attempts=0
# It listens once it holds the data directory; a search before that would hold it instead, and `up` would give up.
until "$work/venv/bin/python" -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null; do
    attempts=$((attempts + 1))
    [ "$attempts" -lt 60 ] && kill -0 "$up" || { cat "$work/log"; echo "allinone up does not answer" >&2; exit 1; }
    sleep 1
done
attempts=0
until allinone search ocr:發票 --json 2>/dev/null | grep -q receipt-taiwan.jpg; do
    attempts=$((attempts + 1))
    [ "$attempts" -lt 60 ] && kill -0 "$up" || { cat "$work/log"; echo "the sample receipt was not found" >&2; exit 1; }
    sleep 2
done
"$work/venv/bin/python" - "$port" <<'PYTHON'
import json, sys, urllib.request
request = urllib.request.Request(
    f"http://127.0.0.1:{sys.argv[1]}/api/search/smart",
    json.dumps({"query": "ocr:發票"}).encode(), {"content-type": "application/json"},
)
found = [item["originalFileName"] for item in json.load(urllib.request.urlopen(request))["assets"]["items"]]
assert "receipt-taiwan.jpg" in found, found
print("found through HTTP:", *found)
PYTHON
kill "$up"; wait "$up" || true; up=
echo "the wheel works in an empty environment"
