import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { VzvmError } from '../../errors.ts';
import { qmpHint } from './qmp-hint.ts';

const message = z.looseObject({
  return: z.unknown().optional(),
  error: z.looseObject({ desc: z.string() }).optional(),
  event: z.string().optional(),
  data: z.looseObject({}).optional(),
  timestamp: z
    .looseObject({ seconds: z.number().default(0), microseconds: z.number().default(0) })
    .optional(),
});

/** What QEMU tells unasked. */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch, by QEMU's own count. */
  readonly atMs: number;
}

/** How long a session may last. */
export interface QmpOptions {
  /** Over everything, from the connect to the last answer. @defaultValue as long as it is open */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

interface Expected {
  readonly command: string;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** A connection to a QMP socket of a guest. QEMU serves one at a time on each, and others are shut out meanwhile. */
export class QmpSession {
  readonly #socket: Socket;
  readonly #socketPath: string;
  readonly #options: QmpOptions;
  readonly #expected: Expected[] = [];
  readonly #events: QmpEvent[] = [];
  readonly #release: () => void;
  #eventCame = Promise.withResolvers<void>();
  #unread = '';
  #end: Error | undefined;

  private constructor(socketPath: string, options: QmpOptions) {
    this.#socketPath = socketPath;
    this.#options = options;
    const { timeoutMs } = options;
    const deadline = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([deadline, options.signal].filter((each) => each !== undefined));
    const abort = () =>
      this.#fail(new Error(deadline?.aborted ? `no reply in ${timeoutMs} ms` : 'cancelled'));
    signal.addEventListener('abort', abort, { once: true });
    this.#release = () => signal.removeEventListener('abort', abort);
    this.#socket = connect(socketPath);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('QEMU closed the connection')));
    this.#socket.setEncoding('utf8').on('data', (text: string) => this.#read(text));
  }

  /** Connects and negotiates. */
  static async open(socketPath: string, options: QmpOptions): Promise<QmpSession> {
    if (options.signal?.aborted) throw new VzvmError('ABORTED', 'a command to QEMU was cancelled');
    const session = new QmpSession(socketPath, options);
    try {
      const [greeting, negotiated] = [session.#expect('greet'), session.#expect('qmp_capabilities')];
      await greeting;
      session.#send('qmp_capabilities');
      await negotiated;
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Sends a command at once, and answers when QEMU does, which is in the order of the commands. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = this.#expect(command);
    this.#send(command, args);
    return answer;
  }

  /** The next event that is wanted. Those before it are passed over, those after it are kept for the next call. */
  async event(isWanted: (event: QmpEvent) => boolean): Promise<QmpEvent> {
    for (;;) {
      for (let event = this.#events.shift(); event; event = this.#events.shift())
        if (isWanted(event)) return event;
      if (this.#end) throw this.#error('tell what was waited for', this.#end);
      await this.#eventCame.promise;
    }
  }

  /** Again is nothing. */
  close(): void {
    this.#fail(new Error('the connection was closed'));
  }

  #expect(command: string): Promise<unknown> {
    if (this.#end) return Promise.reject(this.#error(command, this.#end));
    const answer = Promise.withResolvers<unknown>();
    answer.promise.catch(() => undefined); // Of several on their way, the first that fails is told.
    this.#expected.push({ command, answer });
    return answer.promise;
  }

  #send(command: string, args?: Readonly<Record<string, unknown>>): void {
    this.#socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`);
  }

  #read(text: string): void {
    const lines = `${this.#unread}${text}`.split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) this.#hear(line);
  }

  #hear(line: string): void {
    if (this.#end) return;
    try {
      const said = message.parse(JSON.parse(line));
      if (said.event === undefined) return this.#settle(said);
      const { seconds = 0, microseconds = 0 } = said.timestamp ?? {};
      const atMs = seconds * 1000 + microseconds / 1000;
      this.#events.push({ name: said.event, data: said.data ?? {}, atMs });
      this.#wake();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #settle(said: z.infer<typeof message>): void {
    const expected = this.#expected.shift();
    if (!said.error) expected?.answer.resolve(said.return);
    else expected?.answer.reject(this.#error(expected.command, new Error(said.error.desc)));
  }

  #fail(cause: Error): void {
    if (this.#end) return;
    this.#end = cause;
    this.#release();
    this.#socket.destroy();
    for (const { command, answer } of this.#expected.splice(0)) answer.reject(this.#error(command, cause));
    this.#wake();
  }

  #wake(): void {
    this.#eventCame.resolve();
    this.#eventCame = Promise.withResolvers();
  }

  #error(command: string, cause: NodeJS.ErrnoException): VzvmError {
    if (this.#options.signal?.aborted)
      return new VzvmError('ABORTED', 'a command to QEMU was cancelled', { cause });
    return new VzvmError('COMMAND_FAILED', `QEMU did not do ${command}: ${cause.message}`, {
      facts: { command },
      hint: qmpHint({ socketPath: this.#socketPath, errno: cause.code, message: cause.message }),
      retry: 'safe',
      cause,
    });
  }
}
