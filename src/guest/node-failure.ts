type Advice = readonly [evidence: RegExp, hint: string];

const ADVICE: readonly Advice[] = [
  [/no space left|ENOSPC/i, "the guest's disk is full: give it more with diskGiB"],
  [/a password is required|not in the sudoers/i, 'the image needs sudo without a password for sshUser'],
  [
    /curl: \((?:60|77)\)|certificate/i,
    'the network inspects TLS: set NODE_EXTRA_CA_CERTS on the host to the PEM file of its certificate authority',
  ],
  [/\b40[13]\b/, "the registry refuses the host's token: npm login, then npm whoami"],
  [
    /curl: \(6\)|could not resolve|temporary failure (?:in name resolution|resolving)/i,
    'the guest resolves no names: see its network, and the resolver of the host: cat /etc/resolv.conf',
  ],
  [
    /curl: \((?:7|28|35|56)\)|timed out|connection refused|no network|unreachable/i,
    "the guest does not reach the registry: see that it answers (npm ping), and that it is not on the host's loopback",
  ],
  [
    /checksum|sha512/i,
    'what came is not what the registry promises: see npm config get registry, and proxies',
  ],
  [/unable to locate package|unsupported distribution/i, "take the way of npm: guestNode: { source: 'npm' }"],
];

/** What to do about Node that could not be installed, from what the guest said. */
export function explainNodeFailure(stderr: string): { hint: string; retry: 'safe' } {
  const found = ADVICE.find(([evidence]) => evidence.test(stderr))?.[1];
  const otherwise =
    "use an image with Node 20 or newer, or another guestNode: { source: 'npm' | 'nodesource' }";
  return { hint: found ?? otherwise, retry: 'safe' };
}
