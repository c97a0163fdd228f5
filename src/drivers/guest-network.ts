/** Where packets of a guest may go, and who may reach it. */
export type GuestNetwork =
  /** Behind the host's address; what the host reaches, it reaches. */
  | 'nat'
  /** Tart's Softnet: the internet and the host, and no private network, nor any other VM. */
  | 'softnet'
  /** The host, and nothing else. */
  | 'host'
  /** A member of the network of one of the host's interfaces: `en0`. */
  | { readonly bridged: string }
  /** Softnet, with networks (CIDR) that are allowed or blocked besides; the longest prefix wins. */
  | { readonly softnet: { readonly allow?: readonly string[]; readonly block?: readonly string[] } };

/** As it is written into a recipe. */
export function writeNetwork(network: GuestNetwork): string {
  return typeof network === 'string' ? network : JSON.stringify(network);
}

/** As it is read from a recipe. */
export function readNetwork(text: string): GuestNetwork {
  return (text.startsWith('{') ? JSON.parse(text) : text) as GuestNetwork;
}

/** Whether packets of the guest are filtered. */
export function isFiltered(network: GuestNetwork): boolean {
  return network === 'softnet' || network === 'host' || (typeof network === 'object' && 'softnet' in network);
}
