#!/bin/sh
# Lays out the files of the image: the sensor, the shared libraries that it asks for, and the
# folders that a pod mounts over. The Dockerfile and the tests use it.
#
# usage: layout.sh BINARY FOLDER
set -eu
binary=$1
image=$2

install -D -m 755 "$binary" "$image/usr/local/bin/sensor"
# The loader is named without an arrow.
ldd "$binary" | sed -n 's,^[^/]*\(/[^ ]*\) (0x[0-9a-f]*)$,\1,p' | while read -r library; do
    install -D -m 755 "$library" "$image$library"
done
mkdir -p "$image/etc/sensor" "$image/etc/ssl/certs" "$image/proc" "$image/dev" "$image/sys" \
    "$image/run/sensor" "$image/var/lib/sensor"
# For brokers and API servers by name, and with public certificates.
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    install -m 644 /etc/ssl/certs/ca-certificates.crt "$image/etc/ssl/certs/"
fi
