import { VzvmError } from '../../errors.ts';
import type { Image, ResolveOptions } from '../driver.ts';
import { EXIT_VM_STATE, type TartCli } from './cli.ts';
import { hasUnboundCredentials } from './environment.ts';
import { tartError } from './failure.ts';
import { hintOfPull } from './hints.ts';

const LOOK_TIMEOUT_MS = 30_000;
/** Images have some 5 GB; a slow line takes hours. The caller's signal ends it sooner. */
const PULL_TIMEOUT_MS = 4 * 60 * 60_000;

/** The login of the images that Tart's makers publish. */
const PUBLISHED_LOGIN = { user: 'admin', password: 'admin' };

/** A name with a slash is a registry's, any other a VM's on this machine. */
export async function resolveTartImage(tart: TartCli, ref: string, options: ResolveOptions): Promise<Image> {
  const digest = ref.includes('/')
    ? await remoteDigest(tart, ref, options)
    : await localDigest(tart, ref, options);
  const isPublished = ref.startsWith('ghcr.io/cirruslabs/') || !ref.includes('/');
  return { ref, digest, acceptsKey: false, ...(isPublished ? { login: PUBLISHED_LOGIN } : {}) };
}

async function localDigest(tart: TartCli, ref: string, { signal }: ResolveOptions): Promise<string> {
  const result = await tart.run(['get', ref, '--format', 'json'], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  if (result.exitCode === 0) return `local:${ref}`;
  if (result.exitCode !== EXIT_VM_STATE)
    throw tartError(tart, 'IMAGE_NOT_FOUND', `image ${ref}`, result, 'run: tart list');
  throw new VzvmError('IMAGE_NOT_FOUND', `there is no VM ${ref} on this machine`, {
    facts: { image: ref },
    hint: 'use one of: tart list; an image of a registry has a slash in its name: ghcr.io/cirruslabs/ubuntu:latest',
  });
}

async function remoteDigest(tart: TartCli, ref: string, options: ResolveOptions): Promise<string> {
  const cached = await fqn(tart, ref, options.signal);
  if (cached !== undefined) return cached;
  if (hasUnboundCredentials())
    options.log(
      `TART_REGISTRY_USERNAME is not used: set TART_REGISTRY_HOSTNAME=${ref.split('/')[0]} if it is for that`,
    );
  options.log(`pulling the image ${ref}: once, some 5 GB`);
  const pulled = await tart.run(['pull', ref], {
    timeoutMs: PULL_TIMEOUT_MS,
    signal: options.signal,
    onLine: (line) => options.log(`image: ${line}`),
  });
  if (pulled.exitCode !== 0) {
    throw tartError(
      tart,
      'IMAGE_DOWNLOAD_FAILED',
      `image ${ref} could not be pulled`,
      pulled,
      hintOfPull(pulled.stderrTail, ref),
      'safe',
    );
  }
  return (await fqn(tart, ref, options.signal)) ?? ref;
}

/** The name with its digest when the image is cached. */
async function fqn(tart: TartCli, ref: string, signal: AbortSignal): Promise<string | undefined> {
  const result = await tart.run(['fqn', ref], { timeoutMs: LOOK_TIMEOUT_MS, signal });
  const name = result.stdout.trim();
  return result.exitCode === 0 && name !== '' ? name : undefined;
}
