import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'ini';
import { messageOf, VzvmError } from '../errors.ts';

/** The npm settings of the host that the guest is to use, too. */
export interface HostNpm {
  readonly registry: string;
  /** The host's token for that registry. Never logged. */
  readonly token?: string;
  /** Certificates that the host trusts in addition to the public ones. */
  readonly caPem?: string;
}

const PUBLIC_REGISTRY = 'https://registry.npmjs.org/';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the settings are read from; the process's own environment and directory unless a test says otherwise. */
export interface HostPlaces {
  readonly env: Environment;
  readonly cwd: string;
}

/**
 * Reads what npm on this host would use, from where npm reads it and with its precedence: environment, then the
 * project's, the user's and the global `.npmrc`.
 * @throws VzvmError OPTION_INVALID for a settings or certificate file that cannot be read.
 */
export async function readHostNpm(
  signal: AbortSignal,
  { env, cwd }: HostPlaces = { env: process.env, cwd: process.cwd() },
): Promise<HostNpm> {
  const setting = await settings(env, cwd, signal);
  const registry = withoutLogin(setting('registry') ?? PUBLIC_REGISTRY);
  const token = tokenFor(registry, setting);
  const caFiles = [env['NODE_EXTRA_CA_CERTS'], setting('cafile')].filter(
    (path) => path !== undefined && path !== '',
  );
  const texts = await Promise.all(
    caFiles.map((path) => readCertificates(resolve(cwd, path as string), signal)),
  );
  const caPem = certificatesOf([...texts, setting('ca') ?? '', setting('ca[]') ?? '']);
  return {
    registry,
    ...(token === undefined || token === '' ? {} : { token }),
    ...(caPem === '' ? {} : { caPem }),
  };
}

type Setting = (name: string) => string | undefined;

async function settings(env: Environment, cwd: string, signal: AbortSignal): Promise<Setting> {
  const fromEnvironment = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1];
    if (key !== undefined && value) fromEnvironment.set(plain(key), value);
  }
  const user = fromEnvironment.get('userconfig') ?? join(env['HOME'] ?? homedir(), '.npmrc');
  const global =
    fromEnvironment.get('globalconfig') ?? join(dirname(dirname(process.execPath)), 'etc', 'npmrc');
  const files = await Promise.all(
    [join(cwd, '.npmrc'), user, global].map((path) => readSettings(path, signal)),
  );
  return (name) => {
    const known = fromEnvironment.get(plain(name)) ?? files.find((file) => file.has(name))?.get(name);
    return known === undefined ? undefined : expand(known, env);
  };
}

/** npm takes dashes and underscores for the same in the environment. */
function plain(name: string): string {
  return name.startsWith('//') ? name : name.toLowerCase().replaceAll('_', '-');
}

async function readSettings(path: string, signal: AbortSignal): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const text = await readFile(path, { encoding: 'utf8', signal }).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return '';
    throw unreadable(path, cause, signal);
  });
  const values: Readonly<Record<string, unknown>> = parse(text);
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) found.set(name, value.join('\n'));
    else if (typeof value === 'string') found.set(name, value);
  }
  return found;
}

/** `${NAME}` as npm fills it in; left as it stands when there is no such variable. */
function expand(value: string, env: Environment): string {
  return value.replace(/\$\{([^}?]+)(\??)\}/g, (whole, name: string, optional: string) => {
    return env[name] ?? (optional ? '' : whole);
  });
}

/** A login in the registry's address would end up on command lines and in logs. */
function withoutLogin(registry: string): string {
  if (!URL.canParse(registry)) {
    throw new VzvmError('OPTION_INVALID', 'the npm registry of this host is not a URL', {
      hint: `correct it: npm config set registry ${PUBLIC_REGISTRY}`,
    });
  }
  const url = new URL(registry);
  url.username = '';
  url.password = '';
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** npm looks for a token at the registry's path, then at each path above it. */
function tokenFor(registry: string, setting: Setting): string | undefined {
  const { host, pathname } = new URL(registry);
  const parts = pathname.split('/').filter((part) => part !== '');
  for (let length = parts.length; length >= 0; length -= 1) {
    const base = ['', '', host, ...parts.slice(0, length)].join('/');
    const token = setting(`${base}/:_authToken`) ?? setting(`${base}:_authToken`);
    if (token !== undefined) return token.includes('${') ? undefined : token;
  }
  return undefined;
}

async function readCertificates(path: string, signal: AbortSignal): Promise<string> {
  return readFile(path, { encoding: 'utf8', signal }).catch((cause: unknown) => {
    throw unreadable(path, cause, signal);
  });
}

/** Certificates alone, each once: a private key in the same file stays on the host. */
function certificatesOf(texts: readonly string[]): string {
  const blocks = texts
    .map((text) => text.replaceAll(String.raw`\n`, '\n'))
    .flatMap((text) => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []);
  return [...new Set(blocks)].map((block) => `${block}\n`).join('');
}

function unreadable(path: string, cause: unknown, signal: AbortSignal): VzvmError {
  if (signal.aborted) return new VzvmError('ABORTED', 'reading the npm settings was cancelled', { cause });
  return new VzvmError(
    'OPTION_INVALID',
    `a file that the npm settings name cannot be read: ${messageOf(cause)}`,
    {
      facts: { path },
      hint: `make ${path} readable, or take it out of NODE_EXTRA_CA_CERTS or of npm's cafile`,
      cause,
    },
  );
}
