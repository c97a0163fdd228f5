// The whole path once: a fresh VM, an agent's turn in it, the file that it wrote fetched back, the VM gone.
// With ANTHROPIC_API_KEY it talks to the real API; without, to a scripted one. `--json` ends with one JSON line.
// `--driver tart` or `--driver qemu` chooses the driver, `--base IMAGE` what the VM is cloned from.
// `--fork` makes a template first, unless it is there; from then on a VM is there in a second. `--no-fork` boots one.
// `--inspect` serves a page that shows the VM live; `--open` opens it in the browser.
import { ComputerAgent } from '@computeragent/sdk';
import { createTerminalProgress, VZVMSubstrate, VzvmError, type VmHandle } from '@computeragent/runtime-vzvm';
import { demoAgent } from './demo/agent.ts';
import { leftovers } from './demo/leftovers.ts';
import { errorText, eventLine } from './demo/say.ts';
import { startScriptedMessagesApi, type ScriptedMessagesApi } from './scripted-messages-api.ts';

/** Where the guest finds the scripted API on its own loopback. */
const GUEST_API_PORT = 8899;

const json = process.argv.includes('--json');
const progress = createTerminalProgress({ verbose: process.argv.includes('--verbose') });
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    progress.say(`${signal}: removing the VM`);
    interrupted.abort(signal);
  });
}

process.exitCode = await main();

async function main(): Promise<number> {
  const apiKey = process.env['ANTHROPIC_API_KEY'];
  const scripted = apiKey === undefined ? await startScriptedMessagesApi() : undefined;
  progress.say(
    scripted
      ? 'No ANTHROPIC_API_KEY: a scripted Messages API on this host stands in for the model. Everything else is real.'
      : 'Talking to the real Anthropic API with ANTHROPIC_API_KEY.',
  );
  try {
    await turn(scripted, apiKey);
    return 0;
  } catch (error) {
    progress.say(errorText(error));
    if (json) console.log(JSON.stringify({ ok: false, error: errorForJson(error) }));
    return interrupted.signal.aborted ? 130 : 1;
  } finally {
    await scripted?.close();
  }
}

async function turn(scripted: ScriptedMessagesApi | undefined, apiKey: string | undefined): Promise<void> {
  let vm: VmHandle | undefined;
  const { driver, base } = choices();
  await using substrate = new VZVMSubstrate({
    ...(driver === undefined ? {} : { driver: driver as 'tart' | 'qemu' }), // The substrate refuses any other.
    ...(base === undefined ? {} : { baseImage: base }),
    fork: process.argv.includes('--no-fork') ? 'never' : 'auto',
    ...(process.argv.includes('--inspect')
      ? {
          inspector: {
            open: process.argv.includes('--open'),
            onUrl: (url: string) => progress.say(`Inspector: ${url}`),
          },
        }
      : {}),
    onLog: progress.log,
    onProgress: progress.update,
    onVm: (handle) => {
      vm = handle;
    },
    ...(scripted ? { hostPorts: { [GUEST_API_PORT]: Number(new URL(scripted.url).port) } } : {}),
  });
  const agent = new ComputerAgent({
    ...demoAgent,
    envs: scripted
      ? { ANTHROPIC_API_KEY: 'scripted', ANTHROPIC_BASE_URL: `http://127.0.0.1:${GUEST_API_PORT}` }
      : { ANTHROPIC_API_KEY: apiKey ?? '' },
    runtime: substrate,
    signal: interrupted.signal,
  });
  let outcome: { file: { path: string; text: string }; usage: unknown };
  try {
    if (process.argv.includes('--fork')) await substrate.warmUp({ signal: interrupted.signal });
    outcome = await writeAndFetch(agent);
  } finally {
    await agent.dispose();
    progress.end();
  }
  if (!vm) throw new Error('no VM was made');
  const left = await leftovers(vm, await substrate.list());
  progress.say(left.length === 0 ? 'Nothing was left behind.' : `Left behind: ${left.join(', ')}`);
  if (json) console.log(JSON.stringify(report(vm, outcome, left)));
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
}

function choices(): { readonly driver?: string; readonly base?: string } {
  const after = (flag: string) => {
    const at = process.argv.indexOf(flag);
    return at < 0 ? {} : { [flag.slice(2)]: process.argv[at + 1] };
  };
  return { ...after('--driver'), ...after('--base') };
}

async function writeAndFetch(
  agent: ComputerAgent,
): Promise<{ file: { path: string; text: string }; usage: unknown }> {
  const chat = agent.chat('Write a file named hello.md that says hello.');
  for await (const event of chat) {
    const line = eventLine(event);
    if (line !== undefined) progress.say(line);
  }
  const { ended, usage } = await chat;
  if (ended.reason !== 'complete')
    throw new Error(`the turn ended with ${ended.reason}: ${ended.errorMessage ?? ''}`);
  const path = 'hello.md';
  const text = await agent.fetchArtifactText(path);
  if (text === null) throw new Error('the agent did not write hello.md');
  progress.say(`Fetched ${path} from the VM:\n${text.trimEnd().replaceAll(/^/gm, '  | ')}`);
  return { file: { path, text }, usage };
}

function report(vm: VmHandle, outcome: { file: unknown; usage: unknown }, left: readonly string[]): object {
  return {
    ok: left.length === 0,
    driver: vm.driver,
    accelerator: vm.accelerator,
    image: vm.image,
    states: vm.timeline.map(({ state, ms, skipped }) => ({
      state,
      ms: ms ?? 0,
      ...(skipped ? { skipped } : {}),
    })),
    ...outcome,
    leftovers: left,
  };
}

function errorForJson(error: unknown): object {
  if (!(error instanceof VzvmError))
    return { message: error instanceof Error ? error.message : String(error) };
  return { code: error.code, message: error.message, hint: error.hint, facts: error.facts };
}
