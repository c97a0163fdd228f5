import { type ChatHandle, ComputerAgent, type ComputerAgentOptions, hostFileStore } from '@computeragent/sdk';
import { approvalOf } from './approve.ts';
import { environmentOf } from './environment.ts';
import type { Flags } from './flags.ts';
import { EXIT, type Io, UsageError } from './io.ts';
import { leave, type Place, placeOf } from './place.ts';
import { TurnView } from './show.ts';
import { sourceOf } from './source.ts';

/** One turn of an agent. Whatever it has started is gone when this settles. */
export async function run(words: readonly string[], flags: Flags, io: Io): Promise<number> {
  const [source, ...more] = words;
  if (source === undefined || more.length > 0) throw new UsageError('run takes one source');
  if (!flags.message) throw new UsageError('run needs a message: -m TEXT');
  const settings = { source: sourceOf(source), ...optionsOf(flags, io) };
  const place = await placeOf(flags, io);
  try {
    await using agent = new ComputerAgent({
      ...settings,
      ...whereabouts(place),
      ...approvalOf(flags, place, io),
      signal: io.signal,
    });
    const chat = agent.chat(flags.message, { signal: io.signal });
    return await (flags.raw ? raw(chat, io) : shown(chat, io));
  } finally {
    await leave(place);
  }
}

const whereabouts = (place: Place): Pick<ComputerAgentOptions, 'harnessUrl' | 'runtime'> =>
  place.kind === 'running' ? { harnessUrl: place.url } : { runtime: place.substrate };

function optionsOf(flags: Flags, io: Io): Omit<ComputerAgentOptions, 'source'> {
  const { loader, model, store, 'base-url': baseUrl, 'session-id': sessionId } = flags;
  if (store !== undefined && sessionId === undefined) throw new UsageError('--store needs --session-id');
  if (baseUrl !== undefined && !URL.canParse(baseUrl)) throw new UsageError('--base-url must be a URL');
  const maxTurns = stepsOf(flags['max-turns']);
  return {
    harness: flags.harness ?? 'claude-agent-sdk',
    envs: environmentOf(flags, io),
    options: {
      // Of the agent's own folder only: what this user allows elsewhere is not the agent's.
      settingSources: ['project'],
      permissionMode: flags['permission-mode'],
      ...(maxTurns === undefined ? {} : { maxTurns }),
    },
    ...(loader === undefined ? {} : { identityLoader: loader }),
    ...(model === undefined ? {} : { model }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(store === undefined ? {} : { sessionStore: hostFileStore(store) }),
  };
}

function stepsOf(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(written))
    throw new UsageError(`--max-turns ${written}: give a whole number from 1 on`);
  return Number(written);
}

async function raw(chat: ChatHandle, io: Io): Promise<number> {
  for await (const event of chat) io.out(`${JSON.stringify(event)}\n`);
  return EXIT.done;
}

async function shown(chat: ChatHandle, io: Io): Promise<number> {
  const view = new TurnView(io);
  try {
    for await (const event of chat) view.show(event);
  } finally {
    view.end();
  }
  const { ended, usage } = await chat;
  const cost = usage.costUsd === undefined ? '' : `, $${usage.costUsd.toFixed(4)}`;
  io.log(`${usage.inputTokens} tokens in, ${usage.outputTokens} out${cost}`);
  if (view.failure !== undefined) io.log(`the turn failed: ${view.failure}`);
  return ended.reason === 'complete' && view.failure === undefined ? EXIT.done : EXIT.failed;
}
