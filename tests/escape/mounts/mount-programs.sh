# Tries: the usual programs: mount, umount, unshare, nsenter, chroot, pivot_root.
# Fails because: they have no capability, and their calls are not in the filter.
# Stopped by: seccomp and the lack of capabilities.
# @control root: they need capabilities; in a mount namespace of its own
# @landlock no twin: the host's table of mounts is not shown
. "$PROGRAM/attack.sh"

mkdir -p "$SCRATCH/target"
twin "list mounts" cat /proc/self/mounts
attempt "mount tmpfs" mount -t tmpfs none "$SCRATCH/target"
attempt "mount bind" mount --bind /etc "$SCRATCH/target"
attempt "unshare user" unshare --user --map-root-user true
attempt "unshare mount" unshare --mount true
attempt "unshare all" unshare --user --map-root-user --mount --pid --net --ipc --uts --fork true
attempt "nsenter" nsenter --target 1 --mount --pid true
attempt "chroot" chroot / true
verdict
