#!/bin/sh
# The network that all guests of one Tart home share, as vmnet's: a bridge in a name space of its own, the host at .1,
# and a way out by user-mode NAT at .2, which asks the host's resolver at .3. Ends soon after its last guest; whatever
# ends it takes all of it along. $1: where it is written down once it is there.
set -eu
state=$1
setpriv --pdeathsig KILL unshare --net sleep infinity &
space=$!
inside() { nsenter -t "$space" -n "$@"; }
until [ "$(readlink "/proc/$space/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
inside ip link add br0 type bridge
inside ip link set br0 up
# The name of our end says which of the subnets is taken, whoever else makes one in the same instant.
number=64
until ip link add "vmnet$number" type veth peer name host netns "$space" 2>/dev/null; do
  number=$((number + 1))
  [ $number -lt 128 ]
done
prefix=192.168.$number
inside ip link set host master br0 up
ip addr add "$prefix.1/24" dev "vmnet$number"
ip link set "vmnet$number" up
setpriv --pdeathsig KILL slirp4netns --mtu=1500 --cidr="$prefix.0/24" --disable-host-loopback "$space" uplink \
  >/dev/null 2>&1 &
until inside ip link show uplink >/dev/null 2>&1; do sleep 0.01; done
inside ip link set uplink master br0 up
echo "$space $prefix" >"$state.new"
mv "$state.new" "$state"
idle=0
while [ $idle -lt 4 ]; do
  sleep 0.5
  # Whoever is about to join holds the lock.
  exec 9>"$state.lock"
  if flock -n 9 && ! inside ip -o link show master br0 | grep -q ': g'; then idle=$((idle + 1)); else idle=0; fi
  [ $idle -lt 4 ] || rm -f "$state"
  exec 9>&-
done
