# Run in a guest, by root and by an ordinary user: FOLDER is the caller's own. Every check prints
# `ok NAME` or `FAILED NAME`, and the last line says that nothing was left out.

folder=$1
mkdir -p "$folder/ro" "$folder/rw/denied" "$folder/outside"
cd "$folder" || exit 1
echo readable > ro/file
echo writable > rw/file
echo secret > outside/token
echo secret > rw/denied.txt
echo secret > rw/denied/token
ln rw/denied.txt rw/alias
ln -s "$folder/outside/token" rw/link
ln -s denied.txt rw/link-to-denied

same() { # NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAILED $1: expected '$2', was '$3'"; fi
}
contains() { # NAME PART TEXT
  case $3 in *"$2"*) echo "ok $1" ;; *) echo "FAILED $1: '$2' is not in '$3'" ;; esac
}
sandboxed() {
  mxc run --allow-read="$folder/ro" --allow-write="$folder/rw" \
    --deny="$folder/rw/denied.txt,$folder/rw/denied" --cwd=/ -- sh -c "$1" 2>&1
}

# Without a sandbox all of it is the caller's.
same 'control: secrets can be read' 'secret secret secret' \
  "$(echo $(cat outside/token rw/denied.txt rw/denied/token))"
same 'control: the read-only folder can be written' '' "$(echo x 2>&1 > ro/control)"

same 'a granted file is read' readable "$(sandboxed "cat $folder/ro/file")"
same 'a writable file is read' writable "$(sandboxed "cat $folder/rw/file")"
contains 'a read-only folder stays as it is' 'Read-only file system' \
  "$(sandboxed "echo x > $folder/ro/new")"
same 'and has no new file' no "$([ -e ro/new ] && echo yes || echo no)"
same 'a writable folder is written' '' "$(sandboxed "echo made > $folder/rw/new")"
same 'and the file is on the host' made "$(cat rw/new)"
contains 'a folder outside is not there' 'No such file' "$(sandboxed "cat $folder/outside/token")"
contains 'a link leads nowhere' 'No such file' "$(sandboxed "cat $folder/rw/link")"
contains 'a denied file' 'Permission denied' "$(sandboxed "cat $folder/rw/denied.txt")"
contains 'a link to a denied file' 'Permission denied' "$(sandboxed "cat $folder/rw/link-to-denied")"
contains 'a hard link to a denied file' 'Permission denied' "$(sandboxed "cat $folder/rw/alias")"
contains 'a denied folder' 'Permission denied' "$(sandboxed "ls $folder/rw/denied")"
contains 'a file in a denied folder' 'Permission denied' "$(sandboxed "cat $folder/rw/denied/token")"
contains 'a denied file cannot be replaced' 'busy' "$(sandboxed "mv $folder/rw/new $folder/rw/denied.txt")"
contains 'nor removed' 'busy' "$(sandboxed "rm -f $folder/rw/denied.txt")"
contains 'nor its mode changed' 'Read-only file system' "$(sandboxed "chmod 777 $folder/rw/denied.txt")"
same 'denied things keep their places' 'alias denied denied.txt file link link-to-denied new' \
  "$(echo $(sandboxed "ls $folder/rw"))"
same 'their contents are as before' secret "$(cat rw/denied.txt)"
contains 'the password hashes' 'Permission denied' "$(sandboxed 'cat /etc/shadow')"
same 'no capability in any set' '0' \
  "$(sandboxed 'grep ^Cap /proc/self/status' | grep -vc '0000000000000000$')"
same 'no new privileges, seccomp on' 'NoNewPrivs: 1 Seccomp: 2' \
  "$(echo $(sandboxed 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status'))"
same 'only loopback' lo "$(echo $(sandboxed 'tail -n +3 /proc/net/dev | cut -d: -f1'))"
contains 'no mount' 'permission denied' "$(sandboxed 'mount -t tmpfs none /tmp')"
contains 'no new namespace' 'not permitted' "$(sandboxed 'unshare -m true')"
same 'a private /tmp' 'kept' "$(sandboxed 'echo kept > /tmp/x; cat /tmp/x')"
same 'of which the host sees nothing' no "$([ -e /tmp/x ] && echo yes || echo no)"
same 'the exit code is passed on' 7 "$(sandboxed 'exit 7' > /dev/null; echo $?)"
same 'death by a signal too' 137 "$(sandboxed 'kill -9 $$' > /dev/null 2>&1; echo $?)"

# Killing the tool kills everything that it started.
sleeps() { cat /proc/[0-9]*/comm 2> /dev/null | grep -cx sleep; }
mxc run -- sh -c 'sleep 4242 & sleep 4242' > /dev/null 2>&1 &
tool=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
  usleep 500000
  [ "$(sleeps)" = 2 ] && break
done
same 'control: the workload runs' 2 "$(sleeps)"
kill -9 $tool
usleep 500000
same 'a killed tool leaves no process' 0 "$(sleeps)"
same 'nor a cgroup' 1 "$(find /sys/fs/cgroup -type d | wc -l)"
same 'nor a mount' no "$(grep -q "$folder" /proc/self/mounts && echo yes || echo no)"
echo "checked as $(id -un)"
