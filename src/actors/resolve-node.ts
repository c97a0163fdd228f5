import { type EnvHttpProxyAgent, request } from 'undici';
import { messageOf, VzvmError } from '../errors.ts';
import { registryAgent } from './registry-agent.ts';

const TIMEOUT_MS = 60_000;
/** The npm that fits every Node from 20 on; newer majors ask for a newer Node. */
const NPM_MAJOR = 11;

/** Where Node is looked for. */
export interface ResolveNodeOptions {
  readonly registry: string;
  readonly token?: string;
  /** Certificates to trust in addition. */
  readonly caPem?: string;
  readonly major: number;
  readonly arch: 'x64' | 'arm64';
  readonly signal: AbortSignal;
}

/** A tarball of the registry. */
export interface NodePackage {
  readonly version: string;
  readonly url: string;
  readonly integrity: string;
}

/**
 * Finds the newest Node of a major, and an npm for it, in a registry.
 * @throws VzvmError NODE_INSTALL_FAILED, ABORTED.
 */
export async function resolveNodePackage(
  options: ResolveNodeOptions,
): Promise<{ node: NodePackage; npm: NodePackage }> {
  const agent = registryAgent(options.caPem, TIMEOUT_MS);
  const deadline = AbortSignal.any([options.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const [node, npm] = await Promise.all([
      newest(`node-linux-${options.arch}`, options.major, options, deadline, agent),
      newest('npm', NPM_MAJOR, options, deadline, agent),
    ]);
    return { node, npm };
  } catch (error) {
    if (options.signal.aborted)
      throw new VzvmError('ABORTED', 'looking for Node was cancelled', { cause: error });
    if (error instanceof VzvmError) throw error;
    throw failed(options, `the registry cannot be read: ${messageOf(error)}`, 'safe', error);
  } finally {
    await agent.destroy();
  }
}

async function newest(
  name: string,
  major: number,
  options: ResolveNodeOptions,
  signal: AbortSignal,
  dispatcher: EnvHttpProxyAgent,
): Promise<NodePackage> {
  const { registry, token } = options;
  const response = await request(new URL(name, registry), {
    dispatcher,
    signal,
    headers: {
      // The abbreviated form: a tenth of the size.
      accept: 'application/vnd.npm.install-v1+json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  if (response.statusCode !== 200) {
    await response.body.dump();
    const retry = response.statusCode >= 500 || response.statusCode === 429 ? 'safe' : 'unsafe';
    throw failed(options, `the registry answers ${response.statusCode} for ${name}`, retry);
  }
  const found = pick(await response.body.json(), major);
  if (!found) throw failed(options, `the registry has no ${name} ${major}.x`, 'unsafe');
  return { ...found, url: onRegistry(found.url, registry) };
}

interface Packument {
  readonly versions?: Readonly<Record<string, { readonly dist?: { tarball?: string; integrity?: string } }>>;
}

function pick(packument: unknown, major: number): NodePackage | undefined {
  const { versions = {} } = packument as Packument;
  const candidates = Object.keys(versions)
    .filter((version) => new RegExp(`^${major}\\.\\d+\\.\\d+$`).test(version))
    .toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const version of candidates) {
    const dist = versions[version]?.dist;
    // The oldest packages have a sha1 only, which is not worth checking.
    if (dist?.tarball && dist.integrity?.includes('sha512-')) {
      return { version, url: dist.tarball, integrity: dist.integrity };
    }
  }
  return undefined;
}

/** Mirrors often name the public registry in their answers; npm asks the configured one instead, and so do we. */
function onRegistry(tarball: string, registry: string): string {
  const url = new URL(tarball);
  if (url.host !== 'registry.npmjs.org') return url.href;
  return new URL(url.pathname.slice(1), registry).href;
}

function failed(
  options: ResolveNodeOptions,
  message: string,
  retry: 'safe' | 'unsafe',
  cause?: unknown,
): VzvmError {
  return new VzvmError('NODE_INSTALL_FAILED', message, {
    facts: { registry: options.registry, major: options.major, arch: options.arch },
    hint: 'check the registry with: npm ping; or use an image that has Node 20 or newer',
    retry,
    cause,
  });
}
