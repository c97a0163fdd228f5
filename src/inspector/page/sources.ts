import type { InspectorRecord } from '../records.ts';
import type { Store } from './store.ts';

/** What the server says of itself. */
interface About {
  readonly kind: 'live' | 'recording';
  readonly title: string;
  readonly pid: number;
  readonly stately: boolean;
}

const AGAIN_MS = 1_000;

/** Fills the store: from what happens now, or from a recording. */
export async function connect(store: Store): Promise<void> {
  const about = (await (await fetch('about')).json()) as About;
  store.title = about.kind === 'recording' ? about.title : `process ${about.pid}`;
  if (about.kind === 'live') return follow(store, 0);
  store.take((await (await fetch('records')).json()) as InspectorRecord[]);
  store.connection = 'recording';
  // Whoever opens a recording mostly wants to know why.
  const failed = store.vms.find(({ now }) => now.failure !== undefined);
  if (failed) store.choose({ vm: failed.name });
  store.changed();
}

/** Follows the program, from the number that it has told last. */
function follow(store: Store, from: number): void {
  let after = from;
  const events = new EventSource(after === 0 ? 'events' : `events?after=${after}`);
  const become = (connection: Store['connection']) => {
    store.connection = connection;
    store.changed();
  };
  events.addEventListener('hello', () => become('live'));
  events.addEventListener('caught-up', (event) => (after = Number(event.lastEventId)));
  events.addEventListener('message', (event) =>
    store.take(JSON.parse(String(event.data)) as InspectorRecord[]),
  );
  events.addEventListener('end', () => {
    events.close();
    become('ended');
  });
  events.addEventListener('error', () => {
    become('lost');
    if (events.readyState !== EventSource.CLOSED) return; // It comes back by itself.
    setTimeout(() => follow(store, after), AGAIN_MS);
  });
}

const watched = new Set<string>();

/** Asks for what a VM's guest says from now on. */
export function watch(store: Store, vm: string): void {
  if (store.connection !== 'live') return watched.clear();
  if (watched.has(vm)) return;
  watched.add(vm);
  const body = JSON.stringify({ vm });
  fetch('watch', { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(() =>
    watched.delete(vm),
  );
}
