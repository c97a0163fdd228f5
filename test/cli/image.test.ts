import { streams } from '../helpers/streams.ts';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { newGuestName } from '../../src/drivers/guest-name.ts';
import type { BaseImages } from '../../src/drivers/driver.ts';
import { createFakeDriver } from '../../src/drivers/fake/index.ts';
import { VZVMSubstrate } from '../../src/substrate/index.ts';

const never = new AbortController().signal;

/** A fake driver with images of these keys, and what a command line answers over it. */
async function setUp(...keys: string[]) {
  const driver = createFakeDriver();
  const guest = newGuestName();
  const base = await driver.resolveImage('fake', { signal: never, log: () => undefined });
  const resources = { cpu: 1, memoryMiB: 256 };
  await driver.clone({ image: base, guest, resources, user: 'admin', authorizedKey: '' }, never);
  for (const key of keys)
    await driver.keepImage({ guest, key, base, description: 'a test', login: { user: 'admin' } }, never);
  const vzvm = async (...argv: string[]) => {
    const [out, log]: [string[], string[]] = [[], []];
    const status = await runCli(argv, {
      signal: never,
      ...streams,
      out: (line) => void out.push(line),
      log: (line) => void log.push(line),
      substrate: (options) => new VZVMSubstrate({ ...options, driver, baseImage: 'fake' }),
    });
    return { status, out: out.join('\n'), log: log.join('\n') };
  };
  return Object.assign(vzvm, { give: (bases: BaseImages) => void Object.assign(driver, { bases }) });
}

describe('vzvm image', () => {
  it('lists what there is, for people and for programs', async () => {
    const vzvm = await setUp('key-1', 'key-2');
    const { status, out } = await vzvm('image', 'ls');
    expect(status).toBe(0);
    const [head = '', ...rows] = out.split('\n');
    // Both were used in the same instant, or one after the other.
    expect([head, ...rows.toSorted()]).toEqual([
      expect.stringMatching(/^key +kind +size +used +what is in it$/),
      expect.stringMatching(/^key-1 +prepared +0 MiB +just now +a test$/),
      expect.stringMatching(/^key-2 +prepared +0 MiB +just now +a test$/),
    ]);
    const json = JSON.parse((await vzvm('image', 'ls', '--json')).out) as unknown[];
    expect(json).toHaveLength(2);
    expect(json[0]).toMatchObject({ base: 'fake', description: 'a test' });
  });

  it('says how to get one where there is none', async () => {
    const vzvm = await setUp();
    expect((await vzvm('image', 'ls')).out).toContain('vzvm image build');
    expect((await vzvm('image', 'ls', '--json')).out).toBe('[]');
  });

  it('removes what is named, and nothing when a name is wrong', async () => {
    const vzvm = await setUp('key-1', 'key-2');
    expect(await vzvm('image', 'rm', 'key-1', 'key-9')).toMatchObject({ status: 64 });
    expect(JSON.parse((await vzvm('image', 'ls', '--json')).out)).toHaveLength(2);
    expect(await vzvm('image', 'rm', 'key-1')).toMatchObject({ status: 0, out: 'removed key-1' });
    expect(JSON.parse((await vzvm('image', 'ls', '--json')).out)).toHaveLength(1);
  });

  it('shows base images, too, and removes one only where nothing rests on it', async () => {
    const vzvm = await setUp('key-1');
    const bases = new Set(['base-1', 'base-2']);
    const shown = (key: string) => ({ key, bytes: 1, usedAt: 0, inUse: key === 'base-1', isOutdated: true });
    vzvm.give({
      list: () => Promise.resolve([...bases].map(shown)),
      remove: (key) => Promise.resolve(void bases.delete(key)),
    });
    expect((await vzvm('image', 'ls')).out).toMatch(
      /base-1 +base +.*in use +a base image, of an older recipe/,
    );
    expect(await vzvm('image', 'rm', 'base-1')).toMatchObject({ status: 64 });
    expect(await vzvm('image', 'rm', 'base-2')).toMatchObject({ status: 0 });
    expect(await vzvm('image', 'prune', '--days', '1')).toMatchObject({ out: 'removed 0 in all' });
    expect([...bases]).toEqual(['base-1']);
  });

  it('prunes only what it is told to', async () => {
    const vzvm = await setUp('key-1', 'key-2');
    expect(await vzvm('image', 'prune')).toMatchObject({ status: 64 });
    expect(await vzvm('image', 'prune', '--days', '1', '--json')).toMatchObject({ out: '{"removed":[]}' });
  });

  it('says what failed and what to do', async () => {
    const driver = createFakeDriver({ images: [] });
    const log: string[] = [];
    const status = await runCli(['image', 'build'], {
      signal: never,
      ...streams,
      out: () => undefined,
      log: (line) => void log.push(line),
      substrate: (options) => new VZVMSubstrate({ ...options, driver, baseImage: 'no-such' }),
    });
    expect(status).toBe(1);
    expect(log.join('\n')).toMatch(/IMAGE_NOT_FOUND[^]*what to do/);
  });

  it('is cancelled with a status of its own', async () => {
    const driver = createFakeDriver({ script: { resolveImage: 'hang' } });
    const abort = new AbortController();
    const running = runCli(['image', 'build'], {
      signal: abort.signal,
      ...streams,
      out: () => undefined,
      log: () => undefined,
      substrate: (options) => new VZVMSubstrate({ ...options, driver, baseImage: 'fake' }),
    });
    abort.abort();
    expect(await running).toBe(130);
  });

  it.each([
    [[], 'no command'],
    [['imag'], 'unknown command imag'],
    [['image'], 'no verb'],
    [['image', 'toString'], 'unknown verb toString'],
    [['image', 'ls', 'x'], 'one word too many'],
    [['image', 'rm'], 'no key'],
    [['image', 'ls', '--driver', 'vmware'], 'no driver vmware'],
    [['image', 'ls', '--jsn'], '--jsn'],
    [['image', 'prune', '--gib', 'much'], 'no number'],
  ])('shows the usage for %j', async (argv, why) => {
    const vzvm = await setUp();
    const { status, log } = await vzvm(...argv);
    expect(status).toBe(64);
    expect(log).toContain(why);
    expect(log).toContain('usage: vzvm');
  });
});
