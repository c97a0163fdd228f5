import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { messageOf, VzvmError } from '../../../errors.ts';
import type { ResolveOptions } from '../../driver.ts';
import { demandFreeMiB } from '../../disk-space.ts';
import type { HostArch } from '../host.ts';
import type { Artifact, Manifest } from './artifact.ts';
import { cached } from './cache.ts';
import { inspectDisk } from './inspect.ts';

/** Deadline over a whole download. */
const DOWNLOAD_TIMEOUT_MS = 60 * 60_000;
const PROGRESS_MS = 2_000;
/** Times that a server may take as long as it may stall: it may send us to another one. */
const ANSWERS = 2;
const MIB = 1024 * 1024;

/** How a download is bounded. */
export interface DownloadLimits {
  /** Longest time without a byte. */
  readonly stallMs: number;
}

/** A cloud image behind a URL, downloaded unless it is cached. */
export async function downloadedImage(
  url: URL,
  where: { readonly cacheDir: string; readonly arch: HostArch },
  options: ResolveOptions,
  limits: DownloadLimits = { stallMs: 30_000 },
): Promise<Artifact> {
  demandSafe(url);
  const key = `url-${createHash('sha256').update(url.href).digest('hex').slice(0, 12)}`;
  const fill = async (folder: string): Promise<Manifest> => {
    const file = join(folder, 'disk');
    const digest = await download(url, file, options, limits);
    const disk = await inspectDisk(file, where.arch, options.signal);
    // Such a disk would show the host's own files to the guest.
    if (disk.isLinked) throw failed(url, 'it refers to other files of the host');
    return { digest: `sha256:${digest}`, format: disk.format, virtualBytes: disk.virtualBytes };
  };
  const { folder, manifest } = await cached({ cacheDir: where.cacheDir, key, fill }, options);
  const image = { ref: shown(url), digest: manifest.digest, acceptsKey: true };
  return { image, disk: join(folder, 'disk'), format: manifest.format, virtualBytes: manifest.virtualBytes };
}

async function download(
  url: URL,
  file: string,
  options: ResolveOptions,
  limits: DownloadLimits,
): Promise<string> {
  const bounds = { bodyTimeout: limits.stallMs, headersTimeout: limits.stallMs };
  const dispatcher = new EnvHttpProxyAgent({ ...bounds, connect: { timeout: limits.stallMs } });
  const silent = new AbortController();
  const signal = AbortSignal.any([options.signal, silent.signal, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]);
  // A proxy that says nothing is not bounded by any of the dispatcher's deadlines.
  const timer = setTimeout(() => silent.abort(silence(ANSWERS * limits.stallMs)), ANSWERS * limits.stallMs);
  try {
    options.log(`downloading ${shown(url)}`);
    const response = await fetch(url, { dispatcher, signal, headers: { 'accept-encoding': 'identity' } });
    clearTimeout(timer);
    return await store(url, response, file, signal, options);
  } catch (cause) {
    if (options.signal.aborted)
      throw new VzvmError('ABORTED', 'the download of an image was cancelled', { cause });
    if (cause instanceof VzvmError) throw cause;
    const inner = cause instanceof Error && cause.cause !== undefined ? `: ${messageOf(cause.cause)}` : '';
    throw failed(url, `${messageOf(cause)}${inner}`, cause);
  } finally {
    clearTimeout(timer);
    await dispatcher.destroy();
  }
}

async function store(
  url: URL,
  response: Response,
  file: string,
  signal: AbortSignal,
  options: ResolveOptions,
): Promise<string> {
  demandSafe(new URL(response.url));
  if (response.status === 404 || response.status === 410) throw notThere(url, response.status);
  if (!response.ok || !response.body) throw failed(url, `the server answered ${response.status}`);
  const expected = Number(response.headers.get('content-length') ?? Number.NaN);
  if (Number.isFinite(expected))
    await demandFreeMiB(file, Math.ceil(expected / MIB), `the image ${shown(url)}`);
  const hash = createHash('sha256');
  let received = 0;
  let shownAt = performance.now();
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      if (performance.now() - shownAt >= PROGRESS_MS) {
        shownAt = performance.now();
        options.log(progress(received, expected));
      }
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(file), { signal });
  if (Number.isFinite(expected) && received !== expected)
    throw failed(url, `${received} of ${expected} bytes came`);
  return hash.digest('hex');
}

const silence = (ms: number) => new Error(`nothing answered within ${ms} ms`);

/** Without what may be a secret: user, password and query. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function progress(received: number, expected: number): string {
  const of = Number.isFinite(expected) ? ` of ${Math.ceil(expected / MIB)}` : '';
  return `downloaded ${Math.floor(received / MIB)}${of} MiB`;
}

/** Nothing that can be changed on its way becomes a disk that is booted. */
function demandSafe(url: URL): void {
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) return;
  throw new VzvmError('OPTION_INVALID', `an image is downloaded by https only, not from ${shown(url)}`, {
    facts: { url: shown(url) },
    hint: 'use an https URL, or download and verify the image yourself and give its path',
  });
}

function notThere(url: URL, status: number): VzvmError {
  return new VzvmError('IMAGE_NOT_FOUND', `there is no image at ${shown(url)} (${status})`, {
    facts: { url: shown(url), status },
    hint: 'look for the current address at the publisher of the image',
  });
}

function failed(url: URL, why: string, cause?: unknown): VzvmError {
  return new VzvmError('IMAGE_DOWNLOAD_FAILED', `could not download ${shown(url)}: ${why}`, {
    facts: { url: shown(url) },
    hint: `try it by hand: curl -fLO ${shown(url)}`,
    retry: 'safe',
    cause,
  });
}
