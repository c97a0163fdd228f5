import { PassThrough, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { VmSession } from '../../actors/index.ts';
import { logCommand } from '../../guest/index.ts';
import { followFile } from '../follow-file.ts';

const LINES = 200;

/** Hands on what the guest's console or its harness says, with what it has said last, until it is cancelled. */
export async function followGuest(
  session: VmSession,
  source: 'console' | 'harness',
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const to = textSink(onText);
  if (source === 'console') return followConsole(session, to, signal);
  const { connection, plan } = session;
  // A log that nobody can read yet: asked for again.
  if (!connection) return;
  const command = logCommand({ directory: plan.directory, lines: LINES, follow: true });
  const streams = { stdin: new PassThrough().end(), stdout: to, stderr: new PassThrough().resume() };
  await connection.run(command, streams, signal);
}

async function followConsole({ driver, name }: VmSession, to: Writable, signal: AbortSignal): Promise<void> {
  const file = driver.consoleFile?.(name);
  if (file !== undefined) return followFile(file, { follow: true, lines: LINES }, to, signal);
  const said = await driver.consoleTail(name);
  if (said !== '') to.write(said);
}

function textSink(onText: (text: string) => void): Writable {
  const decoder = new StringDecoder('utf8');
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      onText(decoder.write(chunk));
      done();
    },
  });
}
