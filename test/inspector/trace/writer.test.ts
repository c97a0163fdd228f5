import { chmod, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type InspectorRecord, readTrace, TraceWriter } from '../../../src/inspector/index.ts';
import { ROOT_ACTOR } from '../../../src/inspector/records.ts';
import { canMount, smallDisk } from '../../helpers/small-disk.ts';
import { tempDir } from '../../helpers/temp.ts';

const log = (seq: number, text = 'a line'): InspectorRecord => ({
  kind: 'log',
  vm: 'ca-1',
  seq,
  at: 1_000 + seq,
  source: 'console',
  lines: [text],
});
const snapshot = (seq: number): InspectorRecord => ({
  kind: 'snapshot',
  vm: 'ca-1',
  seq,
  at: 1_000 + seq,
  actor: ROOT_ACTOR,
  event: 'xstate.init',
  status: 'active',
});

const mounts = await canMount();

/** The files that this process has open. */
async function openFiles(): Promise<readonly string[]> {
  const all = await readdir('/proc/self/fd');
  return Promise.all(all.map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')));
}

/** A trace in a folder of its own, and what was told of it. */
async function setUp(limitBytes?: number) {
  const temp = await tempDir();
  const path = join(temp.path, 'trace.ndjson');
  const problems: string[] = [];
  const make = (at = path) =>
    new TraceWriter({
      path: at,
      onProblem: (problem) => void problems.push(problem),
      ...(limitBytes === undefined ? {} : { limitBytes }),
      now: () => 1_000,
    });
  return { path, problems, make, temp, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

describe('a trace', () => {
  it('has what was written, in a file that nobody else reads, whatever it was before', async () => {
    await using at = await setUp();
    for (const round of [1, 2]) {
      const writer = at.make();
      await writer.write([log(1), log(2)]);
      await writer.write([log(round + 2)]);
      await writer.close();
      await writer.write([log(9)]);
      expect(await readTrace(at.path)).toEqual({
        header: {
          kind: 'trace',
          version: 1,
          at: 1_000,
          pid: process.pid,
          node: process.version,
          platform: expect.any(String),
        },
        records: [log(1), log(2), log(round + 2)],
        gaps: [],
      });
      expect((await stat(at.path)).mode & 0o777).toBe(0o600);
      await chmod(at.path, 0o644);
    }
    expect(at.problems).toEqual([]);
  });

  it('does not overwrite what is no trace, and says so once', async () => {
    await using at = await setUp();
    await writeFile(at.path, 'my thesis\n');
    const writer = at.make();
    await writer.write([log(1)]);
    expect(await openFiles()).not.toContain(at.path);
    await writer.write([log(2)]);
    await writer.close();
    expect(await readFile(at.path, 'utf8')).toBe('my thesis\n');
    expect(at.problems).toEqual([
      `the trace ${at.path} is not whole: ${at.path} is no trace, and is not overwritten`,
    ]);
  });

  it('says in one sentence that it cannot be written, and rejects nothing', async () => {
    await using at = await setUp();
    const nowhere = at.make(join(at.temp.path, 'no', 'folder'));
    await nowhere.write([log(1)]);
    await nowhere.close();
    expect(at.problems).toEqual([expect.stringContaining('ENOENT')]);
  });

  it('touches nothing but files', async () => {
    await using at = await setUp();
    const device = at.make('/dev/null');
    await device.write([log(1)]);
    expect(at.problems).toEqual([expect.stringContaining('/dev/null is no file')]);
    expect((await stat('/dev/null')).mode & 0o777).toBe(0o666);
  });

  it.runIf(mounts)('says that the disk is full, and is read up to there', async () => {
    await using at = await setUp();
    await using disk = await smallDisk(1);
    const path = join(disk?.path ?? '', 'trace.ndjson');
    const writer = at.make(path);
    await writer.write([log(1)]);
    await disk?.fill();
    for (let seq = 2; seq < 20; seq += 1) await writer.write([log(seq, 'x'.repeat(1_000))]);
    await writer.close();
    expect(at.problems).toEqual([expect.stringMatching(/is not whole: ENOSPC/)]);
    expect((await readTrace(path)).records[0]).toEqual(log(1));
  });

  it('keeps to its limit: near it, it has the states alone, and says so', async () => {
    await using at = await setUp(20_000);
    const writer = at.make();
    for (let seq = 1; seq < 400; seq += 1) await writer.write([log(seq, 'x'.repeat(100)), snapshot(seq)]);
    await writer.close();
    expect((await stat(at.path)).size).toBeLessThanOrEqual(20_000);
    const { records, gaps } = await readTrace(at.path);
    expect(gaps).toEqual(['it came to its limit, and has from then on the states alone']);
    const lastLog = records.findLastIndex(({ kind }) => kind === 'log');
    expect(records.slice(lastLog + 2).every(({ kind }) => kind === 'snapshot')).toBe(true);
    expect(records.length).toBeGreaterThan(lastLog + 2);
    expect(at.problems).toEqual([expect.stringContaining('20000 bytes long, which is its limit')]);
  });
});
