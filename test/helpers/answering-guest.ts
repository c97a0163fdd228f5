import { text } from 'node:stream/consumers';
import type { ServerChannel } from 'ssh2';
import { startScriptedSshd, type ScriptedSshd } from './scripted-sshd.ts';

/** How a command ends; a connection that hangs up ends none. */
export type Answer = { readonly code?: number; readonly out?: string; readonly err?: string } | 'hang up';

/** A command as the guest saw it. */
export interface Asked {
  readonly command: string;
  readonly input: string;
}

/** An SSH server whose commands run nowhere: the test answers each of them. */
export async function startAnsweringGuest(
  answer: (asked: Asked) => Answer | undefined,
): Promise<ScriptedSshd & { readonly asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const reply = async (channel: ServerChannel, command: string): Promise<void> => {
    const one = { command, input: await text(channel) };
    asked.push(one);
    const given = answer(one) ?? {};
    if (given === 'hang up') return hangUp(channel);
    channel.write(given.out ?? '');
    channel.stderr.write(given.err ?? '');
    channel.exit(given.code ?? 0);
    channel.end();
  };
  const sshd = await startScriptedSshd({ onExec: (channel, command) => void reply(channel, command) });
  return { ...sshd, asked };
}

/** The whole connection goes, not just the command. */
function hangUp(channel: ServerChannel): void {
  (channel as unknown as { readonly _client: { end(): void } })._client.end();
}
