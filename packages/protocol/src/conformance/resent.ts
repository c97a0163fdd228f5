import { checks } from './check.ts';
import { opened } from './events.ts';
import { equal, NotPromised, that } from './expect.ts';
import { allFrames, framesUntil } from './frames.ts';
import { acknowledged, answered, type Probe, rejected } from './probe.ts';
import { isResult } from './turns.ts';

/** A session whose messages may be sent again: not every server promises that. */
async function resendable(probe: Probe): Promise<string> {
  const { sessionId, idempotentMessages } = await probe.create({ streamingInput: true });
  if (idempotentMessages !== true) throw new NotPromised('idempotentMessages');
  return `/v1/sessions/${sessionId}`;
}

/** Sends the message a second time; fails unless the answer is the first one's. */
async function sendTwice(probe: Probe, session: string, content: string, key: string): Promise<void> {
  const first = await answered(await probe.say(session, content, key), 200);
  equal(await answered(await probe.say(session, content, key), 200), first, 'the answer to what came again');
}

export const resendChecks = checks('messages sent again', 'protocol', {
  'with their key are answered as the first time': async (probe) => {
    const session = await resendable(probe);
    await sendTwice(probe, session, 'hello', 'key-1');
    // The input takes nothing more now: only what is known by its key is no new message.
    await acknowledged(await probe.post(`${session}/end-input`));
    await acknowledged(await probe.say(session, 'hello', 'key-1'));
    that(
      (await probe.say(session, 'hello', 'key-2')).status >= 400,
      'a new message must be told from an old one',
    );
  },
  'are refused where their key came with another message': async (probe) => {
    const session = await resendable(probe);
    await acknowledged(await probe.say(session, 'hello', 'key-1'));
    await rejected(await probe.say(session, 'goodbye', 'key-1'), 409, 'CONFLICT');
  },
  'are known by their key in their own session alone': async (probe) => {
    const [one, other] = [await resendable(probe), await resendable(probe)];
    await acknowledged(await probe.say(one, 'hello', 'key-1'));
    await acknowledged(await probe.say(other, 'goodbye', 'key-1'));
  },
});

export const resentTurnChecks = checks(
  'turns',
  'protocol',
  {
    'are one for a message that is sent again with its key': async (probe) => {
      const { turn = '' } = probe.subject;
      const session = await resendable(probe);
      await sendTwice(probe, session, turn, 'key-1');
      // Once more when it is answered: an engine may make one turn of two messages that wait for it together.
      await framesUntil(await opened(probe, session), 'a result', isResult);
      await acknowledged(await probe.say(session, turn, 'key-1'));
      await acknowledged(await probe.post(`${session}/end-input`));
      const frames = await allFrames(await opened(probe, session));
      equal(frames.filter(({ event }) => isResult(event)).length, 1, 'the number of results');
    },
  },
  'turn',
);

export const resendCareChecks = checks('care', 'strict', {
  'is taken that a message can be sent again, and its answer to create says so': async (probe) => {
    equal((await probe.create()).idempotentMessages, true, 'idempotentMessages');
  },
  'is taken of a key that is none': async (probe) => {
    const session = await probe.session({ streamingInput: true });
    for (const key of ['', 'two words', 'x'.repeat(129)])
      await rejected(await probe.say(session, 'hello', key), 400, 'VALIDATION');
    await acknowledged(await probe.say(session, 'hello', 'x'.repeat(128)));
  },
});
