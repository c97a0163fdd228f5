import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HarnessEvent, PermissionBody } from '@computeragent/protocol';
import {
  answersTool,
  type Block,
  type MessagesRequest,
  startScriptedMessagesApi,
} from '../../../../examples/scripted-messages-api.ts';
import { claudeEngine } from '../../src/engine/claude/claude-engine.ts';
import { claudeAgent, claudeEnvs } from './claude-session.ts';
import { TestHarness } from './harness.ts';
import { framesOf } from './sse.ts';

type PermissionRequest = Extract<HarnessEvent, { kind: 'ca_permission_request' }>;

/** One turn of a real engine, whose model uses one tool and then is done. */
export interface TurnInit {
  readonly files?: Readonly<Record<string, string>>;
  /** What the model does; it is told its working directory. */
  readonly use: (workdir: string) => {
    readonly name: string;
    readonly input: Readonly<Record<string, unknown>>;
  };
  readonly options?: Readonly<Record<string, unknown>>;
  readonly envs?: Readonly<Record<string, string>>;
  /** Settings of the machine's user and of the agent's own folder. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** What the person says; a denial when undefined. */
  readonly answer?: (request: PermissionRequest) => PermissionBody;
}

/** What came of it. */
export interface Turn {
  readonly asked: readonly PermissionRequest[];
  /** What the model was told of its tool, as text. */
  readonly told: string;
  readonly messages: readonly Record<string, unknown>[];
  /** A file of the working directory, or undefined. */
  readonly file: (path: string) => Promise<string | undefined>;
}

/** Takes the turn, looks at it, and cleans up. */
export async function takeTurn(init: TurnInit, look: (turn: Turn) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'harness-home-'));
  const told: string[] = [];
  let workdir = '';
  const api = await startScriptedMessagesApi((asked) => sceneOf(init, asked, workdir, told));
  try {
    await using harness = await TestHarness.start({ engines: [claudeEngine()] });
    const settings = JSON.stringify(init.settings ?? {});
    await mkdir(join(home, '.claude'));
    await writeFile(join(home, '.claude/settings.json'), settings);
    const envs = { ...claudeEnvs(home, api.url), ...init.envs };
    const files = { ...init.files, '.claude/settings.json': settings };
    const id = await harness.create(claudeAgent({ envs, files, options: init.options ?? {} }));
    workdir = await harness.workdir();
    await harness.send(id, 'Go');
    const { asked, messages } = await follow(
      harness,
      id,
      init.answer ?? (() => ({ decision: 'deny', reason: 'no' })),
    );
    const file = async (path: string) => {
      const response = await harness.request(`/v1/sessions/${id}/fs/file?path=${path}`);
      return response.ok ? response.text() : undefined;
    };
    await look({ asked, messages, told: told.join('\n'), file });
  } finally {
    await api.close();
    await rm(home, { recursive: true });
  }
}

/** Reads the turn to its end, and answers for the person. */
async function follow(
  harness: TestHarness,
  id: string,
  answer: (request: PermissionRequest) => PermissionBody,
) {
  const asked: PermissionRequest[] = [];
  const messages: Record<string, unknown>[] = [];
  for await (const { event } of framesOf(await harness.events(id))) {
    if (event.kind === 'ca_permission_request') {
      asked.push(event);
      await harness.post(`/v1/sessions/${id}/permission/${event.callId}`, answer(event));
    }
    if (event.kind === 'ca_session_ended') throw new Error(`the session ended: ${JSON.stringify(event)}`);
    if (event.kind !== 'sdk_message') continue;
    messages.push(event.payload as Record<string, unknown>);
    if ((event.payload as { type: string }).type === 'result') break;
  }
  return { asked, messages };
}

function sceneOf(init: TurnInit, asked: MessagesRequest, workdir: string, told: string[]): readonly Block[] {
  if (answersTool(asked)) {
    told.push(JSON.stringify(asked.messages.at(-1)?.content));
    return [{ type: 'text', text: 'Done.' }];
  }
  if ((asked.tools?.length ?? 0) < 2) return [{ type: 'text', text: 'Hello.' }];
  return [{ type: 'tool_use', ...init.use(workdir) }];
}

/** The use of the engine's Write tool. */
export const writes =
  (name: string, content = 'written') =>
  (workdir: string) => ({ name: 'Write', input: { file_path: join(workdir, name), content } });

/** An agent.yaml that wants a person to decide. */
export function supervised(level: string): Record<string, string> {
  const supervision = `compliance: { supervision: { human_in_the_loop: ${level} } }`;
  return { 'agent.yaml': `name: writer\nversion: 1.0.0\n${supervision}\n` };
}
