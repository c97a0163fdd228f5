// Hands what the program tells to the inspector that another host serves, in the frame. Asked for by an option alone.
import { byId } from './dom.ts';

const UI = 'https://stately.ai';

const frame = byId<HTMLIFrameElement>('ui');
/** Told before the other side was there to listen. */
const waiting: unknown[] = [];
let isConnected = false;

const send = (message: unknown) => frame.contentWindow?.postMessage(message, UI);

addEventListener('message', ({ source, origin, data }: MessageEvent<{ readonly type?: unknown } | null>) => {
  if (source !== frame.contentWindow || origin !== UI) return;
  if (data?.type !== '@statelyai.connected' || isConnected) return;
  isConnected = true;
  for (const message of waiting.splice(0)) send(message);
});

const address = new URL('stately/ws', location.href);
address.protocol = 'ws:';
new WebSocket(address).addEventListener('message', ({ data }) => {
  const message: unknown = JSON.parse(String(data));
  if (isConnected) send(message);
  else waiting.push(message);
});
