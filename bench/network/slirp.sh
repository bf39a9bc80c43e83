#!/bin/sh
# Runs a command in a user and network namespace that slirp4netns serves.
ready=$(mktemp -u)
mkfifo "$ready" || exit 1
unshare --user --map-root-user --net sh -c 'read -r line < "$0"; exec "$@"' "$ready" "$@" &
child=$!
while ! [ -e "/proc/$child/ns/net" ] || [ "$(readlink "/proc/$child/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
  kill -0 "$child" || exit 1
done
slirp4netns --configure --mtu=65520 --ready-fd=3 "$child" tap0 3> "$ready.up" > /dev/null 2>&1 &
slirp=$!
while ! [ -s "$ready.up" ]; do
  kill -0 "$slirp" || exit 1
done
echo go > "$ready"
wait "$child"
code=$?
kill "$slirp"
wait "$slirp" 2> /dev/null
rm -f "$ready" "$ready.up"
exit "$code"
