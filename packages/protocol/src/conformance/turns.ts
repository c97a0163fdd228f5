import { harnessEvent } from '../events.ts';
import { checks } from './check.ts';
import { isStream, isWhole, opened } from './events.ts';
import { equal, shaped, that } from './expect.ts';
import { allFrames, framesOf, framesUntil, kindsOf } from './frames.ts';
import { acknowledged, rejected } from './probe.ts';

/** True for what ends a turn. */
export const isResult = (event: { kind: string; payload?: unknown }): boolean =>
  event.kind === 'sdk_message' && (event.payload as { type?: unknown } | null)?.type === 'result';

export const turnChecks = checks(
  'turns',
  'protocol',
  {
    'end with a result, their usage before it, and the session waits for the next': async (probe) => {
      const session = await probe.session({ streamingInput: true });
      await acknowledged(await probe.say(session, probe.subject.turn ?? ''));
      const first = await framesUntil(await opened(probe, session), 'a result', isResult);
      const usage = kindsOf(first).lastIndexOf('ca_usage_snapshot');
      that(usage === -1 || usage < first.length - 1, 'the usage must come before the result');
      const seen = String(first.at(-1)?.id);
      await acknowledged(await probe.say(session, probe.subject.turn ?? ''));
      const next = await opened(probe, session, { 'last-event-id': seen });
      const second = await framesUntil(next, 'the second result', isResult);
      equal(second[0]?.id, Number(seen) + 1, 'the first id of the second turn');
    },
    'begin with the messages that came with the request': async (probe) => {
      const messages = [{ role: 'user', content: probe.subject.turn ?? '' }];
      const frames = await allFrames(isStream(await probe.post('/v1/chat', probe.body({ messages }))));
      that(
        frames.some(({ event }) => isResult(event)),
        'the events must hold a result',
        kindsOf(frames),
      );
      isWhole(frames);
    },
  },
  'turn',
);

export const permissionChecks = checks(
  'permissions',
  'protocol',
  {
    'are asked for, answered once, and the turn goes on': async (probe) => {
      const session = await probe.session({ streamingInput: true });
      await acknowledged(await probe.say(session, probe.subject.permissionTurn ?? ''));
      let asked = 0;
      for await (const { event } of framesOf(await opened(probe, session))) {
        if (isResult(event)) break;
        if (event.kind !== 'ca_permission_request') continue;
        asked += 1;
        shaped(harnessEvent, event, 'a request for a permission');
        const answer = `${session}/permission/${encodeURIComponent(event.callId)}`;
        await acknowledged(await probe.post(answer, { decision: 'deny', reason: 'a check' }));
        await rejected(await probe.post(answer, { decision: 'allow' }), 400, 'UNKNOWN_CALL_ID');
      }
      that(asked > 0, 'the turn must ask for a permission');
    },
  },
  'permissionTurn',
);
