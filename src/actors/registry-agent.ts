import { rootCertificates } from 'node:tls';
import { EnvHttpProxyAgent } from 'undici';

/** Speaks with a registry as npm on this host does: through its proxy, trusting its certificates. */
export function registryAgent(caPem: string | undefined): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({
    connect: { timeout: 20_000, ...(caPem ? { ca: [...rootCertificates, caPem] } : {}) },
  });
}
