import { QmpSession, type QmpOptions } from './qmp-session.ts';

/**
 * One command on a guest's QMP socket, with a deadline over connect, greeting and reply.
 * A connection for each: QEMU serves one at a time, and a kept one would shut other processes out.
 */
export async function qmp(
  socketPath: string,
  command: { readonly execute: string; readonly arguments?: Readonly<Record<string, unknown>> },
  options: QmpOptions,
): Promise<unknown> {
  const session = await QmpSession.open(socketPath, options);
  try {
    return await session.execute(command.execute, command.arguments);
  } finally {
    session.close();
  }
}
