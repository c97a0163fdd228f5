#!/bin/sh
# The first process in a guest's name spaces: makes its machine, waits for its network, and becomes its init.
# $1: the file system that all guests share, $2: the guest's own disk, $3: a folder for mounts, $4: host name, $5: init,
# $6: what mounts virtiofs; then for each folder of the host its tag, its place, and ro or rw
set -eu
base=$1 disk=$2 place=$3 name=$4 init=$5 helper=$6
shift 6
mount --make-rprivate /
mkdir -p "$place/base" "$place/disk" "$place/root"
mount -o loop,ro,noload "$base" "$place/base"
mount -o loop,noatime "$disk" "$place/disk"
mkdir -p "$place/disk/upper" "$place/disk/work"
mount -t overlay overlay \
  -o "lowerdir=$place/base,upperdir=$place/disk/upper,workdir=$place/disk/work" "$place/root"
cd "$place/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev
for each in 'null 1 3' 'zero 1 5' 'full 1 7' 'random 1 8' 'urandom 1 9' 'tty 5 0'; do
  mknod -m 666 "dev/${each%% *}" c ${each#* }
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
cp "$init" run/init
cp "$helper" usr/sbin/mount.virtiofs
chmod 755 usr/sbin/mount.virtiofs
while [ $# -gt 0 ]; do
  mkdir -p "run/virtiofs/$1"
  mount --bind "$2" "run/virtiofs/$1"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "run/virtiofs/$1"; fi
  shift 3
done
hostname "$name"
echo ready
read -r address gateway resolver
ip link set lo up
if [ "$address" != none ]; then
  ip link set eth0 up
  ip addr add "$address/24" dev eth0
  ip route add default via "$gateway"
fi
mkdir -p .old
pivot_root . .old
exec chroot . /bin/sh -c 'umount -l /.old; rmdir /.old; exec env -i PATH="$PATH" /bin/sh /run/init "$@"' sh "$resolver"
