import type { HarnessEvent } from '@computeragent/sdk';
import type { Io } from './io.ts';

/** Controls of a terminal, but for new line and tab: what an agent writes must not change what a person sees. */
const CONTROLS = /[^\P{Cc}\n\t]/gu;

const plain = (text: string): string => text.replaceAll(CONTROLS, '\uFFFD');

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly name?: string;
}

interface Payload {
  readonly type?: string;
  readonly subtype?: string;
  readonly is_error?: boolean;
  readonly message?: { readonly content?: readonly Block[] | string };
  readonly event?: {
    readonly type?: string;
    readonly delta?: { readonly type?: string; readonly text?: string };
  };
}

/** Shows a turn to people: what the agent says as the answer, as it comes; what it does as lines beside. */
export class TurnView {
  readonly #io: Io;
  /** The text of the message that is being said was shown already, piece by piece. */
  #isSaid = false;
  #endsInLine = true;
  /** How the engine says that the turn has failed. */
  failure: string | undefined;

  constructor(io: Io) {
    this.#io = io;
  }

  show(event: HarnessEvent): void {
    if (event.kind === 'sdk_message') this.#message((event.payload ?? {}) as Payload);
    else if (event.kind === 'ca_permission_decision') this.#beside(`permission: ${event.decision}`);
    else if (event.kind === 'ca_session_ended' && event.reason !== 'complete')
      this.#beside(
        `the session ended: ${event.reason}${event.errorMessage ? `: ${event.errorMessage}` : ''}`,
      );
  }

  /** Ends the last line. */
  end(): void {
    if (!this.#endsInLine) this.#say('\n');
  }

  #message(payload: Payload): void {
    const { type, subtype, event, message } = payload;
    if (type === 'stream_event' && event?.delta?.type === 'text_delta') {
      this.#say(event.delta.text ?? '');
      this.#isSaid = true;
    } else if (type === 'assistant') {
      const content = message?.content ?? [];
      for (const block of typeof content === 'string' ? [{ type: 'text', text: content }] : content)
        this.#block(block);
      this.#isSaid = false;
    } else if (type === 'result' && (payload.is_error === true || subtype?.startsWith('error'))) {
      this.failure = subtype ?? 'error';
    }
  }

  #block({ type, text = '', name }: Block): void {
    if (type === 'text' && !this.#isSaid) this.#say(text);
    if (type === 'text') this.end();
    else if (type === 'tool_use') this.#beside(`tool: ${name ?? 'unknown'}`);
  }

  #say(text: string): void {
    if (text === '') return;
    this.#io.out(plain(text));
    this.#endsInLine = text.endsWith('\n');
  }

  #beside(line: string): void {
    this.end();
    this.#io.log(plain(line));
  }
}
