import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { VzvmError } from '../../errors.ts';

const reply = z.looseObject({
  return: z.unknown().optional(),
  error: z.looseObject({ desc: z.string() }).optional(),
  event: z.string().optional(),
  QMP: z.unknown().optional(),
});

/**
 * One command on a guest's QMP socket, with a deadline over connect, greeting and reply.
 * A connection for each: QEMU serves one at a time, and a kept one would shut other processes out.
 */
export async function qmp(
  socketPath: string,
  command: { readonly execute: string; readonly arguments?: Readonly<Record<string, unknown>> },
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<unknown> {
  if (options.signal?.aborted) throw new VzvmError('ABORTED', 'a command to QEMU was cancelled');
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  const socket = connect(socketPath);
  const abort = () =>
    socket.destroy(new Error(deadline.aborted ? `no reply in ${options.timeoutMs} ms` : 'cancelled'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await converse(socket, command);
  } catch (cause) {
    if (options.signal?.aborted) throw new VzvmError('ABORTED', 'a command to QEMU was cancelled', { cause });
    throw new VzvmError('COMMAND_FAILED', `QEMU did not do ${command.execute}: ${(cause as Error).message}`, {
      facts: { command: command.execute },
      retry: 'safe',
      cause,
    });
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}

async function converse(socket: Socket, command: object): Promise<unknown> {
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('QEMU closed the connection')));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const line = await Promise.race([lines.next(), failed]);
      if (line.done) throw new Error('QEMU closed the connection');
      const message = reply.parse(JSON.parse(line.value));
      if (message.event === undefined) return message;
    }
  };
  await next();
  for (const each of [{ execute: 'qmp_capabilities' }, command]) {
    socket.write(`${JSON.stringify(each)}\n`);
    const answer = await next();
    if (answer.error) throw new Error(answer.error.desc);
    if (each === command) return answer.return;
  }
  return undefined;
}
