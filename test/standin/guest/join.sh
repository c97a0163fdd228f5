#!/bin/sh
# Puts a guest on the network of its Tart home, which is made if need be. $1: where the network is written down,
# $2: the guest's process, $3: its hardware address, $4: network.sh. Says which addresses there are.
set -eu
state=$1 guest=$2 mac=$3 network=$4
exec 9>"$state.lock"
flock 9
space=
if [ -e "$state" ]; then read -r space prefix <"$state"; fi
if [ -z "$space" ] || ! grep -q infinity "/proc/$space/cmdline" 2>/dev/null; then
  rm -f "$state"
  # Not one guest's: whoever ends that guest by its mark must not find it.
  env -i PATH="$PATH" setsid sh "$network" "$state" </dev/null >/dev/null 2>&1 9>&- &
  until [ -e "$state" ]; do sleep 0.02; done
  read -r space prefix <"$state"
fi
nsenter -t "$space" -n ip link add "g$guest" type veth peer name eth0 address "$mac" netns "$guest"
nsenter -t "$space" -n ip link set "g$guest" master br0 up
echo "$prefix"
