import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import harness from '../../packages/harness/package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const execute = promisify(execFile);

/** The compiler tells its findings on standard output. */
async function exec(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execute(file, args, { cwd })).stdout;
  } catch (error) {
    throw new Error(`${args.join(' ')}\n${(error as { stdout: string }).stdout}`, { cause: error });
  }
}

/** What a user writes, with what they may type-check it with. */
const PROGRAM = `
import { ComputerAgent, type Substrate } from '@computeragent/sdk';
import { BootError, VzvmError, VZVMSubstrate, type VmHandle } from '@computeragent/runtime-vzvm';
import { createFakeDriver } from '@computeragent/runtime-vzvm/testing';
import { LocalSubstrate } from '@computeragent/runtime-local';
import { runConformanceSuite } from '@computeragent/protocol/conformance';

const seen: VmHandle[] = [];
const substrate: Substrate = new VZVMSubstrate({
  driver: createFakeDriver({ script: { start: new VzvmError('BOOT_FAILED', 'no room') } }),
  baseImage: 'fake',
  onVm: (vm) => void seen.push(vm),
});
const agent = new ComputerAgent({
  source: { type: 'inline', manifest: { name: 'a' } },
  harness: 'claude-agent-sdk',
  envs: {},
  runtime: substrate,
});
const error: unknown = await agent.chat('hello').then(() => undefined, (reason: unknown) => reason);
await agent.dispose();
const local: Substrate = new LocalSubstrate();
const { baseUrl, shutdown } = await local.bootHarness({ envs: {} });
const health: unknown = await (await fetch(\`\${baseUrl}/v1/health\`)).json();
await shutdown();
console.log(JSON.stringify({
  conformance: typeof runConformanceSuite,
  health,
  isBootError: error instanceof BootError,
  step: error instanceof BootError ? error.step : String(error),
  states: seen[0]?.timeline.map(({ state }) => state),
}));
`;
/** Which the harness leaves to its user to install. */
const ENGINE = `@anthropic-ai/claude-agent-sdk@${harness.peerDependencies['@anthropic-ai/claude-agent-sdk']}`;
const STATES = ['cloning', 'booting', 'failed', 'disposing', 'disposed'];

it('works as it is published: installed from its packages, type-checked and run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'e2e-package-'));
  try {
    await exec(process.execPath, ['scripts/build.mjs'], ROOT);
    await mkdir(join(folder, 'packed'));
    const packed = ['--pack-destination', join(folder, 'packed')];
    const workspaces = ['--workspaces', '--include-workspace-root'];
    await exec('npm', ['pack', ...workspaces, ...packed], ROOT);
    const tarballs = (await readdir(join(folder, 'packed'))).map((name) => `./packed/${name}`);
    expect(tarballs).toHaveLength(6);
    await writeFile(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }');
    await exec('npm', ['install', '--no-audit', '--no-fund', ...tarballs, ENGINE], folder);
    await writeFile(join(folder, 'program.ts'), PROGRAM);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = [
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
    ];
    await exec(process.execPath, [tsc, ...flags, '--types', 'node', 'program.ts'], folder);
    const stdout = await exec(process.execPath, ['program.js'], folder);
    expect(JSON.parse(stdout)).toMatchObject({
      isBootError: true,
      step: 'booting',
      states: STATES,
      conformance: 'function',
      health: { ok: true },
    });
    for (const command of ['vzvm', 'computeragent', 'computeragent-harness']) {
      const bin = join(folder, 'node_modules', '.bin', command);
      expect(await exec(process.execPath, [bin, '--help'], folder)).toContain(command);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
