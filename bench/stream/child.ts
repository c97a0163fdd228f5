// One measurement in a process of its own, so that none finds the heap of another. Prints one line of JSON.
import { measureIdle, measureSlow } from './memory.ts';
import { measureThroughput } from './throughput.ts';

const [kind, ...rest] = process.argv.slice(2);
const [events = 0, bytes = 0, warmUp] = rest.map(Number);
console.log(JSON.stringify(await measure()));

function measure(): Promise<unknown> {
  if (kind === 'sdk' || kind === 'floor') return measureThroughput(kind, { events, bytes }, warmUp);
  if (kind === 'idle') return measureIdle(events);
  if (kind === 'slow') return measureSlow(events);
  throw new Error('usage: child.ts sdk|floor EVENTS BYTES | idle SESSIONS | slow EVENTS');
}
