import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createDisk } from '../guest/index.ts';
import { Failure, other, usage } from './failure.ts';
import { fault, faultOnce } from './faults.ts';
import { configOf, home, pathOf, staging, writeConfig } from './home.ts';
import { lock } from './lock.ts';

const REMOTE =
  /^[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?(\/[A-Za-z0-9]+([._-][A-Za-z0-9]+)*)+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]+)?$/;
/** Baked into the image: clones have it as well, until somebody changes it. */
const IMAGE_MAC = '52:54:00:00:00:01';
const GB_OF_IMAGE = 4;

/** A name with its tag or digest. */
export function fullName(name: string): string {
  if (!REMOTE.test(name))
    throw new Failure('failed to parse remote name: unexpected character (character 1)');
  return /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
}

const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const withoutTag = (name: string): string => name.replace(/(@sha256)?:[^/:]*$/, '');

/** Images that are here: one that was pulled by its tag is there twice. */
export async function images(): Promise<readonly string[]> {
  const root = join(home, 'cache', 'OCIs');
  const found = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => entry.isSymbolicLink() || entry.name.startsWith('sha256:'))
    .map((entry) => {
      const at = entry.name.startsWith('sha256:') ? '@' : ':';
      return `${relative(root, entry.parentPath)}${at}${entry.name}`;
    })
    .toSorted();
}

/** `tart pull`. */
export async function pull(args: string[]): Promise<void> {
  const options = { insecure: { type: 'boolean' }, concurrency: { type: 'string' } } as const;
  const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
  const [remote] = positionals;
  if (remote === undefined) throw usage('pull', "Missing expected argument '<remote>'");
  if (values.concurrency === '0') throw usage('pull', 'network concurrency cannot be less than 1');
  if (existsSync(configOf(join(home, 'vms', remote))))
    return say(`"${remote}" is a local image, nothing to pull here!`);
  const name = fullName(remote);
  say(`pulling ${name}...`);
  await fetchImage(name);
}

/** Has an image here. One that is here already under its tag is not asked for again by clone. */
export async function fetchImage(name: string): Promise<void> {
  say('pulling manifest...');
  await failAsRegistry();
  if (existsSync(configOf(pathOf(name))))
    return say(`${withoutTag(name)}@sha256:${digestOf(name)} image is already cached and linked!`);
  const host = name.split('/')[0] ?? '';
  const release = await lock(join(home, 'cache', 'OCIs', host), () => say('waiting for lock...'));
  try {
    // Somebody else may have fetched it meanwhile.
    if (existsSync(configOf(pathOf(name))))
      return say(
        `${withoutTag(name)}@sha256:${digestOf(name)} image is already cached! creating a symlink...`,
      );
    await download(name);
  } finally {
    release();
  }
}

async function failAsRegistry(): Promise<void> {
  const mode = (await faultOnce('pull-once')) ?? (await fault('pull'));
  if (mode === undefined || mode === 'slow') return;
  if (/^\d+$/.test(mode))
    throw other(`UnexpectedHTTPStatusCode(when: "pulling manifest", code: ${mode}, details: "{}")`);
  if (mode === 'network') throw other('A server with the specified hostname could not be found.');
  if (mode === 'disk-full') throw other('You can’t save the file because the volume is out of space.');
}

async function download(name: string): Promise<void> {
  const partial = await staging(createHash('md5').update(name).digest('hex'));
  const release = await lock(partial);
  try {
    say('pulling disk (0.3 GB compressed)...');
    for (const percent of [0, 50]) progress(percent);
    await createDisk(join(partial, 'disk.img'), GB_OF_IMAGE);
    if ((await fault('pull')) === 'slow') await new Promise(() => void setInterval(() => undefined, 60_000));
    progress(100);
    say('pulling NVRAM...');
    await writeFile(join(partial, 'nvram.bin'), '');
    await writeConfig(partial, {
      version: 1,
      os: 'linux',
      arch: 'arm64',
      cpuCount: 4,
      memorySize: 4096 * 1024 ** 2,
      macAddress: IMAGE_MAC,
      diskFormat: 'raw',
    });
    const digest = pathOf(`${withoutTag(name)}@sha256:${digestOf(name)}`);
    await mkdir(dirname(digest), { recursive: true });
    await rename(partial, digest);
    if (pathOf(name) !== digest) await symlink(digest, pathOf(name));
  } finally {
    release();
  }
}

/** `tart fqn`: the name with the digest of what is here. */
export function fqn([name = '']: string[]): void {
  if (!name.includes('/')) return say(name);
  const full = fullName(name);
  if (!existsSync(configOf(pathOf(full)))) throw new Failure(`OCI storage error: ${full} is not cached`);
  say(full.includes('@') ? full : `${withoutTag(full)}@sha256:${digestOf(full)}`);
}

/** With `CI` plain lines, else each replaces the one before it. */
function progress(percent: number): void {
  const back = process.env['CI'] === undefined ? '\x1b[1A\r\x1b[J' : '';
  say(`${back}${percent}%`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
