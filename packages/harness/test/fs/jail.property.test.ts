import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deletePath, makeFolder, movePath } from '../../src/fs/change.ts';
import { editFile } from '../../src/fs/edit.ts';
import { readText } from '../../src/fs/read.ts';
import { listTree } from '../../src/fs/tree.ts';
import { writeText } from '../../src/fs/write.ts';
import { HarnessError, systemCode } from '../../src/errors.ts';
import { openFiles } from '../helpers/files.ts';

const SECRET = 'secret';
/** What the system may say to a path that makes no sense: each is a 4xx. */
const KNOWN = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'EBUSY', 'ELOOP'];

const name = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom('..', '.', ''));
const path = fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.join('/'));
/** What a link points to: places inside, outside, between, and nowhere. R and O stand for the two folders. */
const target = fc.oneof(
  path,
  fc.constantFrom('R', 'O', '..', '../O', '../../O', 'O/secret', 'O/none', '/', '/proc/self/cwd'),
  path.map((rest) => `R/${rest}`),
  path.map((rest) => `O/${rest}`),
);
const entry = fc.oneof(
  fc.record({ kind: fc.constant('file' as const), at: path }),
  fc.record({ kind: fc.constant('folder' as const), at: path }),
  fc.record({ kind: fc.constant('link' as const), at: path, target }),
);
const act = fc.oneof(
  fc.record({
    kind: fc.constantFrom('read', 'write', 'delete', 'mkdir', 'tree', 'edit'),
    path,
    other: fc.constant(''),
  }),
  fc.record({ kind: fc.constant('move'), path, other: path }),
);

it('no path over any layout of links reads or changes what is outside', { timeout: 180_000 }, async () => {
  const property = fc.asyncProperty(
    fc.array(entry, { maxLength: 8 }),
    fc.array(act, { minLength: 1, maxLength: 8 }),
    async (layout, acts) => {
      const base = await mkdtemp(join(tmpdir(), 'jail-property-'));
      try {
        const places = await layOut(base, layout);
        const open = await openFiles();
        for (const one of acts) {
          const { text, status } = await tryOut(places.root, one);
          expect(text).not.toContain(SECRET);
          expect(status).toBeLessThan(500);
        }
        expect(await openFiles()).toBe(open);
        expect(await snapshot(places.outside)).toEqual(['a', 'a/secret', 'secret']);
        expect(await readFile(join(places.outside, 'secret'), 'utf8')).toBe(SECRET);
        expect((await readdir(base)).toSorted()).toEqual(['O', 'R']);
      } finally {
        await rm(base, { recursive: true });
      }
    },
  );
  await fc.assert(property, { numRuns: 120 });
});

type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Makes the two folders and what is in the jail, as the agent may: by any means, wherever that ends within it. */
async function layOut(base: string, layout: readonly Entry[]) {
  const [root, outside] = [join(base, 'R'), join(base, 'O')];
  await mkdir(root);
  await mkdir(join(outside, 'a'), { recursive: true });
  await writeFile(join(outside, 'secret'), SECRET);
  await writeFile(join(outside, 'a/secret'), SECRET);
  for (const one of layout) {
    // Only names inside the jail, and none through a link made before: the layout itself must not reach out.
    const at = join(root, normalize(`/${one.at}`));
    await make(one, at, { root, outside }).catch(() => undefined);
  }
  return { root, outside };
}

async function make(one: Entry, at: string, { root, outside }: { root: string; outside: string }) {
  const parent = dirname(at);
  if ((await realpath(parent)) !== parent) return;
  if (one.kind === 'folder') return mkdir(at);
  if (one.kind === 'file') return writeFile(at, 'inside', { flag: 'wx' });
  const pointsTo = one.target.replace(/^R/, root).replace(/^O/, outside);
  return symlink(pointsTo === '' ? '.' : pointsTo, at);
}

/** What a client learns: a text, and the status when it is refused. */
async function tryOut(root: string, { kind, path: wanted, other }: Act) {
  try {
    return { text: await perform(root, kind, wanted, other), status: 200 };
  } catch (error) {
    if (error instanceof HarnessError) return { text: '', status: error.status };
    return { text: '', status: KNOWN.includes(systemCode(error) ?? '') ? 400 : 500 };
  }
}

async function perform(root: string, kind: Act['kind'], wanted: string, other: string): Promise<string> {
  if (kind === 'read') return readText(root, wanted);
  if (kind === 'tree') return JSON.stringify(await listTree(root, wanted, 8));
  if (kind === 'write') await writeText(root, wanted, 'written');
  if (kind === 'delete') await deletePath(root, wanted, true);
  if (kind === 'mkdir') await makeFolder(root, wanted, true);
  if (kind === 'edit') await editFile(root, { path: wanted, oldString: 'e', newString: 'x' });
  if (kind === 'move') await movePath(root, wanted, other);
  return '';
}

async function snapshot(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).toSorted();
}
