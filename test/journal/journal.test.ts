import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, thisOwner } from '../../src/journal/index.ts';
import { recordOf } from '../helpers/records.ts';
import { rejection } from '../helpers/rejection.ts';
import { tempDir } from '../helpers/temp.ts';

const access = {
  user: 'admin',
  directory: '/home/admin/harness',
  privateKey: 'secret key',
  publicKey: 'ssh-ed25519 A',
  hostKey: 'B',
  token: 'secret token',
};

describe('the journal', () => {
  it('knows VMs until they are forgotten, the oldest first', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    expect(await journal.list()).toEqual([]);
    const [old, young] = [
      await recordOf('ca-1-old', temp.path),
      await recordOf('ca-1-new', temp.path, { createdAt: 2 }),
    ];
    await journal.write(young);
    await journal.write(old);
    await journal.write({ ...old, step: 'healthy' });
    expect(await journal.list()).toEqual([{ ...old, step: 'healthy' }, young]);
    await journal.forget('ca-1-old');
    await journal.forget('ca-1-old');
    expect(await journal.read('ca-1-old')).toBeUndefined();
    expect(await journal.list()).toEqual([young]);
  });

  it('keeps secrets apart, and everything from other users', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    await journal.write(await recordOf('ca-1-a', temp.path));
    await journal.writeAccess('ca-1-a', access);
    expect(await journal.readAccess('ca-1-a')).toEqual(access);
    expect(JSON.stringify(await journal.list())).not.toContain('secret');
    expect((await stat(journal.folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(journal.folder))
      expect((await stat(join(journal.folder, name))).mode & 0o777).toBe(0o600);
    await journal.forget('ca-1-a');
    expect(await readdir(journal.folder)).toEqual([]);
  });

  it('takes what another version has written, or half written, for nothing of its own', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    await mkdir(journal.folder);
    await writeFile(join(journal.folder, 'ca-1-a.json'), '{"version":2}');
    await writeFile(join(journal.folder, 'ca-1-b.json'), '{"vers');
    expect(await journal.list()).toEqual([]);
  });

  it('forgets what a killed writer has left, and only that', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    await journal.write(await recordOf('ca-1-a', temp.path));
    for (const name of ['ca-2-b.json.new', 'ca-3-c.access.new'])
      await writeFile(join(journal.folder, name), '');
    await journal.forgetUnfinished((name) => name.startsWith('ca-2'));
    expect((await readdir(journal.folder)).toSorted()).toEqual(['ca-1-a.json', 'ca-3-c.access.new']);
  });

  it('knows the owners', async () => {
    await using temp = await tempDir();
    const journal = new Journal(temp.path);
    const record = { version: 1, owner: await thisOwner(), recipes: [] } as const;
    await journal.writeOwner({ ...record, recipes: [] });
    expect(await journal.owners()).toEqual([record]);
    await journal.forgetOwner(record.owner.id);
    expect(await journal.owners()).toEqual([]);
  });

  it('says what to do where it cannot be written', async () => {
    await using temp = await tempDir();
    const blocked = join(temp.path, 'file');
    await writeFile(blocked, '');
    await chmod(blocked, 0o400);
    const error = await rejection(new Journal(blocked).write(await recordOf('ca-1-a', temp.path)));
    expect(error).toMatchObject({ code: 'INTERNAL', hint: expect.stringContaining('stateDir') as string });
  });
});
