#!/bin/sh
# build.sh DIST: builds wheel and sdist into DIST, twice, and fails where the two differ by a byte.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
dist=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${PYTHON:-python3}" -m venv "$work/tools"
"$work/tools/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r "$root/deploy/locks/build.lock"

# The time of the commit goes into the archives, so that a later build of it is the same.
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
export SOURCE_DATE_EPOCH
for attempt in first second; do
    # From copies in different places: neither the place nor what else lies around may show.
    mkdir "$work/$attempt"
    git -C "$root" archive HEAD | tar x -C "$work/$attempt"
    "$work/tools/bin/python" -m build --no-isolation --outdir "$work/$attempt/dist" "$work/$attempt" > "$work/log" 2>&1 \
        || { cat "$work/log" >&2; exit 1; }
done
diff -r "$work/first/dist" "$work/second/dist"
mkdir -p "$dist"
cp "$work"/first/dist/* "$dist/"
(cd "$dist" && sha256sum -- *.whl *.tar.gz | tee SHA256SUMS)
