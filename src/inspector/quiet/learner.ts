import type { AnyEventObject, InspectionEvent } from 'xstate';
import type { KnownAction, KnownStep } from './step-table.ts';

type ActionEvent = Extract<InspectionEvent, { readonly type: '@xstate.action' }>;

/**
 * Learns what is around each step of a chart the first time that a machine takes it: it is the same each time, so that no
 * machine has to keep it. Listens to all machines: each takes its steps without a pause, but one may wake another.
 */
export class Learner {
  #listener: object | undefined;
  #isWhole = false;
  #sent: AnyEventObject | undefined;
  #last: KnownStep | undefined;
  readonly #actions: ActionEvent['action'][] = [];

  /** A machine begins, or gets an event: steps begin that are seen whole. */
  begin(listener: object, event?: AnyEventObject): void {
    this.#listener = listener;
    this.#isWhole = true;
    this.#sent = event;
    this.#last = undefined;
    this.#actions.length = 0;
  }

  action(listener: object, { action }: ActionEvent): void {
    if (listener === this.#listener) this.#actions.push(action);
    else this.#isWhole = false;
  }

  step(listener: object, event: AnyEventObject, step: KnownStep): void {
    if (listener !== this.#listener || !this.#isWhole) return this.#forget();
    step.seen ??= { isSent: event === this.#sent, actions: this.#actions.map(known) };
    this.#sent = undefined;
    this.#last = step;
    this.#actions.length = 0;
  }

  /** A machine pauses. */
  pause(listener: object): void {
    const isSeen = listener === this.#listener && this.#isWhole && this.#actions.length > 0;
    if (isSeen && this.#last && this.#last.after.length === 0) this.#last.after = this.#actions.map(known);
    this.#forget();
  }

  #forget(): void {
    this.#listener = undefined;
    this.#isWhole = false;
    this.#sent = undefined;
    this.#last = undefined;
    this.#actions.length = 0;
  }
}

/** Only what no machine has of its own: the others must not show what one of them did. */
function known({ type, params }: ActionEvent['action']): KnownAction {
  const { id, src, sendId, event } = (params ?? {}) as Readonly<Record<string, unknown>>;
  const eventType = (event as { readonly type?: unknown } | undefined)?.type;
  const words = Object.entries({ id, src, sendId }).filter(([, word]) => typeof word === 'string');
  return {
    action: type,
    params: {
      ...Object.fromEntries(words),
      ...(typeof eventType === 'string' ? { event: { type: eventType } } : {}),
    },
  };
}
