# Run in a guest that has cgroup v2, by root and by an ordinary user. Every check prints `ok NAME` or
# `FAILED NAME`. The first word: which means limits of memory are kept by here.

means=$1
same() { # NAME EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAILED $1: expected '$2', was '$3'"; fi
}
contains() { # NAME PART TEXT
  case $3 in *"$2"*) echo "ok $1" ;; *) echo "FAILED $1: '$2' is not in '$3'" ;; esac
}
bomb() {
  mxc run --allow-read=/guest --cwd=/ "$@" 2>&1
  echo "exit $?"
}
left() { find /sys/fs/cgroup -type d -name 'mxc-*'; }

contains 'the plan says how' "memory 64 MiB, by $means" "$(mxc plan --memory-mb=64 -- true)"
contains 'memory' 'memory limit of 64 MB reached (peak' "$(bomb --memory-mb=64 -- /guest/bomb memory)"
contains 'tmpfs' 'memory limit of 64 MB reached (peak' "$(bomb --memory-mb=64 -- /guest/bomb tmpfs)"
contains 'and the exit code' 'exit 255' "$(bomb --memory-mb=64 -- /guest/bomb shared-memory)"
contains 'forks' 'EAGAIN' "$(bomb --pids=400 -- /guest/bomb forks)"
contains 'processor time' 'processor time limit of 400 ms reached (used' \
  "$(bomb --cpu-ms=400 -- /guest/bomb spin)"
contains 'output' 'exit 255' "$(bomb --output-mb=1 -- /guest/bomb output | tail -n 1)"
contains 'statistics' 'peak memory: ' "$(bomb --stats -- sh -c 'exit 3')"
if [ "$means" = 'control group' ]; then
  contains 'forks are told' 'process limit of 20 reached (refused 1 times)' \
    "$(bomb --pids=20 -- /guest/bomb forks)"
  contains 'half a processor' 'exit 0' "$(bomb --cpus=0.5 --require-limits -- true)"
  contains 'its place is not told' '0::/' "$(bomb --memory-mb=64 -- cat /proc/self/cgroup)"
else
  contains 'half a processor' 'processors can only be limited by a control group' \
    "$(bomb --cpus=0.5 -- true)"
  contains 'what is required' 'could only be limited by sampling here' \
    "$(bomb --memory-mb=64 --require-limits -- true)"
fi
same 'nothing is left' '' "$(left)"
mxc run --memory-mb=64 --cwd=/ -- sleep 60 &
sleep 2
kill -9 $!
sleep 2
same 'nor after SIGKILL' '' "$(left)"
echo "checked as $(id -un)"
