import { messageOf } from '../../errors.ts';
import { begin, byId, done } from './fragments.ts';
import { vmSetup } from './setup.ts';

const TOO_LATE = 'the release was not done by its deadline: what it had not reached yet may be left behind';

/** The one way to the end. Nothing leads back, so a second DISPOSE finds no handler and changes nothing. */
export const disposing = vmSetup.createStateConfig({
  id: 'disposing',
  description: 'Releases everything once, because leaving a step cancels its work but does not wait for it.',
  tags: 'disposing',
  meta: { title: 'Remove the VM', slowAfterMs: 20_000 },
  entry: begin('disposing'),
  initial: 'releasing',
  onDone: 'disposed',
  states: {
    releasing: {
      description:
        'Releases until a deadline, because an end that never comes is worse than one with problems.',
      invoke: {
        id: 'release',
        src: 'release',
        input: byId,
        onDone: {
          target: 'done',
          actions: { type: 'recordProblems', params: ({ event }) => ({ problems: event.output }) },
        },
        onError: {
          target: 'done',
          actions: {
            type: 'recordProblems',
            params: ({ event }) => ({ problems: [messageOf(event.error)] }),
          },
        },
      },
      after: {
        disposingTimeout: {
          target: 'done',
          actions: { type: 'recordProblems', params: { problems: [TOO_LATE] } },
        },
      },
    },
    done,
  },
});
