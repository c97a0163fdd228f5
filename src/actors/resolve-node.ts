import { messageOf, VzvmError } from '../errors.ts';
import { askHttp } from './ask-http.ts';
import { registryAgent } from './registry-agent.ts';

const TIMEOUT_MS = 60_000;
/** Of a package with thousands of versions. */
const MOST_CHARACTERS = 64 * 1024 * 1024;
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
  const other = new AbortController();
  const signal = AbortSignal.any([options.signal, other.signal]);
  const both = [
    newest(`node-linux-${options.arch}`, options.major, { ...options, signal }),
    newest('npm', NPM_MAJOR, { ...options, signal }),
  ] as const;
  try {
    const [node, npm] = await Promise.all(both);
    return { node, npm };
  } catch (error) {
    if (options.signal.aborted)
      throw new VzvmError('ABORTED', 'looking for Node was cancelled', { cause: error });
    if (error instanceof VzvmError && error.code === 'NODE_INSTALL_FAILED') throw error;
    throw failed(options, `the registry cannot be read: ${messageOf(error)}`, 'safe', error);
  } finally {
    other.abort();
    await Promise.allSettled(both);
  }
}

async function newest(name: string, major: number, options: ResolveNodeOptions): Promise<NodePackage> {
  const { registry, token, caPem, signal } = options;
  const { status, text } = await askHttp(new URL(name, registry), {
    agent: registryAgent(caPem),
    signal,
    timeoutMs: TIMEOUT_MS,
    mostCharacters: MOST_CHARACTERS,
    headers: {
      // The abbreviated form: a tenth of the size.
      accept: 'application/vnd.npm.install-v1+json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  if (status !== 200) {
    const retry = status >= 500 || status === 429 ? 'safe' : 'unsafe';
    throw failed(options, `the registry answers ${status} for ${name}`, retry);
  }
  const found = pick(JSON.parse(text), major);
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
