#!/bin/sh
# services.sh FOLDER: real servers on 9.9.9.10 and 2600::10, in the servers' namespace, those of them
# that the host has: sshd on 22 (root, by FOLDER/granted/ssh-key), redis on 6379, PostgreSQL on 5432
# (tester, database postgres, no password), HTTP/2 on 8443, QUIC
# on 8443 (9.9.9.10 and 9.9.9.11).
# Prints `ready` when all of them listen.
folder=$1
granted=$folder/granted
ports=""
if [ -x /usr/sbin/sshd ] && command -v ssh-keygen > /dev/null; then
  mkdir -p /run/sshd
  ssh-keygen -q -t ed25519 -N "" -f "$folder/host-key"
  ssh-keygen -q -t ed25519 -N "" -f "$granted/ssh-key"
  # The workload makes a copy that is its own: ssh refuses another's.
  chmod 644 "$granted/ssh-key"
  cp "$granted/ssh-key.pub" "$folder/authorized"
  printf '%s\n' "HostKey $folder/host-key" "AuthorizedKeysFile $folder/authorized" 'ListenAddress 9.9.9.10' \
    'ListenAddress [2600::10]' 'StrictModes no' 'UsePAM no' 'PidFile none' 'UseDNS no' > "$folder/sshd_config"
  /usr/sbin/sshd -D -f "$folder/sshd_config" &
  ports="$ports 22"
fi
if command -v redis-server > /dev/null; then
  redis-server --bind 9.9.9.10 2600::10 --protected-mode no --save '' --dir "$folder" > /dev/null &
  ports="$ports 6379"
fi
initdb=$(ls /usr/lib/postgresql/*/bin/initdb 2> /dev/null | tail -n 1)
if [ -n "$initdb" ] && command -v psql > /dev/null; then
  # Not as root: the server refuses that.
  mkdir "$folder/postgres"
  chown 1000:1000 "$folder/postgres"
  as="setpriv --reuid 1000 --regid 1000 --clear-groups"
  $as "$initdb" -D "$folder/postgres" -A trust -U tester --no-sync > /dev/null
  echo "host all all all trust" >> "$folder/postgres/pg_hba.conf"
  $as "$(dirname "$initdb")/postgres" -D "$folder/postgres" -c listen_addresses='9.9.9.10,2600::10' \
    -c unix_socket_directories= > /dev/null 2>&1 &
  ports="$ports 5432"
fi
if command -v node > /dev/null; then
  node "$granted/http2.cjs" "$folder" &
  ports="$ports 8443"
fi
# Modules of the test's own (modules.ts).
PYTHONPATH=$granted/python
export PYTHONPATH
if /usr/bin/python3 -c 'import aioquic' 2> /dev/null; then
  /usr/bin/python3 "$granted/quic.py" serve "$folder" > "$folder/quic.log" 2>&1 &
  for _ in $(seq 200); do
    grep -q serving "$folder/quic.log" && break
    sleep 0.05
  done
fi
for port in $ports; do
  for _ in $(seq 200); do
    python3 -c "import socket; socket.create_connection(('9.9.9.10', $port), 1)" 2> /dev/null && break
    sleep 0.05
  done
done
echo ready
wait
