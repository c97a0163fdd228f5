# Process 1 of a guest: what systemd does before sshd in an image that boots, and what its power button does.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
echo "nameserver $1" >/etc/resolv.conf
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >/etc/hosts
test -s /etc/machine-id || od -An -tx1 -N16 /dev/urandom | tr -d ' \n' >/etc/machine-id
test -e /etc/ssh/ssh_host_ed25519_key || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
printf '#!/bin/sh\nkill -s PWR 1\n' >/run/poweroff
chmod 755 /run/poweroff
for name in poweroff halt shutdown; do ln -sf /run/poweroff "/usr/local/sbin/$name"; done
mkdir -p /run/sshd
trap 'kill -TERM -1; sync; exit 0' PWR
/usr/sbin/sshd -D -e &
echo 'sshd is up'
while :; do
  wait
  sleep 3600 &
done
