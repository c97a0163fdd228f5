import type { GuestNetwork } from '../guest-network.ts';

/** What `tart run` is told of the network. */
export function networkFlags(network: GuestNetwork): readonly string[] {
  if (network === 'nat') return [];
  if (typeof network === 'string') return [`--net-${network}`];
  if ('bridged' in network) return [`--net-bridged=${network.bridged}`];
  const { allow = [], block = [] } = network.softnet;
  return [
    '--net-softnet',
    ...(allow.length === 0 ? [] : [`--net-softnet-allow=${allow.join(',')}`]),
    ...(block.length === 0 ? [] : [`--net-softnet-block=${block.join(',')}`]),
  ];
}

/** How `tart ip` finds a guest, in the order to try: the leases are those of the host's own networks. */
export function resolversOf(network: GuestNetwork): readonly (readonly string[])[] {
  return typeof network === 'object' && 'bridged' in network
    ? [
        ['--resolver', 'agent'],
        ['--resolver', 'arp'],
      ]
    : [[]];
}
