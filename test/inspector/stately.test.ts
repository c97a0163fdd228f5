import { createInspector, createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, it } from 'vitest';
import { Inspector, type InspectorRecord, Recorder, toStately } from '../../src/inspector/index.ts';
import { until } from '../helpers/until.ts';
import { factsOf, simulateVm } from './simulated-vm.ts';

type Message = Readonly<Record<string, unknown>>;

const isOfActor = ({ kind }: InspectorRecord) => kind === 'actor' || kind === 'event' || kind === 'snapshot';

describe('the official protocol', () => {
  it('is spoken as the official inspector speaks it: the same messages, with the same fields', async () => {
    const theirs: Message[] = [];
    const official = createInspector(
      {
        send: (event: StatelyInspectionEvent) =>
          void theirs.push(JSON.parse(JSON.stringify(event)) as Message),
      },
      { serializationDepthLimit: 30 },
    );
    const recorder = new Recorder();
    recorder.listen(() => undefined);
    const of = recorder.begin(factsOf('ca-1'));
    const vm = simulateVm('ca-1', of, {}, (event) => official.inspect.next?.(event));
    await vm.healthy();
    await vm.end();
    const ours = of.since(0).flatMap((record) => toStately(record, of.definition));
    expect(ours).toHaveLength(of.since(0).filter(isOfActor).length);
    await until('theirs are all there', () => theirs.length >= ours.length); // They are sent later, by timers.
    expect(theirs).toHaveLength(ours.length);
    for (const [index, message] of ours.entries()) {
      const other = theirs[index] ?? {};
      expect(message.type).toBe(other['type']);
      expect(message._version).toBe(other['_version']);
      expect(Object.keys(message).toSorted()).toEqual(Object.keys(other).toSorted());
      expect((message['event'] as Message | undefined)?.['type']).toBe(
        (other['event'] as Message | undefined)?.['type'],
      );
    }
    const [root] = ours;
    expect(root).toMatchObject({ sessionId: 'ca-1', rootId: 'ca-1', name: 'ca-1' });
    const states = (definition: unknown): unknown =>
      (JSON.parse(String(definition)) as { states: object }).states;
    expect(Object.keys(states(root?.['definition']) as object).toSorted()).toEqual(
      Object.keys(states(theirs[0]?.['definition']) as object).toSorted(),
    );
  });

  it.each([
    ['from the beginning', {}],
    [
      'by one who comes late',
      { pollAddress: [...Array.from({ length: 300 }, () => () => null), () => '10.0.0.9'] },
    ],
  ])('is read by the official receiver, %s', async (_, script) => {
    const inspector = new Inspector();
    const url = await inspector.listen();
    const vm = simulateVm('ca-1', inspector.recorder.begin(factsOf('ca-1')), script);
    await vm.healthy();
    const got: StatelyInspectionEvent[] = [];
    const receiver = createWebSocketReceiver({ server: `${url.replace('http', 'ws')}stately/ws` });
    receiver.subscribe((event) => void got.push(event));
    const root = () => got.find((event) => event.type === '@xstate.actor' && event.sessionId === 'ca-1');
    await until('the machine is drawn', () => root() !== undefined);
    expect((root() as { definition?: string }).definition).toContain('"ip-polling"');
    await vm.end();
    const ended = (event: StatelyInspectionEvent) =>
      event.type === '@xstate.snapshot' &&
      event.sessionId === 'ca-1' &&
      (event.snapshot as { status: string }).status === 'done';
    await until('its end is told', () => got.some(ended));
    const known = new Set(
      got.filter(({ type }) => type === '@xstate.actor').map(({ sessionId }) => sessionId),
    );
    for (const { sessionId } of got) expect(known).toContain(sessionId);
    await inspector.close();
  });
});
