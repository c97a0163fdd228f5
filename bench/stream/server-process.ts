import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Used } from './used.ts';

/** A harness in another process. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  used(): Promise<Used>;
}

/** Starts a harness and waits until it listens. */
export async function startServer(): Promise<ServerProcess> {
  const file = fileURLToPath(new URL('./server.ts', import.meta.url));
  const child = fork(file, { execArgv: ['--expose-gc', '--conditions=source'] });
  const answer = async <T>(): Promise<T> => {
    const ended = new AbortController();
    const onExit = (): void => ended.abort(new Error('the harness has ended'));
    child.once('exit', onExit);
    try {
      const [message] = (await once(child, 'message', { signal: ended.signal })) as [T];
      return message;
    } finally {
      child.off('exit', onExit);
    }
  };
  const { url } = await answer<{ url: string }>();
  return {
    url,
    used: () => {
      child.send('used');
      return answer<Used>();
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}
