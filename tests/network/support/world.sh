#!/bin/sh
# world.sh FOLDER COMMAND...: runs COMMAND in a network of its own (it is started in new mount and
# network namespaces), behind which a second namespace holds servers:
#   192.0.2.53 and 2001:db8::53    the link's other end, and a name server (zone.json)
#   9.9.9.10, 9.9.9.11, 2600::10, 2600::11   public addresses
#   10.9.0.10, 169.254.169.254               private ones
# each with HTTP on 80 and 8080, TLS on 443, echo on 7 (TCP, UDP), whatever comes on 666 (TCP, UDP).
# Port 81 is closed everywhere; 9.9.9.99 and every other address takes packets and says nothing.
# With MXC_TEST_SERVICES set, real servers too: support/services.sh.
# Services of the host's own: support/loopback.py. Its processes end with it.
set -e
folder=$1
shift
here=$(dirname "$0")
ip link set lo up
mkdir -p /run/netns
mount -t tmpfs none /run/netns
ip netns add servers
ip link add outer type veth peer name inner netns servers
ip addr add 192.0.2.1/24 dev outer
ip -6 addr add 2001:db8::1/64 dev outer nodad
ip link set outer up
ip -n servers link set lo up
ip -n servers link set inner up
ip -n servers addr add 192.0.2.53/24 dev inner
ip -n servers -6 addr add 2001:db8::53/64 dev inner nodad
for address in 9.9.9.10 9.9.9.11 10.9.0.10 169.254.169.254; do
  ip -n servers addr add "$address/32" dev lo
done
ip -n servers -6 addr add 2600::10/128 dev lo
ip -n servers -6 addr add 2600::11/128 dev lo
# 9.9.9.11, as a translator of addresses would have it.
ip -n servers -6 addr add 64:ff9b::9.9.9.11/128 dev lo
ip -n servers -6 addr add 2002:909:90b::1/128 dev lo
ip route add default via 192.0.2.53
ip -6 route add default via 2001:db8::53
# Pings of anybody, as distributions have it.
echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range
printf 'search test\nnameserver 192.0.2.53\n' > "$folder/resolv.conf"
mount --bind "$folder/resolv.conf" /etc/resolv.conf
# ssh and sshd want a name for whoever runs them.
cp /etc/passwd "$folder/passwd"
grep -q '^sshd:' "$folder/passwd" || echo 'sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin' >> "$folder/passwd"
grep -q '^[^:]*:[^:]*:1000:' "$folder/passwd" || echo 'ordinary:x:1000:1000::/tmp:/bin/sh' >> "$folder/passwd"
chmod 644 "$folder/passwd"
mount --bind "$folder/passwd" /etc/passwd
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=api.test \
  -addext subjectAltName=DNS:api.test,DNS:other.test -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2> /dev/null
cp "$folder/certificate.pem" "$here/certificate.pem"
chmod 644 "$here/certificate.pem"
ip netns exec servers python3 "$here/dns_server.py" 192.0.2.53 53 "$here/zone.json" > "$folder/dns.log" 2>&1 &
pids=$!
ip netns exec servers python3 "$here/servers.py" "$folder" > "$folder/servers.log" 2>&1 &
pids="$pids $!"
python3 "$here/loopback.py" "$folder" > "$folder/loopback.log" 2>&1 &
pids="$pids $!"
: > "$folder/services.log"
if [ -n "$MXC_TEST_SERVICES" ]; then
  ip netns exec servers sh "$here/services.sh" "$folder" > "$folder/services.log" 2>&1 &
  pids="$pids $!"
else
  echo ready > "$folder/services.log"
fi
for _ in $(seq 400); do
  grep -q ready "$folder/services.log" && grep -q ready "$folder/dns.log" && grep -q ready "$folder/servers.log" && grep -q ready "$folder/loopback.log" && break
  sleep 0.05
done
code=0
"$@" || code=$?
# shellcheck disable=SC2086
kill $pids 2> /dev/null || true
exit $code
